"""Unpacks TensorFlow Lite's Android archives (AAR) for the app's build, standard library only.

    python3 -m tools.android.unpack_aar FOLDER AAR [AAR ...]

Into FOLDER go `classes/` (the Java classes), `jni/ABI/` (the native libraries), `rules.pro` (what R8 must leave of the
classes) and `host/` (the x86_64 library made loadable by this machine's glibc, with its shim).
"""

from __future__ import annotations

import argparse
import io
import pathlib
import zipfile
from collections.abc import Sequence

from tools.android import port_library


def unpack(archive: pathlib.Path, folder: pathlib.Path) -> str:
    """Writes the classes and native libraries of one archive below `folder`; returns its rules for R8."""
    with zipfile.ZipFile(archive) as aar:
        aar.extractall(folder, [name for name in aar.namelist() if name.startswith("jni/") and name.endswith(".so")])
        with zipfile.ZipFile(io.BytesIO(aar.read("classes.jar"))) as classes:
            classes.extractall(folder / "classes", [name for name in classes.namelist() if name.endswith(".class")])
        return aar.read("proguard.txt").decode() if "proguard.txt" in aar.namelist() else ""


def make_loadable(library: pathlib.Path, folder: pathlib.Path) -> None:
    """Writes the ported library and its shim into `folder`.

    Raises:
        OSError: gcc is missing or refused the shim.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / port_library.LIBRARY).write_bytes(port_library.port(library.read_bytes()))
    port_library.compile_shim(folder / port_library.SHIM)


def main(arguments: Sequence[str] | None = None) -> None:
    """Unpacks the archives that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("archives", type=pathlib.Path, nargs="+", metavar="AAR")
    given = parser.parse_args(arguments)
    rules = [unpack(archive, given.folder) for archive in given.archives]
    (given.folder / "rules.pro").write_text("\n".join(rules), encoding="utf-8")
    make_loadable(given.folder / "jni" / "x86_64" / port_library.LIBRARY, given.folder / "host")


if __name__ == "__main__":
    main()
