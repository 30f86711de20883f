"""Seeded, realistic cases for any file: signatures in the order in which they feed each other, a decoder in steps.

`encode` gives states that `decode_step` takes by the same names; `decode_step` gives caches that its next call takes.
Such a chain is run as a host would run it: states from `encode`, caches zero at first, positions counting up.
"""

from __future__ import annotations

import dataclasses
import math
import zlib
from collections.abc import Iterator, Mapping

import numpy as np

from tfedge.errors import MeasurementError
from tfedge.runtime.signatures import Array, Signatures, SignatureSpec, TensorSpec
from tfedge.validation.cases import Call, Case
from tfedge.validation.input_roles import Role
from tfedge.validation.real_values import from_real, is_quantized, number_kind
from tfedge.validation.sample_values import FREE_BATCH, Profile, sample, shape_of

Roles = Mapping[tuple[str, str], Role]  # By (signature, input).

STEPS = 3  # The first call meets empty caches, the second a filled one, the third a cache that was read and written.
MAX_TWINS = 6  # Cases of which one input alone is another; more inputs than that are rare, and time is bounded.
MAX_CASE_BYTES = 64 * 2**20  # Inputs and outputs of one case; they travel through a pipe, and several are kept.
_TWIN_KINDS = ("ids", "number", "image", "mask")
_SEQUENCE_KINDS = ("ids", "mask", "length")


@dataclasses.dataclass(frozen=True)
class Chain:
    """Signatures that are called one after the other.

    Attributes:
        names: of the signatures, each after those that feed it; the last one feeds no other.
        feeds: where an input comes from another signature: (signature, input) -> signature with that output.
        states: inputs of the last signature that its own outputs replace at the next call.
    """

    names: tuple[str, ...]
    feeds: Mapping[tuple[str, str], str]
    states: frozenset[str]

    @property
    def sink(self) -> str:
        """The last signature."""
        return self.names[-1]

    @property
    def steps(self) -> int:
        """How often the last signature is called."""
        return STEPS if self.states else 1


def chains(signatures: Signatures) -> tuple[Chain, ...]:
    """Returns the chains in which every signature is called, in the file's order of their last ones."""
    feeds: dict[tuple[str, str], str] = {}
    upstream: dict[str, set[str]] = {name: set() for name in signatures}
    for name, signature in signatures.items():
        for key, spec in signature.inputs.items():
            for other, source in signatures.items():
                if other == name or name in upstream[other] or not _fits(source.outputs.get(key), spec):
                    continue
                feeds[name, key] = other
                added = {other, *upstream[other]}
                for after in signatures:
                    if after == name or name in upstream[after]:
                        upstream[after] |= added
                break
    sinks = [name for name in signatures if not any(name in before for before in upstream.values())]
    return tuple(_chain(signatures, sink, feeds, upstream) for sink in sinks)


def _chain(
    signatures: Signatures, sink: str, feeds: Mapping[tuple[str, str], str], upstream: Mapping[str, set[str]]
) -> Chain:
    names = sorted(upstream[sink], key=lambda name: len(upstream[name]))
    kept = {key: source for key, source in feeds.items() if key[0] in (*names, sink)}
    last = signatures[sink]
    states = frozenset(name for name, spec in last.inputs.items() if _fits(last.outputs.get(name), spec))
    return Chain((*names, sink), kept, states)


def _fits(output: TensorSpec | None, spec: TensorSpec) -> bool:
    """Whether an output can be the input `spec`: same axes, and both numbers or both whole numbers."""
    if output is None or len(output.shape) != len(spec.shape):
        return False
    if output.dtype != spec.dtype and not (_is_real(output) and _is_real(spec)):
        return False
    sizes = zip(output.shape, spec.shape, strict=True)
    return all(one == other or -1 in (one, other) for one, other in sizes)


def _is_real(spec: TensorSpec) -> bool:
    return is_quantized(spec) or number_kind(spec) == "f"


def profiles(chain: Chain, signatures: Signatures, roles: Roles) -> tuple[Profile, ...]:
    """Returns what the cases of a chain are like: full, padded and empty sequences, all zeros, large numbers."""
    free = list(_free_inputs(chain, signatures))
    kinds = {(roles[key].kind, len(spec.shape) > 0 and spec.shape[-1] != 1) for key, spec in free}
    made = [Profile(f"full_{number}") for number in (1, 2, 3)]
    if any(-1 in spec.shape for _, spec in free):
        made += [Profile(f"size_{variant + 1}", variant=variant) for variant in range(1, len(FREE_BATCH))]
    if any((kind, True) in kinds for kind in _SEQUENCE_KINDS):
        made += [Profile("padded_1", 0.5), Profile("padded_2", 0.25), Profile("all_padding", 0.0)]
    if any(roles[key].kind in ("number", "image") for key, _ in free):
        made += [Profile("zeros", size="zeros"), Profile("large", size="large")]
    return tuple(made)


