"""What tfedge asks of a board: who are you, do you have these files, take this one. Sent over ssh, never imported.

    python -c LOADER facts | have NAME:SHA256 ... | place NAME SHA256 SIZE

`ssh.py` sends this text, then the file's bytes, over stdin: nothing has to be installed on the board. It needs Python
3.9 and its standard library. Each call prints one line, MARK and a JSON object; `error` in it is for a person to read.
Files stand in ${XDG_CACHE_HOME:-~/.cache}/tfedge/board-1 and are believed only when their sha256 is right.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import sys
import tempfile
from typing import Any

MARK = "tfedge-board: "
PACKAGES = ("numpy", "tflite-runtime", "ai-edge-litert")
KEPT_MODELS = 16  # the last ones placed
SPARE_BYTES = 16 * 2**20  # what a system should keep


def folder() -> str:
    """Returns where files are kept."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(cache, "tfedge", "board-1")


def sha256_of(path: str) -> str:
    """Returns the sha256 of a file; nothing where there is none."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for piece in iter(lambda: file.read(1 << 20), b""):
                digest.update(piece)
    except OSError:
        return ""
    return digest.hexdigest()


def facts() -> dict[str, Any]:
    """Returns what this machine is and has."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    try:
        with open("/etc/os-release", encoding="utf-8") as file:
            names = dict(line.rstrip().split("=", 1) for line in file if "=" in line)
        system = names["PRETTY_NAME"].strip("\"'")
    except (OSError, KeyError):
        system = f"{platform.system()} {platform.release()}"
    return {
        "python": platform.python_version(),
        "arch": platform.machine(),
        "os": system,
        "versions": versions,
    }


def have(names: list[str]) -> dict[str, Any]:
    """Returns the folder, and which of NAME:SHA256 are not in it, or hold other bytes."""
    pairs = [name.rsplit(":", 1) for name in names]
    missing = [name for name, sha256 in pairs if sha256_of(os.path.join(folder(), name)) != sha256]
    return {"folder": folder(), "missing": missing}


def place(name: str, sha256: str, size: int) -> dict[str, Any]:
    """Reads a file of `size` bytes from stdin; it appears complete and with this sha256, or not at all."""
    path = os.path.join(folder(), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    free = shutil.disk_usage(os.path.dirname(path)).free
    if free < size + SPARE_BYTES:
        return {"error": f"{(size + SPARE_BYTES) >> 20} MB of free space in {folder()}; there are {free >> 20}"}
    handle, partial = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".partial-")
    digest, left = hashlib.sha256(), size
    try:
        with os.fdopen(handle, "wb") as file:
            while left:
                piece = sys.stdin.buffer.read(min(left, 1 << 20))
                if not piece:
                    return {"error": f"{size} bytes of {name}; the connection ended after {size - left}"}
                digest.update(piece)
                file.write(piece)
                left -= len(piece)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != sha256:
            return {"error": f"{name} with sha256 {sha256}; {digest.hexdigest()} came"}
        os.replace(partial, path)
        forget_models()
    finally:
        if os.path.exists(partial):
            os.remove(partial)
    return {"placed": path}


def forget_models() -> None:
    """Removes all models but the last ones: a process that runs one keeps its bytes."""
    models = os.path.join(folder(), "models")
    if os.path.isdir(models):
        by_age = sorted(
            (os.path.getmtime(path), path) for path in (os.path.join(models, n) for n in os.listdir(models))
        )
        for _, path in by_age[:-KEPT_MODELS]:
            os.remove(path)


def main(words: list[str]) -> None:
    """Answers one request."""
    try:
        if words[0] == "facts":
            answer = facts()
        elif words[0] == "have":
            answer = have(words[1:])
        else:
            answer = place(words[1], words[2], int(words[3]))
    except OSError as error:
        answer = {"error": f"a cache folder that can be written, {folder()}; {error.strerror}"}
    print(MARK + json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
