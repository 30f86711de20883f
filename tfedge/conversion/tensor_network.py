"""A user's model as entry points with named tensors: what they take, what they answer, and a graph of constants."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tfedge.conversion.layer_blame import state_writes
from tfedge.errors import ConversionError
from tfedge.tasks.tensor_task import TensorForm, TensorSignature

Arrays = Mapping[str, npt.NDArray[Any]]
# An unrolled recurrence repeats its ops for every step: at 128 steps an LSTM has 1,500 of them, converted in 20 s.
MAX_UNROLLED_STEPS = 128


@dataclasses.dataclass(frozen=True)
class TensorShape:
    """What an input takes.

    Attributes:
        dtype: NumPy's name of it.
        sizes: without the axis of examples; None where the size is free.
        has_batch: whether an axis of examples stands before them.
    """

    dtype: str
    sizes: tuple[int | None, ...]
    has_batch: bool = True

    def __str__(self) -> str:
        return f"{self.dtype} ({', '.join('any' if size is None else str(size) for size in self.sizes)})"


@dataclasses.dataclass(frozen=True)
class Entry:
    """One entry point.

    Attributes:
        name: of the signature.
        inputs: what it takes, by name.
        call: the model itself: tensors by name in, tensors by name out.
    """

    name: str
    inputs: Mapping[str, TensorShape]
    call: Callable[[Mapping[str, Any]], Mapping[str, Any]]


class TensorNetwork:
    """Entry points of one model.

    Attributes:
        entries: by name, one or more.
        layer_names: of its Keras layers; none of a SavedModel.
        source: provenance: kind and sha256.

    Args:
        recurrent: its Keras layers that loop over steps and can be unrolled.
        owner: what holds the variables, which live as long as it does; none where the entries do.
    """

    def __init__(
        self,
        entries: Mapping[str, Entry],
        source: Mapping[str, Any],
        layer_names: tuple[str, ...] = (),
        recurrent: tuple[Any, ...] = (),
        owner: Any = None,
    ) -> None:
        self.entries = dict(entries)
        self._callable: dict[str, Any] = {}
        self.source = dict(source)
        self.layer_names = layer_names
        self._recurrent, self._owner = recurrent, owner

    @property
    def recurrent_names(self) -> tuple[str, ...]:
        """Names of the layers that loop."""
        return tuple(layer.name for layer in self._recurrent)

    def answer(self, name: str, examples: list[Arrays]) -> list[dict[str, npt.NDArray[Any]]]:
        """Returns the model's own answers, one by one: outputs with their axis of 1 example."""
        if name not in self._callable:
            entry = self.entries[name]
            self._callable[name] = tf.function(lambda tensors: dict(entry.call(tensors)))
        answers = []
        for example in examples:
            outputs = self._callable[name]({key: tf.constant(value) for key, value in example.items()})
            answers.append({key: np.asarray(value) for key, value in outputs.items()})
        return answers

    def functions(self, forms: Mapping[str, Mapping[str, TensorForm]], is_unrolled: bool = False) -> dict[str, Any]:
        """Returns signature name -> concrete function without variables, of fixed shapes.

        Args:
            forms: inputs of each signature.
            is_unrolled: whether recurrent layers repeat their ops for every step, in place of a loop.

        Raises:
            ConversionError: the model writes a variable while it answers, or cannot be traced.
        """
        with _unrolled(self._recurrent if is_unrolled else ()):
            return {name: self._frozen(self.entries[name], inputs) for name, inputs in forms.items()}

    def _frozen(self, entry: Entry, inputs: Mapping[str, TensorForm]) -> Any:
        specs = {key: tf.TensorSpec(form.shape, form.dtype, key) for key, form in inputs.items()}
        try:
            traced = tf.function(lambda **tensors: dict(entry.call(tensors))).get_concrete_function(**specs)
        except (ValueError, TypeError, NotImplementedError, tf.errors.OpError) as error:
            reason = str(error).strip().split("\n")[0][:300]
            raise ConversionError(f"expected a model that can be traced with fixed shapes; {reason}") from error
        written = state_writes(traced.graph, self.layer_names)
        if written:
            raise ConversionError(
                f"expected a model that only reads its variables; {', '.join(written)} writes one while it answers; "
                "give that state as an input and an output (stateful=False), or switch the update off"
            )
        names = sorted(traced.structured_outputs)
        constant = convert_variables_to_constants_v2(traced, lower_control_flow=False)
        order = [tensor.name.partition(":")[0] for tensor in constant.inputs]
        places = _input_places(traced, list(inputs), order)

        def final(**tensors: Any) -> dict[str, Any]:
            outputs = constant(*[tensors[place] for place in places])
            # An output that is an input handed on would be no tensor of the graph's own.
            return {name: tf.identity(output, name) for name, output in zip(names, outputs, strict=True)}

        return tf.function(final).get_concrete_function(**specs)


def signature_of(function: Any, inputs: Mapping[str, TensorForm]) -> TensorSignature:
    """Returns what a concrete function of `TensorNetwork.functions` takes and gives.

    Raises:
        ConversionError: an output whose shape depends on values, or that holds no numbers.
    """
    outputs = {}
    for name, tensor in function.structured_outputs.items():
        if tensor.shape.rank is None or None in tensor.shape.as_list():
            raise ConversionError(
                f"expected outputs of fixed shape; {name!r} is {tensor.shape}, which depends on values; "
                "cut it to a fixed size in the model"
            )
        outputs[name] = TensorForm(tensor.dtype.as_numpy_dtype.__name__, tuple(tensor.shape.as_list()))
    return TensorSignature(dict(inputs), outputs)


def _input_places(traced: Any, names: list[str], order: list[str]) -> list[str]:
    """Returns the input name of each placeholder; TensorFlow rewrites names that are no identifiers."""
    known = traced.structured_input_signature[1]
    rewritten = {spec.name: name for name, spec in known.items()}
    found = [rewritten.get(place, place) for place in order]
    return found if sorted(found) == sorted(names) else sorted(names)


@contextlib.contextmanager
def _unrolled(layers: tuple[Any, ...]) -> Iterator[None]:
    before = [layer.unroll for layer in layers]
    try:
        for layer in layers:
            layer.unroll = True
        yield
    finally:
        for layer, value in zip(layers, before, strict=True):
            layer.unroll = value
