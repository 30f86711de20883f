"""The explanations themselves: one file a family, each with `ENTRIES`. To add one, see `provenance.py`."""
