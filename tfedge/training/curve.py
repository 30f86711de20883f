"""The training curve as a picture."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def draw_curve(
    history: Sequence[Mapping[str, float]], error_name: str = "dev_wer", label: str = "dev word error rate, %"
) -> bytes:
    """Returns a PNG: the dev error and the training loss over epochs.

    Args:
        history: one row an epoch with `epoch`, `train_loss`, and under `error_name` what the best epoch is told by.
        error_name: of the dev error.
        label: of its axis, with the unit.
    """
    figure = Figure(figsize=(7, 4), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    errors, epochs = figure.subplots(), [row["epoch"] for row in history]
    dev = [row[error_name] for row in history]
    errors.plot(epochs, dev, color="tab:blue", marker=".")
    errors.set(xlabel="epoch", ylabel=label)
    best = min(range(len(dev)), key=dev.__getitem__)
    errors.annotate(
        f"best {dev[best]:.2f}" + (" %" if label.endswith("%") else ""),
        (epochs[best], dev[best]),
        (0, 14),
        textcoords="offset points",
        ha="right",
    )
    losses = errors.twinx()
    losses.plot(epochs, [row["train_loss"] for row in history], color="tab:orange", linestyle="--")
    losses.set(ylabel="training loss, nats (dashed)")
    errors.grid(alpha=0.3)
    buffer = io.BytesIO()
    canvas.print_png(buffer, metadata={"Software": ""})
    return buffer.getvalue()
