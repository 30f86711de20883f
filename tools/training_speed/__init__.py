"""Examples a second of tfedge's trainer beside plain `model.fit`, same pairs and cores, in one interleaved run."""
