"""Writes which published Android archives (AAR) hold which interpreter: `known_libraries.json` of the package rules.

    mvn org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \\
        -Dartifact=org.tensorflow:tensorflow-lite:2.16.1:aar -DoutputDirectory=aars     # and so for each version
    python -m tools.measure_android_libraries org.tensorflow:tensorflow-lite aars/*.aar

The version is what the library itself says; the archive must be named after it, or nothing is written.
"""

from __future__ import annotations

import argparse
import datetime
import io
import json
import pathlib
import sys
import zipfile

from tfedge.artifacts import write_bytes
from tfedge.checks.apk_rules.known_libraries import FILE
from tfedge.modelfile.apk.library import find_libraries
from tfedge.modelfile.apk.zip_file import ZipFile


def measure(artifact: str, path: pathlib.Path) -> list[tuple[str, str, str, str, str]]:
    """Returns (artifact, version, ABI, sha256, build id) of every interpreter's library in an archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(packed, "w") as renamed:  # As they lie in an APK.
        for name in archive.namelist():
            if name.startswith("jni/"):
                renamed.writestr(name.replace("jni/", "lib/", 1), archive.read(name))
    rows = []
    for library in find_libraries(ZipFile(packed.getvalue())):
        if library.has_interpreter and library.elf is not None:
            (version,) = library.versions  # More than one, or none: what this tool is for cannot be done.
            if not path.stem.endswith(f"-{version}"):
                sys.exit(f"expected {path.name} to hold its own version; {library.place} says {version}")
            rows.append((artifact, version, library.abi, library.sha256, library.elf.build_id))
    return rows


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifact", help="Maven name of the archives, GROUP:ARTIFACT")
    parser.add_argument("archives", nargs="+", type=pathlib.Path, metavar="FILE.aar")
    args = parser.parse_args()
    rows = [row for path in args.archives for row in measure(args.artifact, path)]
    rows.sort(key=lambda row: ([int(part) for part in row[1].split(".")], row))
    table = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    today = datetime.date.today().isoformat()
    head = f'{{\n "source": "tools/measure_android_libraries.py",\n "date": "{today}",\n'
    write_bytes(FILE, f'{head} "libraries": [\n{table}\n ]\n}}\n'.encode(), force=True)
    print(f"{len(rows)} libraries of {len(args.archives)} archives")
    return 0


if __name__ == "__main__":
    sys.exit(main())
