"""Packages and signs an app without the Android SDK; standard library only.

    python3 -m tools.android.package_apk --app FOLDER --libraries FOLDER --keys FILE --java HOME --out APK ...

Takes from `target/` of the app's folder what `app_resources.py` and `shrink_app.py` made. Writes the APK, and beside it
its sizes by part as JSON.

Libraries are stored on page boundaries, for Android to map them where they are, or compressed, for Android to unpack
them when it installs the app: as `android:extractNativeLibs` in the manifest says. TensorFlow Lite 2.16.1 takes 7.9 MB
stored and 3.2 MB compressed for two ABIs.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import re
import struct
import zipfile
from collections.abc import Iterator, Sequence

from tools.android import programs

ABIS = ("arm64-v8a", "x86_64")
KEY_PASSWORD = "android"  # what every Android tool signs its debug builds with
# The same for every build, so that the same parts give the same bytes.
_ENTRY_TIME = (1980, 2, 1, 0, 0, 0)
# Extra field of a zip entry that Android's own tools pad with: id, size, alignment.
_PADDING_ID = 0xD935
_WORD_BYTES, _PAGE_BYTES = 4, 16384
_LOCAL_HEADER_BYTES = 30


def add(apk: zipfile.ZipFile, name: str, data: bytes, alignment: int = 0) -> None:
    """Adds an entry, stored on an alignment in bytes, or compressed where that is 0."""
    entry = zipfile.ZipInfo(name, _ENTRY_TIME)
    entry.create_system, entry.external_attr = 3, 0o644 << 16
    entry.compress_type = zipfile.ZIP_STORED if alignment else zipfile.ZIP_DEFLATED
    if alignment:
        end = apk.start_dir + _LOCAL_HEADER_BYTES + len(name.encode()) + 6  # the padding's own header
        padding = -end % alignment
        entry.extra = struct.pack("<HHH", _PADDING_ID, 2 + padding, alignment) + bytes(padding)
    apk.writestr(entry, data, compresslevel=9)


def maps_libraries(manifest: str) -> bool:
    """Returns whether Android maps the native libraries where they lie in the APK; if not, it unpacks them."""
    return re.search(r'android:extractNativeLibs\s*=\s*"false"', manifest) is not None


def write_unsigned(
    base: pathlib.Path, dex: pathlib.Path, libraries: pathlib.Path, is_mapped: bool, path: pathlib.Path
) -> None:
    """Writes the APK without a signature."""
    with zipfile.ZipFile(base) as compiled, zipfile.ZipFile(path, "w") as apk:
        for entry in compiled.infolist():
            add(apk, entry.filename, compiled.read(entry), 0 if entry.compress_type else _WORD_BYTES)
        for file in sorted(dex.glob("*.dex")):
            add(apk, file.name, file.read_bytes())
        for abi in ABIS:
            for library in sorted((libraries / abi).glob("*.so")):
                add(apk, f"lib/{abi}/{library.name}", library.read_bytes(), _PAGE_BYTES if is_mapped else 0)


def sign(unsigned: pathlib.Path, java: pathlib.Path, keys: pathlib.Path, apk: pathlib.Path) -> None:
    """Signs by schemes 2 and 3, enough from Android 7 on, with a debug key that is made where there is none."""
    if not keys.exists():
        command = [str(java / "bin" / "keytool"), "-genkeypair", "-keystore", str(keys), "-alias", "debug"]
        command += ["-storepass", KEY_PASSWORD, "-keyalg", "RSA", "-keysize", "2048", "-validity", "10000"]
        programs.run([*command, "-dname", "CN=Debug"], "keytool, a debug key")
    command = ["apksigner", "sign", "--v1-signing-enabled", "false", "--v4-signing-enabled", "false"]
    command += ["--ks", str(keys), "--ks-pass", f"pass:{KEY_PASSWORD}"]
    programs.run([*command, "--out", apk, unsigned], "apksigner")


def part(name: str) -> str:
    """Returns which part of the app an entry belongs to."""
    if name.startswith("lib/"):
        return f"native library, {name.split('/')[1]}"
    if name.endswith(".dex"):
        return "code"
    return "model" if name.endswith(".tflite") else "resources"


def sizes(apk: pathlib.Path) -> dict[str, int]:
    """Returns bytes in the file by part; what no entry holds is the zip's own tables, padding and the signature."""
    found: dict[str, int] = {}
    with zipfile.ZipFile(apk) as archive:
        for entry in archive.infolist():
            found[part(entry.filename)] = found.get(part(entry.filename), 0) + entry.compress_size
    whole = apk.stat().st_size
    return {**found, "signature, tables, padding": whole - sum(found.values()), "all": whole}


def lines(found: dict[str, int]) -> Iterator[str]:
    """Yields the sizes as a person reads them."""
    yield from (f"  {name:<28}{count / 1e6:>6.2f} MB" for name, count in found.items())


def main(arguments: Sequence[str] | None = None) -> None:
    """Packages the app that the command line names.

    Raises:
        SystemExit: a tool refused, or the APK is too large.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("app", "libraries", "keys", "java", "out"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--max-bytes", type=int, required=True)
    given = parser.parse_args(arguments)
    target, unsigned = given.app / "target", given.out.with_suffix(".unsigned.apk")
    is_mapped = maps_libraries((target / "AndroidManifest.xml").read_text(encoding="utf-8"))
    write_unsigned(target / "base.apk", target / "dex", given.libraries, is_mapped, unsigned)
    sign(unsigned, given.java, given.keys, given.out)
    found = sizes(given.out)
    given.out.with_suffix(".sizes.json").write_text(json.dumps(found, indent=1) + "\n")
    print(given.out.name, *lines(found), sep="\n")
    if found["all"] > given.max_bytes:
        raise SystemExit(f"expected an APK of at most {given.max_bytes / 1e6:.2f} MB; it has {found['all'] / 1e6:.2f}")


if __name__ == "__main__":
    main()
