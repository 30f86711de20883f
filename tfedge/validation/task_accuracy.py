"""The kinds of accuracy that a task is scored by, told apart in JSON by `kind`, which that of texts is without."""

from __future__ import annotations

from typing import Any

from tfedge.errors import ConfigError, one_of
from tfedge.validation.accuracy import AccuracyReport
from tfedge.validation.anomaly_accuracy import AnomalyAccuracy
from tfedge.validation.class_accuracy import ClassAccuracy

TaskAccuracy = AccuracyReport | ClassAccuracy | AnomalyAccuracy
_KINDS: dict[str, type[ClassAccuracy] | type[AnomalyAccuracy]] = {
    kind.kind: kind for kind in (ClassAccuracy, AnomalyAccuracy)
}


def accuracy_from_json(value: Any) -> TaskAccuracy:
    """Reads what the `to_json` of any kind wrote; ConfigError on an unknown kind, or an unknown or missing key."""
    if not isinstance(value, dict):
        raise ConfigError(f"an accuracy must be a JSON object; got {type(value).__name__}")
    if "kind" not in value:
        return AccuracyReport.from_json(value)
    if value["kind"] not in _KINDS:
        raise one_of("`kind` of an accuracy", value["kind"], _KINDS)
    return _KINDS[value["kind"]].from_json(value)
