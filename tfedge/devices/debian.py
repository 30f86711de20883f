"""Packages of Debian, unpacked into a folder without root: apt with a state of its own, so the host's never changes."""

from __future__ import annotations

import os
import pathlib
import platform
import shutil
import subprocess
import tarfile
from collections.abc import Sequence

from tfedge.devices import staging
from tfedge.errors import DeviceError

RELEASE = "bookworm"  # Debian 12: its Python is 3.11, the last that tflite-runtime was made for
TOOLS = ("apt-get", "dpkg-deb")

_TIMEOUT_S = 600.0  # 5 s were measured; at 1 Mbit/s the emulator's package alone takes 500

_CONFIG = """\
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; "arm64"; }};
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
"""


def check_host(os_release: pathlib.Path = pathlib.Path("/etc/os-release")) -> None:
    """Returns where ARM can be emulated: on Debian 12 on x86-64 with apt's tools.

    Raises:
        DeviceError: it cannot; one line says why.
    """
    try:
        lines = os_release.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    facts = dict(line.split("=", 1) for line in lines if "=" in line)
    system, machine = facts.get("PRETTY_NAME", platform.system()).strip('"'), platform.machine()
    if facts.get("VERSION_CODENAME", "").strip('"') != RELEASE or machine != "x86_64":
        raise DeviceError(
            f"expected Debian 12 on x86-64 to emulate ARM on; this is {system} on {machine}; run it there, "
            "or in a container of it"
        )
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise DeviceError(f"expected {' and '.join(TOOLS)} to emulate ARM; {missing[0]} is missing; install it")


class PrivateApt:
    """apt with the machine's sources and keys, and its lists and packages in `folder`."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.packages = folder / "packages"
        for name in ("state/lists/partial", "cache/archives/partial", "packages"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        config = folder / "apt.conf"
        config.write_text(_CONFIG.format(folder=folder), encoding="utf-8")
        self._variables = {**os.environ, "APT_CONFIG": str(config), "LC_ALL": "C"}

    def update(self) -> None:
        """Fetches the lists of packages.

        Raises:
            DeviceError: a list cannot be fetched: no network, or no source configured.
        """
        self._run("update")

    def download(self, packages: Sequence[str]) -> None:
        """Fetches packages, `name` or `name:arm64`, into `packages`; apt checks their signatures.

        Raises:
            DeviceError: one cannot be found or fetched.
        """
        self._run("download", *packages)

    def _run(self, *words: str) -> None:
        try:
            done = subprocess.run(
                ["apt-get", "-q", "-y", *words],
                cwd=self.packages,
                env=self._variables,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
            )
        except subprocess.TimeoutExpired:
            raise DeviceError(
                f"expected `apt-get {words[0]}` to fetch packages of Debian within {_TIMEOUT_S:g} s; it did not end; "
                "check the network and the disk's free space"
            ) from None
        if done.returncode:
            staging.check_said(done.stderr)
            said = [line[3:] for line in done.stderr.splitlines() if line.startswith("E: ")] or ["no reason given"]
            raise DeviceError(
                f"expected `apt-get {words[0]}` to fetch packages of Debian; it said: {said[0].strip()}; "
                "check the network and this machine's apt sources"
            )


def unpack(package: pathlib.Path, folder: pathlib.Path) -> None:
    """Unpacks a .deb into `folder`.

    Raises:
        DeviceError: dpkg-deb refused.
        OSError: the disk is full.
    """
    done = subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], capture_output=True, text=True)
    if done.returncode:
        staging.check_said(done.stderr)
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise DeviceError(f"expected to unpack {package.name} into {folder}; {said[-1]}; check the disk's free space")


def extract_file(package: pathlib.Path, name: str, path: pathlib.Path) -> None:
    """Writes the one file `name` of a .deb to `path`, executable; the rest of a large package is not even unpacked.

    Raises:
        DeviceError: the package holds no such file.
    """
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                for member in archive:
                    content = archive.extractfile(member) if member.name.endswith(f"/{name}") else None
                    if content is not None:
                        with open(path, "wb") as file:
                            shutil.copyfileobj(content, file)
                        path.chmod(0o755)
                        return
        except tarfile.TarError:
            pass  # a damaged package has no such file either
        finally:
            process.kill()
    raise DeviceError(f"expected {name} in {package.name}; it is not there; look at this machine's apt sources")


def versions(packages: Sequence[pathlib.Path]) -> dict[str, str]:
    """Returns package names, with their architecture, and versions, as dpkg-deb reads them."""
    found = {}
    for package in packages:
        command = ["dpkg-deb", "-W", "--showformat=${Package}:${Architecture} ${Version}", str(package)]
        name, _, version = subprocess.run(command, capture_output=True, text=True, check=True).stdout.partition(" ")
        found[name] = version
    return found
