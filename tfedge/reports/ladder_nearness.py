"""Quality of a model of tensors on the ladder: one metric against Keras' answers to held-out examples."""

from __future__ import annotations

from tfedge.checks.verdict import Finding
from tfedge.reports.cells import UNKNOWN
from tfedge.reports.ladder_marks import Accuracy, Mark, QualityColumn
from tfedge.tasks.tensor_task import AGREEMENT, COSINE, SNR, Quality
from tfedge.validation.tensor_accuracy import TensorAccuracy
from tfedge.validation.tensor_quality import GATE, OTHERS, quality_finding

# Of what the limit allows to lose, a tenth is no reason to prefer one file to another; of a ratio, 1 dB.
_MARGIN, _MARGIN_DB = 0.1, 1.0


class Nearness:
    """A metric of tensors against Keras' answers.

    Args:
        quality: metric and limit.
    """

    gates: tuple[str, ...] = (GATE, OTHERS)
    examples = "examples"
    run = "call"

    def __init__(self, quality: Quality) -> None:
        self._quality = quality
        self._name = "SNR dB" if quality.metric == SNR else quality.metric.rpartition(":")[2]
        self._scale = 100.0 if quality.metric == AGREEMENT else 1.0
        self.limit = (quality.limit or 0.0) * self._scale
        self._percent = " %" if quality.metric == AGREEMENT else ""
        self.axis = f"{self._name}{self._percent} ({'less' if quality.is_error else 'more'} is better)"

    def loss(self, accuracy: Accuracy) -> tuple[float | None, float]:
        found = _tensors(accuracy)
        if found.value is None:
            return None, 0.0
        half = 0.0 if found.low is None or found.high is None else (found.high - found.low) / 2
        allowed = _MARGIN_DB / _MARGIN
        if found.lost is not None and self._quality.limit is not None:
            best = found.value - found.lost if found.is_error else found.value + found.lost
            allowed = abs(best - self._quality.limit)
        return found.value if found.is_error else -found.value, max(half, _MARGIN * allowed)

    def findings(self, accuracy: Accuracy, target: str) -> tuple[Finding, ...]:
        found = _tensors(accuracy)
        return quality_finding(self._quality, found.outputs, found.value, target)

    def is_surely_beyond(self, accuracy: Accuracy) -> bool:
        best_end = _tensors(accuracy).low if self._quality.is_error else _tensors(accuracy).high
        return best_end is not None and not self._quality.passes(best_end)

    def better(self, by: float) -> str:
        return f"{self._text(by)} of {self._name} better"

    def against_keras(self, accuracy: Accuracy) -> str:
        found = _tensors(accuracy)
        return "" if found.value is None else f"{self._name} {self._with_interval(found)}{self._percent} against Keras"

    def columns(self, is_test: bool) -> tuple[QualityColumn, ...]:
        title = f"{self._name}{self._percent}"
        return (QualityColumn(f"test {title}" if is_test else title, lambda each: self._with_interval(_tensors(each))),)

    def details(self) -> tuple[QualityColumn, ...]:
        lost = QualityColumn("lost (paired)", self._lost)
        ratio = QualityColumn("SNR dB", lambda each: f"{min(o.snr_db for o in _tensors(each).outputs.values()):.1f}")
        columns = [*([lost] if self._quality.is_own else []), *([ratio] if self._quality.metric != SNR else [])]
        return (*columns, QualityColumn("steps", _steps))

    def scored(self, accuracy: Accuracy) -> str:
        found = _tensors(accuracy)
        return f"on {found.num_examples:,} examples that nothing was chosen by {self.against_keras(found)}"

    def mark(self, accuracy: Accuracy) -> Mark | None:
        found = _tensors(accuracy)
        if found.value is None:
            return None
        low, high = (None if end is None else end * self._scale for end in (found.low, found.high))
        return Mark(found.value * self._scale, low, high)

    def caption(self, decided: str, scored: str) -> str:
        lost = "; lost: how much worse than Keras' own answers by the same metric" if self._quality.is_own else ""
        which = "" if self._quality.is_own else " of the output that is farthest"
        return (
            f"Chosen on {decided} held-out examples{f', scored afterwards on {scored} others' if scored else ''}; "
            f"{self._name}{which}, against Keras' answers, with its interval of 95 %{lost}; steps: largest difference "
            "in quantization steps; p50: one call, batch 1, 1 thread; speed: over float32; partitions: delegate calls "
            "of each signature; memory: peak above the bare interpreter."
        )

    def forbidden(self) -> str:
        side = "above" if self._quality.is_error else "below"
        return f"has {self._name} {side} {self._text(self._quality.limit or 0.0)}"

    def _lost(self, accuracy: Accuracy) -> str:
        found = _tensors(accuracy)
        if found.lost is None:
            return UNKNOWN
        ends = f" ({found.lost_low:+.3g} {found.lost_high:+.3g})" if found.lost_low is not None else ""
        return f"{found.lost:+.4g}{ends}"

    def _with_interval(self, found: TensorAccuracy) -> str:
        if found.value is None:
            return UNKNOWN
        ends = "" if found.low is None or found.high is None else f" ({self._bare(found.low)}-{self._bare(found.high)})"
        return f"{self._bare(found.value)}{ends}"

    def _bare(self, value: float) -> str:
        """Returns a value of the metric: of shares percent with two digits, cut, so that 99.996 is not 100."""
        if self._quality.metric == AGREEMENT:
            return f"{int(round(value * 1_000_000) / 100) / 100:.2f}"
        return {COSINE: f"{value:.5f}", SNR: f"{value:.1f}"}.get(self._quality.metric, f"{value:.4g}")

    def _text(self, value: float) -> str:
        return f"{value * 100:.2f} %" if self._quality.metric == AGREEMENT else f"{value:.4g}"


def _steps(accuracy: Accuracy) -> str:
    steps = [output.max_steps for output in _tensors(accuracy).outputs.values() if output.max_steps is not None]
    return f"{max(steps):.0f}" if steps else UNKNOWN


def _tensors(accuracy: Accuracy) -> TensorAccuracy:
    if not isinstance(accuracy, TensorAccuracy):
        raise TypeError(f"expected an accuracy of tensors; got {type(accuracy).__name__}")
    return accuracy
