"""A report as `tfedge run g2p` returns it: three files on two runtimes, one of them refused."""

from __future__ import annotations

import pytest

from tests.unit.reports import sample_reports as made


@pytest.fixture
def report():
    """Passes: the row that could not be measured is shown for comparison only."""
    return made.make_report(
        made.row("float32", size_bytes=7_560_000, model_sha256="f" * 64),
        made.row(
            "float32",
            made.TFLITE,
            size_bytes=7_560_000,
            model_sha256="f" * 64,
            latency=made.latency(made.TFLITE, milliseconds=4.4),
        ),
        made.row(),
        made.refused(),
        made.row("static_wi8_ai8_fc", entry="encode+decode_step", size_bytes=2_260_000, model_sha256="d" * 64),
    )
