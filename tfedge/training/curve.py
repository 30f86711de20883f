"""The training curve as a picture."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def draw_curve(history: Sequence[Mapping[str, float]]) -> bytes:
    """Returns a PNG: dev word error rate and training loss over epochs.

    Args:
        history: one row an epoch with `epoch`, `dev_wer` (percent) and `train_loss`.
    """
    figure = Figure(figsize=(7, 4), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    errors, epochs = figure.subplots(), [row["epoch"] for row in history]
    dev = [row["dev_wer"] for row in history]
    errors.plot(epochs, dev, color="tab:blue", marker=".")
    errors.set(xlabel="epoch", ylabel="dev word error rate, %")
    best = min(range(len(dev)), key=dev.__getitem__)
    errors.annotate(
        f"best {dev[best]:.2f} %", (epochs[best], dev[best]), (0, 14), textcoords="offset points", ha="right"
    )
    losses = errors.twinx()
    losses.plot(epochs, [row["train_loss"] for row in history], color="tab:orange", linestyle="--")
    losses.set(ylabel="training loss, nats a token (dashed)")
    errors.grid(alpha=0.3)
    buffer = io.BytesIO()
    canvas.print_png(buffer, metadata={"Software": ""})
    return buffer.getvalue()
