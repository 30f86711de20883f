from __future__ import annotations

import numpy as np
import pytest

from tests.golden import packed_classifier
from tfedge.errors import WorkerError
from tfedge.runtime.client import Worker
from tfedge.runtime.targets import installed_targets
from tfedge.validation.array_calls import call_each


@pytest.mark.parametrize("runtime", [target.name for target in installed_targets()])
def test_call_each_then_numpys_answers_without_the_batch(tmp_path, runtime):
    pack = packed_classifier.write(tmp_path / "m.tflite", "image")
    with Worker(runtime) as worker:
        worker.load(pack.path)
        outputs = call_each(worker, "classify", "inputs", pack.array_examples.inputs)
        with pytest.raises(WorkerError):
            call_each(worker, "classify", "other", pack.array_examples.inputs)
    # 1e-5: float32 sums of 16 products, then exp.
    assert np.abs(outputs["probabilities"] - pack.array_examples.keras).max() < 1e-5
