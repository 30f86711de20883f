"""Compiles an app's resources, manifest and assets by aapt2, without the Android SDK; standard library only.

    python3 -m tools.android.app_resources --app FOLDER --android JAR --model FILE ...

Reads `src/main/` of the app's folder in Android's standard layout. Into `target/` go `base.apk` (compiled), `assets/`
(those of the sources and the model), and `generated-sources/r/` (R.java).
"""

from __future__ import annotations

import argparse
import pathlib
import shutil
import subprocess
from collections.abc import Sequence

# Debian's aapt2 is older than the Android that it reads, and than <queries>.
_KNOWN_WARNINGS = ("Unknown chunk type", "unexpected element <queries> found in <manifest>")


def collect_assets(sources: pathlib.Path, model: pathlib.Path, folder: pathlib.Path) -> None:
    """Copies the app's assets and the model into `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    if sources.exists():
        shutil.copytree(sources, folder)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model, folder / model.name)


def aapt2(*arguments: str | pathlib.Path) -> None:
    """Runs aapt2; what it has against the sources goes to stderr.

    Raises:
        SystemExit: it refused.
    """
    done = subprocess.run(["aapt2", *map(str, arguments)], capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if not any(known in line for known in _KNOWN_WARNINGS)]
    # What is wrong in a manifest was made a warning because of <queries>.
    if done.returncode or any("unexpected element" in line for line in said):
        raise SystemExit("\n".join([*said, f"aapt2 {arguments[0]} refused the app's resources"]))
    print("\n".join(said), end="\n" if said else "")


def main(arguments: Sequence[str] | None = None) -> None:
    """Compiles the app that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("app", "android", "model"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    for name in ("min-sdk", "target-sdk", "version-name"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args(arguments)
    sources, target = given.app / "src" / "main", given.app / "target"
    target.mkdir(exist_ok=True)
    collect_assets(sources / "assets", given.model, target / "assets")
    shutil.copyfile(sources / "AndroidManifest.xml", target / "AndroidManifest.xml")
    aapt2("compile", "--dir", sources / "res", "-o", target / "resources.zip")
    # -0: stored, so that the model can be mapped into memory.
    aapt2(
        *("link", "-o", target / "base.apk", "-I", given.android, "--warn-manifest-validation"),
        *("--manifest", sources / "AndroidManifest.xml"),
        *("--java", target / "generated-sources" / "r", "-A", target / "assets", "-0", ".tflite"),
        *("--min-sdk-version", given.min_sdk, "--target-sdk-version", given.target_sdk),
        *("--version-code", version_code(given.version_name), "--version-name", given.version_name),
        target / "resources.zip",
    )


def version_code(name: str) -> str:
    """Returns Android's number of a version: 102003 for "1.2.3", each part below 1000."""
    major, minor, patch = map(int, name.split("."))
    return str((major * 1000 + minor) * 1000 + patch)


if __name__ == "__main__":
    main()
