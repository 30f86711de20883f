from __future__ import annotations

import argparse

import pytest

from tfedge.cli import verb
from tfedge.errors import ConfigError


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("12000", 12000), ("1_000", 1000)])
def test_positive_int_when_whole_then_value(text, value):
    assert verb.positive_int(text) == value


@pytest.mark.parametrize("text", ["0", "-1", "2.5", "", "many"])
def test_positive_int_when_not_then_message(text):
    with pytest.raises(argparse.ArgumentTypeError, match="whole number of 1 or more"):
        verb.positive_int(text)


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), ("0.25", 0.25), ("1e3", 1000.0)])
def test_positive_float_when_above_zero_then_value(text, value):
    assert verb.positive_float(text) == value


@pytest.mark.parametrize("text", ["0", "-0.5", "nan", "inf", "soon"])
def test_positive_float_when_not_then_message(text):
    with pytest.raises(argparse.ArgumentTypeError, match="number above 0"):
        verb.positive_float(text)


def test_check_task_when_known_then_returns():
    verb.check_task("g2p")


def test_check_task_when_unknown_then_nearest_match():
    with pytest.raises(ConfigError, match="task must be one of g2p, .*; got 'gtp'; did you mean 'g2p'"):
        verb.check_task("gtp")
