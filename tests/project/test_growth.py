"""Growth of decodes: rows that go on where a run was stopped, the table, the exponents, the picture."""

from __future__ import annotations

import json
import math

import pytest

from tfedge.errors import ArtifactError
from tools.growth import report as reports
from tools.growth.__main__ import main, readme_region, todo

SIZES = (16, 32, 64, 128)
TINY = ["--sizes", "4", "--fixed", "4", "--hidden-dim", "16", "--layers", "1", "--rounds", "1"]


def made(kinds=("ours", "naive")):
    settings = {"fixed": 32, "hidden_dim": 256, "layers": 3, "recipe": "float32", "cpu": "a CPU", "rounds": 1}
    report = reports.empty(settings, 1_000_000)
    for side, kind, size in todo(SIZES):
        took = float(size if kind == "ours" else size**2)
        row = {"side": side, "kind": kind, "size": size, "steps": size, "ms": [took], "file_bytes": 2_000_000}
        if kind in kinds:
            report["rows"][f"{side} {kind} {size}"] = {**row, "peak_bytes": 5_000_000}
    return report


def test_markdown_when_ours_is_linear_and_naive_quadratic_says_so():
    lines = reports.markdown(made()).splitlines()
    assert lines[2] == "| 16 | 16 | 1.000 | 256 | 16.0 | 4.0 | 2.0 | 4.0 |"
    assert "ours as the number of target tokens to the power 1.00" in lines[7]
    assert "naive as the number of target tokens to the power 2.00" in lines[7]
    assert "256 wide, 3 layers a side" in readme_region(made())


def test_markdown_when_naive_is_not_measured_yet_leaves_it_out():
    assert "| 16 | 16 | 1.000 | - | - | 4.0 | 2.0 | - |" in reports.markdown(made(("ours",)))


def test_slope_when_the_short_sizes_are_dominated_by_what_is_constant_looks_at_the_longer_half():
    sizes = [2**n for n in range(4, 14)]
    values = [size + 64.0 for size in sizes]
    assert 0.9 < reports.slope(sizes, values) < 1.01  # 1 in the limit; over all sizes it is 0.7
    assert math.isnan(reports.slope([16], [1.0]))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 1, "rows": {}}', '{"schema_version": 2}'])
def test_read_when_the_report_is_another_is_refused(text, tmp_path):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(ArtifactError, match="expected a report of growth"):
        reports.read(tmp_path / "r.json")


def test_read_when_the_settings_are_others_is_refused(tmp_path):
    (tmp_path / "r.json").write_text(json.dumps(made()))
    assert reports.read(tmp_path / "r.json", made()["settings"]) == made()
    with pytest.raises(ArtifactError, match="to go on with"):
        reports.read(tmp_path / "r.json", {**made()["settings"], "layers": 4})


def test_draw_when_half_is_measured_writes_a_png(tmp_path):
    reports.draw(made(("ours",)), tmp_path / "g.png")
    assert (tmp_path / "g.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_main_when_stopped_and_started_again_measures_only_what_is_missing(tmp_path, capfd):
    assert main(["--out", str(tmp_path), *TINY]) == 0
    path = tmp_path / "growth.json"
    whole = json.loads(path.read_text())
    assert set(whole["rows"]) == {f"{side} {kind} 4" for side in ("target", "source") for kind in ("ours", "naive")}
    assert all(row["steps"] == 4 and row["ms"][0] > 0 for row in whole["rows"].values())
    assert {path.name for path in tmp_path.iterdir()} == {"growth.json", "growth.md", "growth.png"}
    rows = {**whole["rows"], "target ours 4": {**whole["rows"]["target ours 4"], "ms": [123.0]}}
    del rows["source naive 4"]
    path.write_text(json.dumps({**whole, "rows": rows}))
    assert main(["--out", str(tmp_path), *TINY]) == 0
    again = json.loads(path.read_text())["rows"]
    assert again["target ours 4"]["ms"] == [123.0] and "source naive 4" in again
    assert "1 of 4 decodes to measure" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sizes", "1"], "expected --sizes and --fixed of 2 to 512 tokens; got [1, 32]"),
        (["--fixed", "513"], "of 2 to 512 tokens"),
        (["--hidden-dim", "12"], "a multiple of 8"),
        (["--rounds", "0"], "--rounds of 1 or more"),
    ],
)
def test_main_when_asked_wrongly_says_it_in_one_line(words, said, capsys):
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("growth: error: ") and said in line
