"""Makes the native TFLite library of an Android archive (AAR) loadable by glibc, for measuring it on the host.

The machine code stays what phones run. Of the ELF file's tables three things change: the library needs the shim
(`shim.c`) in place of Android's own libraries, names that Android's C library means otherwise begin with a capital
letter, so that the shim answers them, and versions of symbols, which glibc would look for, are dropped.
"""

from __future__ import annotations

import pathlib
import shutil
import struct
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator

from tfedge.devices import debian
from tfedge.errors import DeviceError

FOLDER = pathlib.Path(__file__).parent
SHIM = "libB.so"  # as long as the name "libc.so", whose place it takes
LIBRARY = "libtensorflowlite_jni.so"
RENAMED = ("fflush", "fileno", "fprintf", "fputc", "fwrite", "newlocale", "strerror_r", "sysconf", "vfprintf")
_AAR = "org.tensorflow:tensorflow-lite:{version}:aar"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
_CROSS = "aarch64-linux-gnu"
_CROSS_PACKAGES = (
    *("gcc-12-aarch64-linux-gnu", "cpp-12-aarch64-linux-gnu", "binutils-aarch64-linux-gnu", "libbinutils"),
    *("libgcc-12-dev-arm64-cross", "libc6-dev-arm64-cross", "libc6-arm64-cross", "linux-libc-dev-arm64-cross"),
    *("libgcc-s1-arm64-cross", "libctf0", "libctf-nobfd0", "libjansson4"),
)
# ELF, 64 bits: program header types, dynamic tags, and tags that have to do with versions of symbols.
_LOAD, _DYNAMIC = 1, 2
_NEEDED, _HASH, _STRINGS, _SYMBOLS = 1, 4, 5, 6
_VERSION_TAGS = {0x6FFFFFF0, 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF}
_IGNORED_TAG = 0x60000FFF
_SYMBOL_BYTES = 24


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


def port(library: bytes) -> bytes:
    """Returns the library with its tables changed."""
    data = bytearray(library)
    tags = dict(reversed([(tag, value) for _, tag, value in _dynamic(data)]))  # the first of each
    strings, symbols = _offset(data, tags[_STRINGS]), _offset(data, tags[_SYMBOLS])
    needed = data.index(b"\0libc.so\0", strings) + 1
    data[needed : needed + len(SHIM)] = SHIM.encode()
    for place, tag, _ in list(_dynamic(data)):
        if tag in _VERSION_TAGS:
            struct.pack_into("<Q", data, place, _IGNORED_TAG)
        elif tag == _NEEDED:
            struct.pack_into("<Q", data, place + 8, needed - strings)
    (count,) = struct.unpack_from("<I", data, _offset(data, tags[_HASH]) + 4)
    for place in range(symbols, symbols + count * _SYMBOL_BYTES, _SYMBOL_BYTES):
        name, _, section = struct.unpack_from("<IHH", data, place)
        start = strings + name
        if section == 0 and data[start : data.index(0, start)].decode() in RENAMED:
            data[start : start + 1] = data[start : start + 1].upper()
    return bytes(data)


def _headers(data: bytes | bytearray) -> Iterator[tuple[int, int, int, int]]:
    """Yields type, offset, address and size of each program header."""
    (start,), (count,) = struct.unpack_from("<Q", data, 32), struct.unpack_from("<H", data, 56)
    for place in range(start, start + 56 * count, 56):
        kind, _, offset, address, _, size = struct.unpack_from("<IIQQQQ", data, place)
        yield kind, offset, address, size


def _offset(data: bytes | bytearray, address: int) -> int:
    """Returns where an address lies in the file."""
    loads = (part for part in _headers(data) if part[0] == _LOAD)
    return next(address - start + offset for _, offset, start, size in loads if start <= address < start + size)


def _dynamic(data: bytes | bytearray) -> Iterator[tuple[int, int, int]]:
    """Yields place, tag and value of each dynamic entry."""
    (offset, size) = next((offset, size) for kind, offset, _, size in _headers(data) if kind == _DYNAMIC)
    for place in range(offset, offset + size, 16):
        yield (place, *struct.unpack_from("<QQ", data, place))


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
    command += ["-O2", "-shared", "-fPIC", "-w", f"-Wl,-soname,{SHIM}", "-o", str(path), str(FOLDER / "shim.c")]
    command += ["-Wl,--no-as-needed", "-lm", "-ldl", "-lpthread"]
    done = subprocess.run(command, capture_output=True, text=True, env=variables)
    if done.returncode:
        raise DeviceError(f"expected to compile shim.c for {abi}; the compiler said: {done.stderr.splitlines()[0]}")


def make(version: str, abi: str, folder: pathlib.Path) -> None:
    """Writes the ported library of one ABI and its shim into `folder`."""
    with tempfile.TemporaryDirectory() as work:
        library = fetch(version, abi, pathlib.Path(work))
        (folder / LIBRARY).write_bytes(port(library.read_bytes()))
        compile_shim(abi, folder / SHIM, pathlib.Path(work))
