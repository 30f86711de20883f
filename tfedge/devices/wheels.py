"""Wheels of a runtime and of NumPy, fetched by pip and unpacked: nothing of them is run while installing."""

from __future__ import annotations

import difflib
import pathlib
import platform
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping

from tfedge.devices import staging
from tfedge.errors import ConfigError, DeviceError

PYTHON = "3.11"  # of emulated ARM: the one that Debian 12 has, and the last that tflite-runtime was made for
# pip expands none of these into the older ones that they include. tflite-runtime is 2_34, litert 2_27, NumPy 2_17.
_ARM_TAGS = ("manylinux_2_34", "manylinux_2_31", "manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")
# What neither a CPU interpreter nor NumPy needs: tests, and GPU accelerators of 17 MB.
_LEFT_OUT = re.compile(r"(^|/)tests/|libLiteRt\w*Accelerator\.so$|\.pyi$")
# pip's words when it met no index at all; then it also says that no version matches.
_NO_NETWORK = ("Retrying (", "Could not fetch URL", "ConnectionError", "Network is unreachable")


def fetch(requirements: Mapping[str, tuple[str, str]], arch: str, folder: pathlib.Path) -> list[pathlib.Path]:
    """Downloads wheels for Python 3.11 on aarch64, or for this Python on this machine's own architecture.

    Args:
        requirements: name -> (version, sha256 of the wheel); with an empty sha256 the index is trusted.

    Raises:
        ConfigError: there is no such version for this architecture.
        DeviceError: pip is missing, the network is, or a wheel has another sha256.
        OSError: the disk is full.
    """
    folder.mkdir(parents=True)
    hashed = all(sha256 for _, sha256 in requirements.values())
    lines = [
        f"{name}=={version}" + (f" --hash=sha256:{sha256}" if hashed else "")
        for name, (version, sha256) in requirements.items()
    ]
    listed = folder / "requirements.txt"
    listed.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-deps", "--no-input"]
    command += ["--only-binary=:all:", "--progress-bar=off", "--retries=2", "-d", str(folder), "-r", str(listed)]
    if arch != platform.machine():
        command += ["--python-version", PYTHON, "--implementation", "cp", "--abi", "cp311", "--abi", "none"]
        command += [word for tag in _ARM_TAGS for word in ("--platform", f"{tag}_{arch}")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        staging.check_said(done.stderr)
        raise _refused(done.stdout + done.stderr, requirements, arch)
    return sorted(folder.glob("*.whl"))


def _refused(said: str, requirements: Mapping[str, tuple[str, str]], arch: str) -> ConfigError | DeviceError:
    names = " and ".join(f"{name}=={version}" for name, (version, _) in requirements.items())
    if "No module named pip" in said:
        return DeviceError(f"expected pip in {sys.executable} to fetch {names}; it has none; run: python -m ensurepip")
    if any(words in said for words in _NO_NETWORK):
        return DeviceError(f"expected pip to fetch {names}; it cannot reach its package index; check the network")
    missing = re.search(r"requirement ([\w.-]+)==(\S+) \(from versions: ([^)]*)\)", said)
    if missing and missing[3] != "none":
        name, version, others = missing[1], missing[2], missing[3].split(", ")
        near = difflib.get_close_matches(version, others, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return ConfigError(
            f"expected a release of {name} for {arch}, one of {', '.join(others)}; got {version!r}{hint}"
        )
    if missing:
        return ConfigError(f"expected a release of {missing[1]} for {arch}; pip finds none at all in its package index")
    lines = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    if "DO NOT MATCH THE HASHES" in said:
        return DeviceError(f"expected the wheels of {names} with their known sha256; others came; do not use them")
    return DeviceError(f"expected pip to fetch {names}; it said: {(lines or ['nothing'])[0]}")


def unpack(wheel: pathlib.Path, folder: pathlib.Path) -> None:
    """Unpacks a wheel into `folder` without tests, type stubs and GPU accelerators.

    Raises:
        DeviceError: a damaged wheel, or one with a name outside `folder`.
    """
    root = folder.resolve()
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                if not (root / member.filename).resolve().is_relative_to(root):
                    raise DeviceError(f"expected names inside {wheel.name}; {member.filename!r} leads out of it")
                if not _LEFT_OUT.search(member.filename):
                    archive.extract(member, root)
    except zipfile.BadZipFile as error:
        raise DeviceError(f"expected a wheel in {wheel.name}; {error}; try again") from None
