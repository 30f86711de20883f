"""A device by the words that a person writes for it: `local`, a runtime target, or `ssh:HOST[:PYTHON]`."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Sequence

from tfedge.devices import ssh
from tfedge.errors import ConfigError, one_of
from tfedge.runtime import targets
from tfedge.runtime.environments import Environment, find_environment
from tfedge.runtime.targets import RuntimeTarget

LOCAL, EMULATED_ARM, SSH = "local", "emulated_arm", "ssh"
SSH_PREFIX = "ssh:"
FORMS = f"{LOCAL}, a target such as ai-edge-litert==2.3.0@aarch64, or {SSH_PREFIX}HOST[:PYTHON]"


@dataclasses.dataclass(frozen=True)
class Reached:
    """A device that answered, or a Python on this machine.

    Attributes:
        environment: how its interpreter is started.
        name: of the machine.
        kind: `local`, `emulated_arm` or `ssh`.
        os: its system; empty for this machine's.
    """

    environment: Environment
    name: str
    kind: str
    os: str = ""


def reach(device: str = LOCAL, runtime: str | None = None) -> Reached:
    """Returns the device called `device`.

    Args:
        device: one of `FORMS`.
        runtime: name of the interpreter, where the device has several; LiteRT by default. Not with a target.

    Raises:
        ConfigError: no such form, an unknown runtime, or a runtime beside a target.
        RuntimeUnavailableError: the runtime is not installed there.
        DeviceError: a board that cannot be reached or used.
    """
    if runtime is not None and "==" not in runtime:
        targets.check_runtime(runtime)
    if device == LOCAL:
        chosen = targets.choose_targets([runtime] if runtime else None)[0 if runtime else -1]
        return Reached(find_environment(chosen), platform.node() or "this machine", LOCAL)
    if is_over_ssh(device):
        host, _, python = device.removeprefix(SSH_PREFIX).partition(":")
        return _over_ssh(ssh.SshBoard(host, python or ssh.PYTHON), runtime)
    if "==" not in device:
        near = one_of("a device", device, (LOCAL, f"{SSH_PREFIX}HOST"))
        raise ConfigError(f"expected {FORMS}; got {device!r}") from near
    target = RuntimeTarget.parse(device)
    if runtime not in (None, target.name):
        raise ConfigError(f"expected no runtime beside the target {target}; got {runtime!r}; leave it out")
    environment = find_environment(target)
    is_here = target.arch == platform.machine()
    name = "emulated " + (target.emulated_core or target.arch)
    return Reached(environment, platform.node() if is_here else name, LOCAL if is_here else EMULATED_ARM)


def is_over_ssh(text: str) -> bool:
    """Whether a target or device is a board behind ssh."""
    return text.startswith(SSH_PREFIX)


def choose_places(names: Sequence[str] | None = None) -> tuple[RuntimeTarget | Environment, ...]:
    """Returns the runtimes called `names`, those here as targets and boards as environments; all here without names.

    Raises:
        ConfigError: an unknown runtime or a form of no board, or a version that is not the installed one.
        RuntimeUnavailableError: a runtime is not installed, or none is.
        DeviceError: a board that cannot be reached.
    """
    if not names:
        return targets.choose_targets()
    found: list[RuntimeTarget | Environment] = []
    for name in names:
        found.append(reach(name).environment if is_over_ssh(name) else targets.choose_targets([name])[0])
    return tuple(found)


def _over_ssh(board: ssh.SshBoard, runtime: str | None) -> Reached:
    facts = board.facts()
    return Reached(ssh.environment_of(board, facts, runtime), board.host, SSH, facts.os)
