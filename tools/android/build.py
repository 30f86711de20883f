"""Builds and tests the Android demo with Maven, once for the sources that stand here; who comes second waits for it.

    python tools/android/build.py

The app, the command-line core and their tests: `mvn -B -f android_demo package`. Nothing is built again while no source
has changed. What Maven says goes to android_demo/target/build.log; its end is printed where the build fails.
"""

from __future__ import annotations

import fcntl
import hashlib
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "android_demo"
STAMP = DEMO / "target" / "built.sha256"
LOG = DEMO / "target" / "build.log"
COMMAND = ("mvn", "-B", "-ntp", "-f", "android_demo", "package")
# What the build reads outside of its own folder.
ALSO = ("models/g2p/g2p.tflite", "tests/golden", "tests/android/second_app", "tools/android")


def sources_sha256(root: pathlib.Path = ROOT) -> str:
    """Returns a hash of everything the build reads, by path and content."""
    digest = hashlib.sha256()
    places = [root / "android_demo", *(root / name for name in ALSO)]
    files = [file for place in places for file in ([place] if place.is_file() else place.rglob("*"))]
    for file in sorted(files):
        inside = file.relative_to(root).parts
        if file.is_file() and "target" not in inside and "__pycache__" not in inside and file.suffix != ".keystore":
            digest.update("/".join(inside).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def build() -> int:
    """Builds where that is due, and returns Maven's exit code; 3 where Maven does not start."""
    STAMP.parent.mkdir(parents=True, exist_ok=True)
    with open(STAMP.parent / "build.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = sources_sha256()
        if STAMP.exists() and STAMP.read_text("utf-8") == wanted:
            return 0
        STAMP.unlink(missing_ok=True)
        with open(LOG, "wb") as log:
            try:
                code = subprocess.run(COMMAND, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
            except FileNotFoundError:
                print("expected Maven on PATH; it is not there; run: sh android_demo/setup.sh", file=sys.stderr)
                return 3
        if code == 0:
            STAMP.write_text(wanted, "utf-8")
        return code


def summary(lines: int = 30) -> str:
    """Returns what people want to see of the log: each module's tests and time, or the end where the build failed."""
    text = LOG.read_text("utf-8", "replace").splitlines()
    if not STAMP.exists():
        return "\n".join(text[-lines:])
    return "\n".join(line for line in text if "Tests run:" in line and "Time" not in line or "Total time" in line)


def main() -> int:
    """Builds and prints the summary."""
    code = build()
    if LOG.exists():
        print(summary(), file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
