"""The README's commands, links and measured table are what they say."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.project import sources
from tests.unit.reports import sample_reports as made
from tfedge.cli import main
from tfedge.cli.parser import build_parser
from tfedge.errors import ArtifactError
from tfedge.reports.report_file import write_report
from tools import update_readme

README = (sources.ROOT / "README.md").read_text(encoding="utf-8")
CI = (sources.ROOT / ".ci" / "run").read_text(encoding="utf-8")


def command(name: str) -> str:
    """Returns the one line of the README's code block below the mark `<!-- command: NAME -->`."""
    (block,) = re.findall(rf"<!-- command: {name} -->\n```bash\n(.*?)\n```", README, re.DOTALL)
    return block


@pytest.mark.parametrize("name", ["run", "test"])
def test_command_is_one_line_and_names_files_that_exist(name):
    line = command(name)
    assert "\n" not in line
    for word in shlex.split(line):
        if re.search(r"[.](py|txt)$", word):
            assert (sources.ROOT / word).is_file()


def test_run_command_installs_with_constraints_and_runs_the_main_job():
    steps = command("run").split(" && ")
    assert steps == [
        "python3 -m venv .venv",
        ".venv/bin/pip install -c constraints.txt '.[train]'",
        ".venv/bin/tfedge run g2p",
    ]


def test_test_command_is_what_ci_runs_to_the_letter_and_last():
    assert CI.rstrip().splitlines()[-1] == command("test")


def test_run_command_is_run_by_ci_to_the_letter():
    assert command("run") in CI.splitlines()


def tfedge_lines() -> list[str]:
    """Returns the `tfedge ...` commands of the README's bash blocks."""
    blocks = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    return re.findall(r"(?<![^/\n])tfedge (?!\.).+$", "\n".join(blocks), re.MULTILINE)


@pytest.mark.parametrize("line", tfedge_lines())
def test_tfedge_command_of_a_code_block_parses(line):
    build_parser(main.VERBS).parse_args(shlex.split(line, comments=True)[1:])


def test_code_blocks_show_the_main_job_and_a_prediction():
    assert {line.split()[1] for line in tfedge_lines()} >= {"run", "predict"}


def test_every_verb_has_its_line_and_no_other_does():
    assert re.findall(r"^\| `tfedge (\w+)", README, re.MULTILINE) == list(main.VERBS)


def test_local_links_lead_somewhere():
    links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", README)
    assert [link for link in links if not (sources.ROOT / link).exists()] == []


def test_task_of_ones_own_is_the_one_that_is_run():
    shown = README.partition("<!-- task: begin -->\n```python\n")[2].partition("```\n<!-- task: end -->")[0]
    assert shown == (sources.ROOT / "tests" / "e2e" / "own_task" / "blink.py").read_text()


@pytest.fixture
def readme(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(f"before\n{update_readme.BEGIN}\nold\n{update_readme.END}\nafter\n")
    return path


@pytest.fixture
def report_path(tmp_path):
    return write_report(tmp_path / "r.json", made.make_report(made.row(), made.refused()))


def test_update_readme_when_run_then_the_region_alone_changes_and_check_agrees(readme, report_path):
    arguments = [str(report_path), "--readme", str(readme)]
    assert update_readme.main([*arguments, "--check"]) == 1
    assert "\nold\n" in readme.read_text()
    assert update_readme.main(arguments) == 0
    text = readme.read_text()
    assert text.startswith(f"before\n{update_readme.BEGIN}\n\n| recipe |")
    assert text.endswith(f"\n\n{update_readme.END}\nafter\n")
    assert "21.95 (20.1-23.8)" in text and "Measured 2026-11-21 by `tfedge run g2p` on" in text
    assert update_readme.main([*arguments, "--check"]) == 0


def test_update_readme_when_a_number_was_edited_by_hand_then_check_fails(readme, report_path):
    arguments = [str(report_path), "--readme", str(readme)]
    update_readme.main(arguments)
    readme.write_text(readme.read_text().replace("21.95", "20.95"))
    assert update_readme.main([*arguments, "--check"]) == 1


@pytest.mark.parametrize("text", ["", "{begin}", "{end} {begin}", "{begin} {end} {begin} {end}"])
def test_update_readme_when_marks_are_not_one_pair_then_refused(text):
    with pytest.raises(ArtifactError, match="restore them"):
        update_readme.replace_region(text.format(begin=update_readme.BEGIN, end=update_readme.END), "new")


def test_update_readme_when_there_is_no_report_then_exit_2(readme, tmp_path, capsys):
    assert update_readme.main([str(tmp_path / "none.json"), "--readme", str(readme)]) == 2
    assert "there is none" in capsys.readouterr().err


def test_measured_regions_are_those_of_the_shipped_reports():
    assert update_readme.main(["--check"]) == 0
