"""Every file that ships claims the pinned runtimes on x86 and ARM, and passes on each that it claims."""

from __future__ import annotations

import pytest

from tests.project import sources
from tfedge.modelfile.pack import read_pack
from tfedge.reports.check import check_files

SHIPPED = sorted((sources.ROOT / "models").glob("*/*.tflite"))
PINNED = {
    *("tflite-runtime==2.14.0@x86_64", "ai-edge-litert==2.3.0@x86_64"),
    *("tflite-runtime==2.14.0@aarch64:cortex-a72", "ai-edge-litert==2.3.0@aarch64:cortex-a72"),
}


def test_there_are_shipped_files():
    assert "g2p.tflite" in {path.name for path in SHIPPED}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_file_passes_on_every_target_that_it_claims(path, arm):
    claimed = read_pack(path).manifest.targets

    assert set(claimed) >= PINNED
    report = check_files([path], claimed)
    assert {check.target: check.verdict for _, check in report.checks()} == dict.fromkeys(claimed, "pass")
