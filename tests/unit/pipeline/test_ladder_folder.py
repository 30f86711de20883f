from __future__ import annotations

import pytest

from tfedge.errors import ArtifactError
from tfedge.pipeline.ladder_folder import LadderFolder


def test_keep_then_another_ladder_that_goes_on_reads_it(tmp_path):
    folder = LadderFolder(tmp_path / "m.ladder", "m")
    folder.keep({"wer": 1.5}, "words", "sha", "target")
    assert folder.measured("words", "sha", "target") == {"wer": 1.5}
    again = LadderFolder(tmp_path / "m.ladder", "m", resume=True)
    assert again.measured("words", "sha", "target") == {"wer": 1.5}
    assert again.measured("words", "shat", "arget") is None  # The parts of a key do not run together.


def test_measured_when_not_resumed_then_nothing_of_an_earlier_ladder(tmp_path):
    LadderFolder(tmp_path, "m").keep({"wer": 1.5}, "words")
    assert LadderFolder(tmp_path, "m").measured("words") is None


def test_resume_when_what_was_measured_is_damaged_then_artifact_error(tmp_path):
    (tmp_path / "measured.json").write_text('{"a": ')
    with pytest.raises(ArtifactError, match="expected what a ladder measured in .*; leave out --resume"):
        LadderFolder(tmp_path, "m", resume=True)


@pytest.mark.parametrize("resume", [True, False])
def test_pack_when_the_file_is_damaged_or_not_asked_for_then_none(tmp_path, resume):
    from tfedge.conversion.recipes import RECIPES

    folder = LadderFolder(tmp_path, "m", resume)
    folder.file("float32").write_bytes(b"half a file")
    assert folder.pack(RECIPES["float32"], lambda pack, recipe: True) is None
