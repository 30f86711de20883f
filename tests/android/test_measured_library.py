"""Android's own x86_64 library, out of the build, still behaves as tfedge's facts say, with XNNPACK as in every app."""

from __future__ import annotations

import pytest

from tfedge.checks import facts
from tfedge.checks.probes import PROBES
from tfedge.progress import SILENT
from tfedge.runtime import targets
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import find_environment
from tools import measure_runtimes

TARGET = targets.RuntimeTarget.parse(f"{measure_runtimes.ANDROID}@x86_64")
# The step is prime to the patterns in which probes are listed; what is read before it is written is chance.
SAMPLE = [probe for probe in PROBES if not probe.name.startswith("read_before_written")][::7]


@pytest.fixture
def library(demo):
    """A Python of this machine in which the ported library stands for tflite-runtime."""
    here = next(target for target in targets.installed_targets() if target.name == "tflite-runtime")
    return measure_runtimes.in_python(find_environment(here), demo / "tflite" / "target" / "host", TARGET.version)


def test_library_when_measured_again_behaves_as_recorded(library):
    held = facts.facts_for(TARGET)
    measured = measure_runtimes.measure(library, SAMPLE, SILENT, codes=True)
    assert measured["answers"] == {probe.name: held.behaviour(probe.name, TARGET) for probe in SAMPLE}
    assert measured["op_versions"] == held.op_versions


@pytest.mark.parametrize(("resolver", "is_applied"), [("default", True), (measure_runtimes.PLAIN, False)])
def test_library_when_it_loads_a_float_model_applies_xnnpack_unless_told_not_to(library, root, resolver, is_applied):
    with Worker(library) as worker:
        worker.load(root / "tests" / "golden" / "gate" / "mlp.float32.tflite", resolver=resolver)
        said = worker.process.stderr_tail()
    # All three FULLY_CONNECTED of the model.
    assert ("Replacing 3 out of 3 node(s) with delegate (TfLiteXNNPackDelegate)" in said) is is_applied
