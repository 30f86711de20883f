"""Places: what a rescue may keep in higher precision, read from the float graph, and the mixed recipe that does it."""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Iterable, Sequence

from tfedge.conversion.recipes import CONVERTER, QUANTIZER, Recipe
from tfedge.conversion.scopes import (
    DYNAMIC,
    EVERY,
    FLOAT,
    MIN_MAX,
    OPS,
    PRODUCT,
    STATIC,
    TENSOR,
    Scope,
)
from tfedge.errors import ConfigError
from tfedge.modelfile.summary import GraphSummary

# Precisions to try, the cheaper first: "int8" raises 4-bit weights only, "float" leaves a place alone.
INT8_WEIGHTS, FLOAT_PLACES = "int8", "float"
# What the converter's own recipes say in scopes. Its dynamic weights have one scale a tensor, for old runtimes.
_TWINS = {
    "static_wi8_ai8": (Scope(STATIC, op=EVERY),),
    "dynamic_wi8_afp32": (Scope(DYNAMIC, granularity=TENSOR),),
}
# Layers deeper than this are kept together, except products, each of which is a layer with weights of its own.
_DEPTH = 2


@dataclasses.dataclass(frozen=True)
class Op:
    """One op that a recipe quantizes.

    Attributes:
        name: "FULLY_CONNECTED", …
        path: its layer by Keras' own names, "encoder_block_0/self_attention"; empty where the file tells of none.
        scope: of the recipe, the one that counts for it.
        weights: bytes in float by the buffer that stores them; shared by all ops that use it.
    """

    name: str
    path: str
    scope: Scope
    weights: tuple[tuple[int, int], ...] = ()


@dataclasses.dataclass(frozen=True)
class Place:
    """Ops of one kind in some layers, kept in higher precision together.

    Attributes:
        layers: as `Scope.layers`.
        op: the kind.
        scope: how the recipe quantizes them now.
        num_ops: ops of the graph, those in loops included.
        weight_bytes: of their weights in float, each stored matrix once.
    """

    layers: str
    op: str
    scope: Scope
    num_ops: int
    weight_bytes: int

    @property
    def title(self) -> str:
        """In words: "SOFTMAX everywhere", "FULLY_CONNECTED in logits_dense"."""
        return f"{self.op} everywhere" if self.layers == EVERY else f"{self.op} in {self.layers}"

    def raised(self, precision: str) -> Scope:
        """Returns the scope that keeps this place in `precision`, or in float where it has 8 bits already."""
        if precision == INT8_WEIGHTS and self.scope.weight_bits < 8:
            return dataclasses.replace(self.scope, layers=self.layers, op=self.op, weight_bits=8, algorithm=MIN_MAX)
        return Scope(FLOAT, layers=self.layers, op=self.op)


def in_scopes(recipe: Recipe) -> Recipe:
    """Returns `recipe` as one of litert-quantizer's, which quantizes by layer and op.

    Raises:
        ConfigError: a recipe without anything to keep in higher precision.
    """
    if recipe.engine != CONVERTER:
        return recipe
    if recipe.name not in _TWINS:
        raise ConfigError(f"a rescue needs a recipe that quantizes to integers; got {recipe.name}; choose another")
    return Recipe(recipe.name + "_scoped", recipe.summary, QUANTIZER, _TWINS[recipe.name])


def precisions(recipe: Recipe) -> tuple[str, ...]:
    """Returns the precisions to try, the cheaper first."""
    has_low_bits = any(scope.weight_bits < 8 for scope in recipe.scopes if scope.mode != FLOAT)
    return (INT8_WEIGHTS, FLOAT_PLACES) if has_low_bits else (FLOAT_PLACES,)


def mixed(recipe: Recipe, places: Iterable[Place], precision: str, name: str) -> Recipe:
    """Returns `recipe` with `places` in higher precision; in `precision` "int8" places of 8 bits stay as they are."""
    raised = [place.raised(precision) for place in places if precision == FLOAT_PLACES or place.scope.weight_bits < 8]
    taken = {(scope.layers, scope.op) for scope in raised}
    kept = [scope for scope in recipe.scopes if (scope.layers, scope.op) not in taken]
    count = f"{len(raised)} place{'' if len(raised) == 1 else 's'} in higher precision"
    return Recipe(name, f"{recipe.summary}; {count}", QUANTIZER, (*kept, *raised))


