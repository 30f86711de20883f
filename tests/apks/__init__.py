"""Small Android packages for tests, written byte by byte with the standard library: zip, AXML, ELF, dex, signatures."""

from tests.apks.app import App, build
from tests.apks.zips import Entry, zip_bytes

__all__ = ["App", "Entry", "build", "zip_bytes"]
