from __future__ import annotations

import pytest

from tfedge.cli import convert_rescue, main
from tfedge.pipeline.rescue_report import RescueConfig

RESCUE = ["convert", "none.keras", "--rescue", "--recipe", "static_wi8_ai8"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["convert", "none.keras", "--max-points-lost", "1"], "expected --recipe auto with --max-points-lost"),
        ([*RESCUE, "--prefer", "size"], "expected --recipe auto with --prefer"),
        (["convert", "none.keras", "--budget-minutes", "1"], "expected --rescue with --budget-minutes"),
        (["convert", "none.keras", "--rescue"], "expected one --recipe with --rescue; got 0"),
        ([*RESCUE, "--recipe", "float32"], "expected one --recipe with --rescue; got 2"),
        ([*RESCUE[:-1], "float32"], "a rescue needs a recipe that quantizes to integers; got float32"),
        ([*RESCUE[:-1], "static"], "recipe must be one of"),
        ([*RESCUE, "--max-points-lost", "-1"], "`max_points_lost` must be at least 0"),
        ([*RESCUE, "--max-points-lost", "nan"], "expected a number"),
        ([*RESCUE, "--budget-minutes", "0"], "expected a number above 0"),
        ([*RESCUE, "--representative-dataset", "data.npz"], "expected a model of tfedge train with --rescue"),
        (RESCUE, "expected a trained model at none.keras"),
    ],
)
def test_convert_rescue_when_asked_wrongly_then_one_line_and_exit_code_2(arguments, told, capsys):
    assert main.main(arguments) == 2
    assert told in capsys.readouterr().err


def test_budget_of_the_flag_is_that_of_the_config():
    assert convert_rescue.BUDGET_MINUTES == RescueConfig().budget_minutes
