from __future__ import annotations

import pytest

from tfedge.errors import ConfigError
from tfedge.networks.beam_config import BeamConfig


def test_beam_config_then_its_json_makes_it_again():
    config = BeamConfig(5, 2, 0.5)
    assert BeamConfig(**config.to_json()) == config


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"width": 0}, "from 1 to 64; got 0"),
        ({"width": 65}, "from 1 to 64; got 65"),
        ({"width": 2.0}, "got 2.0"),
        ({"num_best": 5}, "from 1 to the width 4; got 5"),
        ({"num_best": 0}, "got 0"),
        ({"length_penalty": -0.1}, "from 0 to 2; got -0.1"),
        ({"length_penalty": float("nan")}, "got nan"),
    ],
)
def test_beam_config_when_no_search_can_be_so_then_refused(values, said):
    with pytest.raises(ConfigError, match=said):
        BeamConfig(**values)


def test_beam_config_when_at_the_limits_then_accepted():
    assert BeamConfig(64, 64, 2.0).width == 64
    assert BeamConfig(1, 1, 0).num_best == 1
