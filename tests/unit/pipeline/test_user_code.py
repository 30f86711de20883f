from __future__ import annotations

import sys

import pytest

from tests.unit.pipeline import mine
from tfedge.errors import ConfigError
from tfedge.pipeline import user_code


def test_metric_function_is_the_one_that_is_named():
    assert user_code.metric_function("tests.unit.pipeline.mine:rmse") is mine.rmse


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mine", "as MODULE:FUNCTION"),
        (":rmse", "as MODULE:FUNCTION"),
        ("tests.unit.pipeline.mine:none", "there is none"),
        ("tests.unit.pipeline.mine:NOT_A_FUNCTION", "there is none"),
        ("no_such_module_at_all:f", "expected to import your module 'no_such_module_at_all'"),
    ],
)
def test_metric_function_when_there_is_none_then_config_error(name, said):
    with pytest.raises(ConfigError, match=said):
        user_code.metric_function(name)


def test_import_modules_finds_what_is_in_the_present_folder_and_leaves_the_path_as_it_was(tmp_path, monkeypatch):
    (tmp_path / "tfedge_tests_present.py").write_text("VALUE = 1")
    (tmp_path / "tfedge_tests_raises.py").write_text("raise KeyError('no')")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    user_code.import_modules(["tfedge_tests_present"])
    with pytest.raises(ConfigError, match="KeyError: 'no'"):
        user_code.import_modules(["tfedge_tests_raises"])
    assert sys.modules.pop("tfedge_tests_present").VALUE == 1
    assert sys.path == before
