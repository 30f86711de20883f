"""The emulator that counts: QEMU's plugin-loading build and this folder's plugin, unpacked beside the emulated boards.

    ${TFEDGE_CACHE}/targets-1/counter/DIGEST/
        bin/qemu-aarch64   of Debian's package qemu-user; the one of qemu-user-static loads no plugins
        system/            the libraries that it needs
        plugin.so          plugin.c, compiled by Debian's tcc: no compiler of the host's
        packages.json      versions of everything

No root, no change to the host. DIGEST is of the plugin's source and the packages' names: an edit makes a new one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import pathlib
import shutil
import subprocess

from tfedge.devices import debian, staging
from tfedge.errors import DeviceError
from tfedge.progress import SILENT, Reporter
from tfedge.runtime import environments

PLUGIN = pathlib.Path(__file__).with_name("plugin.c")
QEMU = "qemu-aarch64"
_COMPILER = "tcc"
_LIBRARIES = (
    *("libcapstone4", "libglib2.0-0", "libgnutls30", "libnuma1", "liburing2", "zlib1g"),
    # What those need themselves.
    *("libpcre2-8-0", "libnettle8", "libhogweed6", "libgmp10", "libidn2-0", "libunistring2", "libp11-kit0"),
    *("libtasn1-6", "libffi8"),
)
_PACKAGES = ("qemu-user", _COMPILER, *_LIBRARIES)
_NEEDED_BYTES = 120_000_000  # lists 45 MB, packages 18, unpacked 30: measured, and rounded up


@dataclasses.dataclass(frozen=True)
class Emulator:
    """An emulator that counts, in `folder`."""

    folder: pathlib.Path

    def command(self, board_command: tuple[str, ...], out: pathlib.Path) -> list[str]:
        """Returns the command of an emulated board with this emulator in place of its own; counts go to `out`."""
        return [
            str(self.folder / "bin" / QEMU),
            "-plugin",
            f"{self.folder / 'plugin.so'},out={out}",
            *board_command[1:],
        ]

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables that the command needs."""
        folders = [str(self.folder / "system" / name / "x86_64-linux-gnu") for name in ("usr/lib", "lib")]
        return {"LD_LIBRARY_PATH": ":".join(folders)}

    @property
    def versions(self) -> dict[str, str]:
        """Packages of Debian, by name, and their versions."""
        found: dict[str, str] = json.loads((self.folder / "packages.json").read_text(encoding="utf-8"))
        return found


def install(reporter: Reporter = SILENT) -> Emulator:
    """Returns the emulator, made where it is not there yet: about 10 s.

    Raises:
        DeviceError: not on Debian 12 x86-64, no network, a package that cannot be found, unpacked or compiled.
        ArtifactError: the cache folder cannot be written, or the disk is full.
    """
    digest = hashlib.sha256(PLUGIN.read_bytes() + " ".join(_PACKAGES).encode()).hexdigest()[:12]
    folder = environments.cache_folder() / "counter" / digest
    if not folder.exists():
        debian.check_host()
        with staging.locked(environments.cache_folder()):
            if not folder.exists():  # Another process may have made it while this one waited.
                staging.check_space(environments.cache_folder(), _NEEDED_BYTES)
                reporter.stage(f"installing the emulator that counts into {folder}")
                with staging.staged(folder) as stage:
                    _make(stage)
    return Emulator(folder)


def _make(folder: pathlib.Path) -> None:
    apt = debian.PrivateApt(folder / "apt")
    apt.update()
    apt.download(_PACKAGES)
    packages = sorted(apt.packages.glob("*.deb"))
    of_name = {package.name.partition("_")[0]: package for package in packages}
    (folder / "bin").mkdir()
    debian.extract_file(of_name["qemu-user"], QEMU, folder / "bin" / QEMU)
    debian.unpack(of_name[_COMPILER], folder / "apt" / "compiler")
    compile_plugin(folder / "apt" / "compiler" / "usr" / "bin" / _COMPILER, folder / "plugin.so")
    for name in _LIBRARIES:
        debian.unpack(of_name[name], folder / "system")
    shutil.rmtree(folder / "system" / "usr" / "share", ignore_errors=True)
    facts = json.dumps(debian.versions(packages), indent=1, sort_keys=True)
    (folder / "packages.json").write_text(facts + "\n", encoding="utf-8")
    shutil.rmtree(folder / "apt")


def compile_plugin(compiler: pathlib.Path, path: pathlib.Path) -> None:
    """Writes plugin.c, compiled, to `path`.

    Raises:
        DeviceError: the compiler refused it.
    """
    command = [str(compiler), "-nostdlib", "-shared", "-o", str(path), str(PLUGIN)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or not path.exists():
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise DeviceError(
            f"expected {compiler.name} to compile {PLUGIN.name}; it said: {said[0]}; correct {PLUGIN.name}"
        )
