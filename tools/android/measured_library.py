"""Android's native TFLite library of any version and ABI, loadable by glibc, for `tools/measure_runtimes.py`."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import tempfile
import zipfile

from tfedge.devices import debian
from tfedge.errors import DeviceError
from tools.android import port_library
from tools.android.port_library import LIBRARY, SHIM

_AAR = "org.tensorflow:tensorflow-lite:{version}:aar"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
_CROSS = "aarch64-linux-gnu"
_CROSS_PACKAGES = (
    *("gcc-12-aarch64-linux-gnu", "cpp-12-aarch64-linux-gnu", "binutils-aarch64-linux-gnu", "libbinutils"),
    *("libgcc-12-dev-arm64-cross", "libc6-dev-arm64-cross", "libc6-arm64-cross", "linux-libc-dev-arm64-cross"),
    *("libgcc-s1-arm64-cross", "libctf0", "libctf-nobfd0", "libjansson4"),
)


def fetch(version: str, abi: str, folder: pathlib.Path) -> pathlib.Path:
    """Fetches the AAR by Maven and returns the unpacked native library of one ABI.

    Raises:
        DeviceError: Maven is missing or refused.
    """
    if shutil.which("mvn") is None:
        raise DeviceError("expected Maven to fetch the Android archive; mvn is missing; install it")
    artifact, where = f"-Dartifact={_AAR.format(version=version)}", f"-DoutputDirectory={folder}"
    done = subprocess.run(["mvn", "-B", "-q", _COPY, artifact, where], capture_output=True, text=True)
    if done.returncode:
        said = [line for line in done.stdout.splitlines() if "ERROR" in line] or ["no reason given"]
        raise DeviceError(f"expected Maven to fetch {_AAR.format(version=version)}; it said: {said[0]}")
    with zipfile.ZipFile(folder / f"tensorflow-lite-{version}.aar") as archive:
        return pathlib.Path(archive.extract(f"jni/{abi}/{LIBRARY}", folder))


def compile_shim(abi: str, path: pathlib.Path, folder: pathlib.Path) -> None:
    """Compiles the shim for x86_64 by the host's gcc, for arm64-v8a by Debian's cross compiler, unpacked in `folder`.

    Raises:
        DeviceError: there is no compiler, or it refused.
    """
    command, variables = ["gcc"], None
    if abi != "x86_64":
        root = folder / "cross"
        apt = debian.PrivateApt(folder / "apt")
        apt.update()
        apt.download(_CROSS_PACKAGES)
        for package in apt.packages.glob("*.deb"):
            debian.unpack(package, root)
        tools, libraries = f"{root}/usr/bin/{_CROSS}-", f"{root}/usr/{_CROSS}"
        command = [f"{tools}gcc-12", f"--sysroot={root}", f"-B{tools}", f"-B{root}/usr/lib/gcc-cross/{_CROSS}/12/"]
        command += [f"-B{libraries}/lib/", f"-L{libraries}/lib", "-isystem", f"{libraries}/include"]
        variables = {"LD_LIBRARY_PATH": f"{root}/usr/lib/x86_64-linux-gnu", "PATH": f"{root}/usr/bin:/usr/bin:/bin"}
    try:
        port_library.compile_shim(path, command, variables)
    except OSError as error:  # no such compiler, or what it said
        raise DeviceError(f"{error}, for {abi}") from error


def make(version: str, abi: str, folder: pathlib.Path) -> None:
    """Writes the ported library of one ABI and its shim into `folder`."""
    with tempfile.TemporaryDirectory() as work:
        library = fetch(version, abi, pathlib.Path(work))
        (folder / LIBRARY).write_bytes(port_library.port(library.read_bytes()))
        compile_shim(abi, folder / SHIM, pathlib.Path(work))
