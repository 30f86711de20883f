"""Shrinks an app to what it reaches by R8, and translates it to Android's bytecode; standard library only.

    python3 -m tools.android.shrink_app --r8 JAR --android JAR --java HOME --classes PATH --rules FILE ... --out FOLDER

R8 leaves class files, `OUT/shrunk.jar`, and D8 makes `OUT/dex/` of these: so a JVM can test the very classes that go
to phones. That costs 0.2 KB of 7 against R8 writing Android's bytecode itself.
"""

from __future__ import annotations

import argparse
import pathlib
import shutil
import zipfile
from collections.abc import Iterator, Sequence

from tools.android import programs

# What an app of this kind and Kotlin's library call of Android and of Java: R8 reads these in 2 s, all in 20.
_ANDROID = (
    *("accessibilityservice", "animation", "app", "content", "database", "graphics", "hardware", "media", "net", "os"),
    *("print", "provider", "speech", "text", "transition", "util", "view", "widget", "window"),
)
_JAVA_MODULES = ("java.base", "java.logging")
_JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # halves the time of so short a run
_QUIET = ("--map-diagnostics", "info", "none")  # it lists each rule of a library that matches nothing


def entries(jar: pathlib.Path, prefixes: Sequence[str], strip: str = "") -> Iterator[tuple[str, bytes]]:
    """Yields name and bytes of the classes of a jar that begin with one of the prefixes, the names without `strip`."""
    with zipfile.ZipFile(jar) as archive:
        for name in archive.namelist():
            if name.endswith(".class") and name.startswith(tuple(prefixes)):
                yield name.removeprefix(strip), archive.read(name)


def write_libraries(android: pathlib.Path, java: pathlib.Path, path: pathlib.Path) -> None:
    """Writes the classes that phones have already into one jar."""
    with zipfile.ZipFile(path, "w") as jar:
        for name, data in entries(android, [f"android/{package}/" for package in _ANDROID] + ["org/json/"]):
            jar.writestr(name, data)
        for module in _JAVA_MODULES:
            for name, data in entries(java / "jmods" / f"{module}.jmod", ["classes/java/"], "classes/"):
                jar.writestr(name, data)


def write_program(class_path: Sequence[pathlib.Path], path: pathlib.Path) -> None:
    """Writes the classes of the app and its libraries, and the rules that libraries bring, into one jar.

    Raises:
        SystemExit: two of them have the same class.
    """
    owners: dict[str, pathlib.Path] = {}
    with zipfile.ZipFile(path, "w") as program:
        for part in class_path:
            for name, data in parts(part):
                if name in owners and name.endswith(".class"):
                    raise SystemExit(f"expected each class once; {name} is in {owners[name]} and in {part}")
                if name not in owners:
                    program.writestr(name, data)
                owners[name] = part


def parts(part: pathlib.Path) -> Iterator[tuple[str, bytes]]:
    """Yields name and bytes of what R8 needs of a jar or of a folder of classes."""
    if part.is_dir():
        files = sorted(part.rglob("*.class"))
        yield from ((file.relative_to(part).as_posix(), file.read_bytes()) for file in files)
        return
    with zipfile.ZipFile(part) as jar:
        for name in jar.namelist():
            is_class = name.endswith(".class") and not name.startswith("META-INF/")
            if is_class or name.startswith("META-INF/proguard/") and not name.endswith("/"):
                yield name, jar.read(name)


def main(arguments: Sequence[str] | None = None) -> None:
    """Shrinks the app that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("r8", "android", "java", "out"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--rules", type=pathlib.Path, nargs="+", required=True)
    for name in ("classes", "min-sdk"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args(arguments)
    libraries, program, shrunk = (given.out / f"{name}.jar" for name in ("libraries", "program", "shrunk"))
    dex = given.out / "dex"
    shutil.rmtree(dex, ignore_errors=True)
    dex.mkdir(parents=True)
    if not libraries.exists():
        write_libraries(given.android, given.java, libraries)
    write_program([pathlib.Path(part) for part in given.classes.split(":")], program)
    java = [given.java / "bin" / "java", *_JVM, "-cp", given.r8]
    rules = [word for file in given.rules for word in ("--pg-conf", file)]
    options = ["--release", *_QUIET, "--lib", libraries, "--output"]
    programs.run(
        [*java, "com.android.tools.r8.R8", "--classfile", *rules, *options, shrunk, program], "R8, shrinking the app"
    )
    programs.run(
        [*java, "com.android.tools.r8.D8", "--min-api", given.min_sdk, *options, dex, shrunk], "D8, Android's bytecode"
    )


if __name__ == "__main__":
    main()
