from __future__ import annotations

import pytest

from tfedge.cli import main
from tfedge.cli.parser import build_parser
from tfedge.errors import ConfigError


@pytest.fixture
def parser():
    return build_parser(main.VERBS)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "arguments are required: VERB; see `tfedge --help`"),
        ("run", "arguments are required: TASK; see `tfedge run --help`"),
        ("trian g2p", "got 'trian'; did you mean 'train'? See `tfedge --help`"),
        ("report r.json --format markdwn", "got 'markdwn'; did you mean 'markdown'? See `tfedge report --help`"),
        ("report r.json --format html", "--format must be one of table, markdown, json; got 'html'; see"),
        ("run g2p --words many", "argument --examples/--words: expected a whole number of 1 or more; got 'many'"),
        ("run g2p --word 3", "unrecognized arguments: --word 3; did you mean '--words'? See `tfedge run --help`"),
        ("run g2p --zzz", "unrecognized arguments: --zzz; see `tfedge run --help`"),
        ("--zzz run g2p", "unrecognized arguments: --zzz; see `tfedge --help`"),
    ],
)
def test_parse_when_usage_is_wrong_then_one_line_says_what_and_where_to_look(parser, line, said):
    with pytest.raises(ConfigError) as caught:
        parser.parse_args(line.split())
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_parse_when_option_is_abbreviated_then_it_is_refused(parser):
    with pytest.raises(ConfigError):
        parser.parse_args(["run", "g2p", "--fro"])


def test_parse_when_absl_flag_then_it_is_accepted_before_and_after_the_verb(parser):
    assert parser.parse_args(["--verbosity=1", "run", "g2p"]).task == "g2p"
    assert parser.parse_args(["run", "g2p", "--verbosity=-1"]).task == "g2p"


def test_help_lists_every_verb_with_its_summary(parser):
    text = " ".join(parser.format_help().split())
    for name, verb in main.VERBS.items():
        assert f"{name} {verb.SUMMARY}" in text
