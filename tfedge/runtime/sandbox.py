"""Runs a command that can read and compute, and can neither write a file nor reach the network.

    python -I -S sandbox.py COMMAND ...

Landlock, which needs no root: no file below / may be written, made, renamed, truncated or removed, no TCP port bound
or connected to, no signal sent to a process outside. What was open before, such as pipes to the client, stays usable.
It holds for the emulator and for every child, and cannot be undone. Linux 5.13 and later have it, unless it is
switched off; `landlock_version` says so, and elsewhere the command runs without it.
"""

from __future__ import annotations

import ctypes
import os
import sys

_CREATE_RULESET, _RESTRICT_SELF = 444, 446  # the same numbers on every architecture
_ASK_VERSION = 1
_NO_NEW_PRIVILEGES = 38
# Rights of the filesystem by the version of Landlock that has them, as <linux/landlock.h> numbers their bits:
# write, and remove or make a file, folder, device, socket, pipe or link; then move between folders; then truncate;
# then control a device.
_FILE_RIGHTS = {1: 0b1_1111_1111_0010, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
_TCP_RIGHTS = {4: 0b11}  # bind, connect
_SCOPES = {6: 0b11}  # abstract sockets, signals


def landlock_version() -> int:
    """Returns the version of Landlock that this kernel offers; 0: none."""
    if sys.platform != "linux":
        return 0
    version: int = ctypes.CDLL(None).syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)
    return max(version, 0)


def give_up_writing() -> None:
    """Takes from this process, and from all that it will start, every right listed above.

    Raises:
        OSError: the kernel has Landlock and refused.
    """
    version = landlock_version()
    if version == 0:
        return
    system = ctypes.CDLL(None, use_errno=True)
    held = [sum(bits for since, bits in rights.items() if since <= version) for rights in _kinds()]
    ruleset = (ctypes.c_uint64 * len(held))(*held)
    # A kernel refuses a longer structure than it knows, unless the rest is 0.
    handle = system.syscall(_CREATE_RULESET, ruleset, ctypes.c_size_t(ctypes.sizeof(ruleset)), 0)
    if handle < 0:
        raise OSError(ctypes.get_errno(), "Landlock refused its rules")
    if system.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or system.syscall(_RESTRICT_SELF, handle, 0):
        raise OSError(ctypes.get_errno(), "Landlock refused to restrict this process")
    os.close(handle)


def _kinds() -> tuple[dict[int, int], ...]:
    return _FILE_RIGHTS, _TCP_RIGHTS, _SCOPES


def main() -> None:
    give_up_writing()
    try:
        os.execvp(sys.argv[1], sys.argv[1:])
    except OSError as error:
        print(f"{error.strerror}: {sys.argv[1]}", file=sys.stderr)
        os._exit(127)  # as a shell says that there is no such command


if __name__ == "__main__":
    main()
