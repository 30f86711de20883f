"""Whole decodes by tfedge's files beside those by other tools, with the same weights, in one interleaved run."""
