"""Reading an Android package (APK) with the standard library: zip, binary manifest, native libraries, dex, signatures.

Packages come from strangers: every count and offset is checked against the bytes that are there before it is followed,
and what is unpacked is bounded. Nothing is written to disk.
"""
