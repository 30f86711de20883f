"""Packages and signs an app without the Android SDK: R8, zip, apksigner; standard library only.

    python3 -m tools.android.package_apk --app FOLDER --android JAR --java HOME --r8 JAR --classes PATH --out APK ...

Takes `target/base.apk` of `app_resources.py`. Writes the APK, and beside it its sizes by part as JSON.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import re
import shutil
import struct
import subprocess
import time
import zipfile
from collections.abc import Iterator, Sequence

ABIS = ("arm64-v8a", "x86_64")
KEY_PASSWORD = "android"  # what every Android tool signs its debug builds with
# The same for every build, so that the same parts give the same bytes.
_ENTRY_TIME = (1980, 2, 1, 0, 0, 0)
# Extra field of a zip entry that Android's own tools pad with: id, size, alignment.
_PADDING_ID = 0xD935
_WORD_BYTES, _PAGE_BYTES = 4, 16384
_LOCAL_HEADER_BYTES = 30
# What the app and Kotlin's library call of Android: R8 reads these in 8 s, all of Android in 42 s.
_ANDROID_PACKAGES = (
    *("accessibilityservice", "animation", "app", "content", "database", "graphics", "hardware", "media", "net", "os"),
    *("print", "provider", "speech", "text", "transition", "util", "view", "widget", "window"),
)


def run(*command: str | pathlib.Path) -> None:
    """Runs a tool and prints how long it took.

    Raises:
        SystemExit: it refused; what it said is the message.
    """
    start = time.monotonic()
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(f"{done.stdout}\nexpected to package the app; {pathlib.Path(command[0]).name} refused")
    print(done.stdout, end="")
    print(f"{pathlib.Path(command[0]).name}: {time.monotonic() - start:.1f} s", flush=True)


def slim_android(android: pathlib.Path, path: pathlib.Path) -> None:
    """Writes the part of Android that an app of this kind can call."""
    wanted = tuple(f"android/{package}/" for package in _ANDROID_PACKAGES) + ("android/Manifest", "org/json/")
    with zipfile.ZipFile(android) as source, zipfile.ZipFile(path, "w") as slim:
        for entry in source.infolist():
            if entry.filename.startswith(wanted) and entry.filename.endswith(".class"):
                slim.writestr(entry.filename, source.read(entry))


def jar(classes: pathlib.Path, path: pathlib.Path) -> pathlib.Path:
    """Returns the jar of a class path's entry; of a folder it is made at `path`."""
    if classes.is_file():
        return classes
    with zipfile.ZipFile(path, "w") as packed:
        for file in sorted(classes.rglob("*.class")):
            packed.write(file, file.relative_to(classes))
    return path


def shrink(given: argparse.Namespace, target: pathlib.Path) -> list[pathlib.Path]:
    """Returns the Android bytecode of all classes that the app reaches."""
    dex = target / "dex"
    shutil.rmtree(dex, ignore_errors=True)
    dex.mkdir()
    slim_android(given.android, target / "android.jar")
    parts = [pathlib.Path(part) for part in given.classes.split(":")]
    jars = [jar(part, target / f"classes{index}.jar") for index, part in enumerate(parts)]
    run(
        *(given.java / "bin" / "java", "-cp", given.r8, "com.android.tools.r8.R8", "--release"),
        *("--min-api", given.min_sdk, "--lib", target / "android.jar", "--lib", given.java),
        *("--pg-conf", given.app / "rules.pro", "--output", dex, *jars),
    )
    return sorted(dex.glob("*.dex"))


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


def extracts_libraries(manifest: str) -> bool:
    """Returns whether Android unpacks the native libraries when it installs the app."""
    return re.search(r'android:extractNativeLibs="true"', manifest) is not None


def write_unsigned(given: argparse.Namespace, target: pathlib.Path, dex: Sequence[pathlib.Path]) -> pathlib.Path:
    """Returns the APK without a signature."""
    path = target / "unsigned.apk"
    # Libraries that Android maps out of the APK must be stored, on a page; what it unpacks may be compressed.
    extracted = extracts_libraries((given.app / "src" / "main" / "AndroidManifest.xml").read_text())
    with zipfile.ZipFile(target / "base.apk") as base, zipfile.ZipFile(path, "w") as apk:
        for entry in base.infolist():
            add(apk, entry.filename, base.read(entry), 0 if entry.compress_type else _WORD_BYTES)
        for file in dex:
            add(apk, file.name, file.read_bytes())
        for abi in ABIS:
            for library in sorted((given.libraries / abi).glob("*.so")):
                add(apk, f"lib/{abi}/{library.name}", library.read_bytes(), 0 if extracted else _PAGE_BYTES)
    return path


def sign(unsigned: pathlib.Path, java: pathlib.Path, keys: pathlib.Path, apk: pathlib.Path) -> None:
    """Signs by schemes 2 and 3, enough from Android 7 on, with a key that is made once in a build folder."""
    password = f"pass:{KEY_PASSWORD}"
    if not keys.exists():
        run(
            *(java / "bin" / "keytool", "-genkeypair", "-keystore", keys, "-alias", "debug", "-dname", "CN=Debug"),
            *("-storepass", KEY_PASSWORD, "-keyalg", "RSA", "-keysize", "2048", "-validity", "10000"),
        )
    run(
        *("apksigner", "sign", "--v1-signing-enabled", "false", "--v4-signing-enabled", "false"),
        *("--ks", keys, "--ks-pass", password, "--out", apk, unsigned),
    )
    run("apksigner", "verify", apk)


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
    """Packages the app that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("app", "android", "java", "r8", "libraries", "out"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    for name in ("min-sdk", "classes"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args(arguments)
    target = given.app / "target"
    unsigned = write_unsigned(given, target, shrink(given, target))
    sign(unsigned, given.java, target / "debug.keystore", given.out)
    found = sizes(given.out)
    given.out.with_suffix(".sizes.json").write_text(json.dumps(found, indent=1) + "\n")
    print(given.out, *lines(found), sep="\n")


if __name__ == "__main__":
    main()