def sample_cases(chain: Chain, signatures: Signatures, roles: Roles, seed: int, prefix: str = "") -> tuple[Case, ...]:
    """Returns the cases of a chain; equal arguments give equal arrays.

    Args:
        chain: of `chains(signatures)`.
        roles: of every input, by (signature, name).
        seed: 0 or more.
        prefix: of the names of the cases.

    Raises:
        MeasurementError: an input that cannot be made up (text, a resource), or cases too large to run.
    """
    _check_inputs(chain, signatures)
    made = []
    for profile in profiles(chain, signatures, roles):
        _check_size(chain, signatures, roles, profile)
        calls = _calls(chain, signatures, roles, seed, profile)
        made.append(Case(prefix + profile.name, calls, is_extreme=profile.is_extreme, is_empty=profile.share == 0))
    free = [key for key, _ in _free_inputs(chain, signatures) if roles[key].kind in _TWIN_KINDS]
    if len(free) > 1 or len(chain.names) > 1 or chain.states:
        twins = [_twin(chain, signatures, roles, seed, prefix, key) for key in free[:MAX_TWINS]]
        made += [twin for twin in twins if _differs(twin, made[0])]
    return tuple(made)


def _twin(chain: Chain, signatures: Signatures, roles: Roles, seed: int, prefix: str, changed: tuple[str, str]) -> Case:
    """Returns the first case with other values in one input."""
    first = Profile("full_1")
    other = Profile("full_1", 0.5) if roles[changed].kind == "mask" else Profile("other")
    calls = _calls(chain, signatures, roles, seed, first, {changed: other})
    where = "/".join(part for part in changed if part)
    return Case(f"{prefix}other {where}", calls, twin=f"{prefix}full_1", changed=changed)


def _differs(one: Case, other: Case) -> bool:
    """Whether two cases of a chain give any input other values: a table of one row leaves no choice."""
    return any(
        not np.array_equal(call.inputs[name], same.inputs[name])
        for call, same in zip(one.calls, other.calls, strict=True)
        for name in call.inputs
    )


def _calls(
    chain: Chain,
    signatures: Signatures,
    roles: Roles,
    seed: int,
    profile: Profile,
    changed: Mapping[tuple[str, str], Profile] | None = None,
) -> tuple[Call, ...]:
    calls: list[Call] = []
    for name in (*chain.names, *[chain.sink] * (chain.steps - 1)):
        step = sum(call.signature == chain.sink for call in calls)
        inputs, fed = {}, {}
        for key, spec in signatures[name].inputs.items():
            source = chain.feeds.get((name, key))
            if step and key in chain.states:
                fed[key] = (len(calls) - 1, key)
            elif source is not None:
                fed[key] = (chain.names.index(source), key)
            elif name == chain.sink and key in chain.states:
                inputs[key] = from_real(np.zeros(shape_of(spec, roles[name, key], profile)), spec)
            else:
                used = (changed or {}).get((name, key), profile)
                inputs[key] = _values(name, spec, roles[name, key], used, seed, step)
        calls.append(Call(name, inputs, fed))
    return tuple(calls)


def _values(name: str, spec: TensorSpec, role: Role, profile: Profile, seed: int, step: int) -> Array:
    is_single = all(size in (1, -1) for size in spec.shape)
    turn = step if role.kind == "ids" and is_single else 0  # A decoder gets another token at every step.
    key = zlib.crc32(f"{name}/{spec.name}/{profile.name}/{turn}".encode())
    return sample(spec, role, profile, np.random.default_rng([seed, key]), step)


def _free_inputs(chain: Chain, signatures: Signatures) -> Iterator[tuple[tuple[str, str], TensorSpec]]:
    """Yields the inputs that a caller gives: fed by no signature, and no state."""
    for name in chain.names:
        for key, spec in signatures[name].inputs.items():
            if (name, key) not in chain.feeds and not (name == chain.sink and key in chain.states):
                yield (name, key), spec


def _check_inputs(chain: Chain, signatures: Signatures) -> None:
    for name in chain.names:
        for spec in (*signatures[name].inputs.values(), *signatures[name].outputs.values()):
            if not number_kind(spec):
                raise MeasurementError(
                    f"expected tensors of numbers in signature {name!r}; {spec.name!r} holds {spec.dtype}; "
                    "run the file in the app that feeds it"
                )


def _check_size(chain: Chain, signatures: Signatures, roles: Roles, profile: Profile) -> None:
    total = 0
    for name in chain.names:
        signature: SignatureSpec = signatures[name]
        shapes = [(shape_of(spec, roles[name, key], profile), spec) for key, spec in signature.inputs.items()]
        shapes += [(tuple(max(size, 1) for size in spec.shape), spec) for spec in signature.outputs.values()]
        sizes = sum(math.prod(shape) * np.dtype(spec.dtype).itemsize for shape, spec in shapes)
        total += sizes * (chain.steps if name == chain.sink else 1)
    if total > MAX_CASE_BYTES:
        raise MeasurementError(
            f"expected at most {MAX_CASE_BYTES >> 20} MiB of inputs and outputs in one case; signature "
            f"{chain.sink!r} needs {total >> 20} MiB; check it with --inputs, or a smaller export"
        )
