"""A 64-bit ARM board that runs on an x86-64 PC: QEMU's user emulation, Debian's Python and real aarch64 wheels.

    board/
      bin/qemu-aarch64-static
      system/                 Debian's arm64 libraries and Python, shared by the cores
      cortex-a72/             a root for each core: links into system/, and a /proc/cpuinfo that fits the core
      packages.json           versions of everything

No root, no chroot, no change to the host. What runs is the runtime's own ARM code, so its results and crashes are
those of a board; its times are not.
"""

from __future__ import annotations

import json
import pathlib
import shutil
from collections.abc import Callable

from tfedge.devices import debian
from tfedge.runtime.targets import CORES

QEMU = "qemu-aarch64-static"
ARCH = "aarch64"
NUM_CORES = 4
_PACKAGES = (
    *("libc6", "libgcc-s1", "libstdc++6", "zlib1g", "libpython3.11-minimal", "python3.11-minimal"),
    *("libpython3.11-stdlib", "libexpat1", "libffi8", "libbz2-1.0", "liblzma5", "libssl3", "libcrypt1", "libuuid1"),
)
_LEFT_OUT = ("doc", "man", "lintian", "locale", "gdb")

# Part, variant, revision and features as a Raspberry Pi 3, 4 and 5 state them. LiteRT crashes under QEMU 7.2 when it
# meets the host's x86 /proc/cpuinfo, kernels are chosen by part and features, and a dot product feature with a core
# that lacks the instruction is SIGILL: so each core has a file that fits it. QEMU's own default, `-cpu max`, computes
# int8 silently wrong in 7.2 and is never used.
_CPUINFO = {
    "cortex-a53": ("0xd03", "0x0", 4, "fp asimd evtstrm crc32 cpuid"),
    "cortex-a72": ("0xd08", "0x0", 3, "fp asimd evtstrm crc32 cpuid"),
    "cortex-a76": (
        *("0xd0b", "0x4", 1),
        "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp",
    ),
}

NUM_STEPS = 3
Step = Callable[[str], None]  # called with what comes next


def make_board(folder: pathlib.Path, step: Step) -> None:
    """Makes the board in `folder`.

    Raises:
        DeviceError: not on Debian 12 x86-64, no network, a package that cannot be found or unpacked.
    """
    debian.check_host()
    apt = debian.PrivateApt(folder / "apt")
    step("lists of packages")
    apt.update()
    step("emulator and system packages")
    apt.download(["qemu-user-static", *(f"{name}:arm64" for name in _PACKAGES)])
    step("unpacking")
    packages = sorted(apt.packages.glob("*.deb"))
    emulator = [package for package in packages if package.name.startswith("qemu-user-static_")]
    (folder / "bin").mkdir()
    debian.extract_file(emulator[0], QEMU, folder / "bin" / QEMU)
    for package in packages:
        if package not in emulator:
            debian.unpack(package, folder / "system")
    for name in _LEFT_OUT:
        shutil.rmtree(folder / "system" / "usr" / "share" / name, ignore_errors=True)
    for core in CORES:
        _make_root(folder / core, core)
    facts = json.dumps(debian.versions(packages), indent=1, sort_keys=True)
    (folder / "packages.json").write_text(facts + "\n", encoding="utf-8")
    shutil.rmtree(folder / "apt")


def _make_root(root: pathlib.Path, core: str) -> None:
    """Makes the files that a guest must meet instead of the host's; QEMU looks for every name here first."""
    part, variant, revision, features = _CPUINFO[core]
    (root / "proc").mkdir(parents=True)
    for name in ("etc", "lib", "usr"):
        (root / name).symlink_to(f"../system/{name}")
    lines = [f"BogoMIPS\t: 108.00\nFeatures\t: {features}\nCPU implementer\t: 0x41\nCPU architecture: 8"]
    lines += [f"CPU variant\t: {variant}\nCPU part\t: {part}\nCPU revision\t: {revision}\n"]
    text = "\n".join(lines)
    (root / "proc" / "cpuinfo").write_text("\n".join(f"processor\t: {n}\n{text}" for n in range(NUM_CORES)) + "\n")
    cpus, every = root / "sys" / "devices" / "system" / "cpu", f"0-{NUM_CORES - 1}\n"
    for number in range(NUM_CORES):
        topology = cpus / f"cpu{number}" / "topology"
        topology.mkdir(parents=True)
        (topology / "physical_package_id").write_text("0\n")
        (topology / "core_id").write_text(f"{number}\n")
        (topology / "core_siblings_list").write_text(every)
    for name in ("possible", "present", "online"):
        (cpus / name).write_text(every)


def command(board: str, core: str) -> tuple[str, ...]:
    """Returns the command that runs the board's Python; `board` and `core` may be words that are filled in later."""
    emulator = (f"{board}/bin/{QEMU}", "-cpu", core, "-L", f"{board}/{core}")
    # Libraries of the host must not be loaded into an ARM process.
    return (*emulator, "-U", "LD_PRELOAD", "-U", "LD_LIBRARY_PATH", f"{board}/system/usr/bin/python3.11")