def quantized_ops(graph: GraphSummary, recipe: Recipe, layer_names: Iterable[str]) -> tuple[Op, ...]:
    """Returns the ops of the float `graph` that `recipe` quantizes and that a scope can name.

    Args:
        layer_names: of all layers of the network; a converter adds numbers to them.
    """
    names, found = frozenset(layer_names), []
    for op in graph.ops:
        if op.name not in OPS or not op.outputs:
            continue
        output = op.outputs[0].name
        covering = [s for s in recipe.scopes if s.op in (EVERY, op.name) and re.search(s.pattern, output)]
        if covering and covering[-1].mode != FLOAT:
            inputs = [tensor for tensor in op.inputs if tensor is not None and tensor.is_constant]
            weights = tuple((tensor.buffer, tensor.weight_bytes) for tensor in inputs) if op.name == PRODUCT else ()
            found.append(Op(op.name, keras_path(op.outputs[0].layer, names), covering[-1], weights))
    return tuple(found)


def keras_path(layer: str, names: frozenset[str]) -> str:
    """Returns the layer's path by Keras' names.

    Example:
        >>> keras_path("while/block_0_1/attention_2/query/query_1", frozenset({"block_0", "attention", "query"}))
        'block_0/attention/query'
    """
    path: list[str] = []
    for part in layer.split("/"):
        bare = part if part in names else re.sub(r"_\d+$", "", part)
        if bare in names and (not path or path[-1] != bare):
            path.append(bare)
    return "/".join(path)


def choose_places(ops: Sequence[Op]) -> tuple[Place, ...]:
    """Returns the places to begin with, every op in one of them at most.

    A recipe of products alone: each layer. One that quantizes more: each kind of op everywhere, and the products of
    each outermost layer; `parts` splits what must be kept of these.
    """
    products_only = all(op.name == PRODUCT for op in ops)
    places: dict[tuple[str, str], list[Op]] = collections.defaultdict(list)
    for op in ops:
        if op.name != PRODUCT:
            places[EVERY, op.name].append(op)
        elif op.path:
            places[op.path if products_only else op.path.split("/")[0], op.name].append(op)
    return tuple(_place(layers, members) for (layers, _), members in places.items())


def parts(place: Place, ops: Sequence[Op]) -> tuple[Place, ...]:
    """Returns smaller places inside `place`; itself where it cannot be split.

    Products: each layer. Other ops: the two outermost layers of their paths, equal ones of several blocks together
    ("encoder_block_*/self_attention"). Ops between layers, which no scope can name alone, are in no part.
    """
    inside = [op for op in ops if op.name == place.op and _is_inside(op.path, place.layers)]
    if place.op == PRODUCT:
        roles = {op.path for op in inside}
    else:
        roles = {_role(op.path) for op in inside if op.path}
        roles = {role for role in roles if not any(other.startswith(role + "/") for other in roles)}
    if len(roles) < 2:
        return (place,)
    chosen = ((role, [op for op in inside if _is_inside(op.path, role)]) for role in sorted(roles))
    return tuple(_place(role, members) for role, members in chosen if members)


def _role(path: str) -> str:
    return "/".join(re.sub(r"_\d+$", "_*", part) for part in path.split("/")[:_DEPTH])


def _is_inside(path: str, layers: str) -> bool:
    pattern = re.escape(layers).replace(r"\*", "[^/]*")
    return layers == EVERY or re.fullmatch(f"{pattern}(/.*)?", path) is not None


def _place(layers: str, members: Sequence[Op]) -> Place:
    stored = dict(weight for op in members for weight in op.weights)
    coarsest = min((op.scope for op in members), key=lambda scope: scope.weight_bits)
    return Place(layers, members[0].name, coarsest, len(members), sum(stored.values()))
