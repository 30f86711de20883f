"""Compiles an app's resources, manifest and assets by aapt2, without the Android SDK; standard library only.

    python3 -m tools.android.app_resources --app FOLDER --android JAR --model FILE ...

Reads `src/main/` of the app's folder in Android's standard layout. Into `target/` go `base.apk` (compiled), `assets/`
(those of the sources and the model), `generated-sources/r/` (R.java), `manifest.pro` (for R8: what Android starts
by name) and `AndroidManifest.xml` (for Robolectric).
"""

from __future__ import annotations

import argparse
import pathlib
import shutil
from collections.abc import Sequence

from tools.android import programs

# Debian's aapt2 is older than the Android that it reads and than <queries>; it can do without what it does not know.
_UNEXPECTED = "unexpected element"
_HARMLESS = ("Unknown chunk type '200'", f"{_UNEXPECTED} <queries> found in <manifest>")


def collect_assets(sources: pathlib.Path, model: pathlib.Path, folder: pathlib.Path) -> None:
    """Copies the app's assets and the model into `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    if sources.exists():
        shutil.copytree(sources, folder)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(model, folder / model.name)


def version_code(name: str) -> str:
    """Returns Android's number of a version: 1002003 for "1.2.3", each part below 1000."""
    major, minor, patch = map(int, name.split("."))
    return str((major * 1000 + minor) * 1000 + patch)


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
    manifest = pathlib.Path(shutil.copyfile(sources / "AndroidManifest.xml", target / "AndroidManifest.xml"))
    compiled = target / "resources.zip"
    programs.run(["aapt2", "compile", "--dir", sources / "res", "-o", compiled], "aapt2 compile")
    command = ["aapt2", "link", "-o", target / "base.apk", "-I", given.android, "--manifest", manifest]
    command += ["--java", target / "generated-sources" / "r", "--proguard", target / "manifest.pro"]
    command += ["-A", target / "assets", "-0", ".tflite"]  # -0: stored, so that the model can be mapped into memory
    command += ["--min-sdk-version", given.min_sdk, "--target-sdk-version", given.target_sdk]
    command += ["--version-code", version_code(given.version_name), "--version-name", given.version_name]
    said = programs.run([*command, "--warn-manifest-validation", compiled], "aapt2 link", _HARMLESS)
    if any(_UNEXPECTED in line for line in said):
        raise SystemExit(f"expected a manifest that Android reads in {manifest}; see what aapt2 says above")


if __name__ == "__main__":
    main()
