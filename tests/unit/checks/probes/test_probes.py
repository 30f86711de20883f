"""Probes can fail: each knows a right answer from a wrong one, and asks something of its own."""

from __future__ import annotations

import numpy as np
import pytest

from tfedge.checks.forms import kernel_form
from tfedge.checks.probes import PROBES
from tfedge.checks.probes.probe import Probe, Sketch
from tfedge.errors import ConfigError
from tfedge.modelfile.graph import read_graph


def test_probes_when_listed_have_names_of_their_own_and_names_that_are_true() -> None:
    names = [probe.name for probe in PROBES]

    assert len(set(names)) == len(names) > 1000
    for probe in PROBES[::20]:
        if probe.name.startswith("kernel "):
            assert probe.name == f"kernel {kernel_form(read_graph(probe.data).ops[0])}"


def test_judge_when_an_answer_is_off_tells_it() -> None:
    for probe in PROBES[::15]:
        if probe.name.startswith("input_"):  # It asks whether a runtime takes the file at all.
            continue
        right = dict(probe.expected)
        name = next(iter(right))
        shifted = {**right, name: right[name] + 2 * probe.tolerance}
        assert probe.judge(right) == "right"
        assert probe.judge(shifted) == "wrong"
        assert probe.judge({**right, name: right[name].reshape(-1, 1, 1)}) == "wrong"
        assert probe.judge({**right, name: np.full_like(right[name], np.nan)}) == "wrong"


def test_sketch_when_quantized_expects_stored_values() -> None:
    sketch = Sketch()
    x = sketch.input("x", [[1.0, -100.0]], "int8")
    sketch.builder.op("RELU", [x], [sketch.output("y", [[1.03, 0.0]], "int8")])
    probe = sketch.probe("kernel", 0.6)

    assert probe.name == "kernel RELU qint8->qint8"
    assert probe.inputs["x"].tolist() == [[16, -128]]
    np.testing.assert_allclose(probe.expected["y"], [[16.48, 0]])
    assert probe.build() == probe.data


def test_probe_when_it_could_judge_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="tolerance"):
        Probe("x", b"", {}, {}, 0.0)
