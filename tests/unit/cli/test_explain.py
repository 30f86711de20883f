from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from tests.explanations.recorded import RECORDED
from tests.project import sources
from tfedge.checks.explanations import catalogue
from tfedge.cli import explain, explanation_text, main

LINE = "Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'"


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main.main(["explain", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def give(monkeypatch):
    """Returns a function that puts bytes on stdin."""

    def put(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return put


@pytest.mark.parametrize("words", [["op_version"], [LINE], LINE.split(), [f"ValueError: {LINE}. Registration failed."]])
def test_explain_when_given_an_id_or_the_error_then_the_entry_whole(capsys, words):
    code, out, err = run(capsys, *words)
    entry = catalogue.get("op_version")
    assert (code, err) == (0, "")
    said = " ".join(out.split())
    for text in (f"op_version: {entry.title}", entry.cause, entry.consequence, entry.fix, *entry.sources):
        assert text in said
    for line in entry.example.splitlines():
        assert line in out  # Whole, to be copied.
    assert all(line == line.rstrip() for line in out.splitlines())


def test_explain_when_several_fit_then_the_others_follow_by_id(capsys):
    code, out, _ = run(
        capsys, "RuntimeError: Encountered unresolved custom op: MyOp. Node number 0 (MyOp) failed to prepare."
    )
    assert code == 0
    assert out.startswith("custom_op: ")
    assert out[out.index("Also in this text") :].split()[4] == "node_failed"


def test_explain_when_alone_then_every_id_by_family(capsys):
    code, out, _ = run(capsys)
    assert code == 0
    for family in catalogue.FAMILIES.values():
        assert family.title in out
    assert [line.split()[0] for line in out.splitlines() if line.startswith("  ") and line[2] != " "] == [
        entry.id for entry in catalogue.ALL
    ]


def test_explain_when_nothing_fits_then_exit_2_and_one_line_names_the_nearest(capsys):
    code, out, err = run(capsys, "op_versoin")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "the nearest are op_version" in err and "paste the whole error" in err


def test_explain_when_nothing_is_near_then_exit_2_and_what_to_paste(capsys):
    code, _, err = run(capsys, "qqqq")
    assert code == 2
    assert "the nearest" not in err and "paste the whole error" in err


def test_explain_json_when_it_fits_then_the_entries_and_where(capsys):
    code, out, _ = run(capsys, "--json", f"E: {LINE}")
    (match,) = json.loads(out)["matches"]
    assert code == 0
    assert (match["id"], match["family"], match["excerpt"]) == ("op_version", "loading", f"E: {LINE}")
    assert match["sources"] == list(catalogue.get("op_version").sources)


def test_explain_json_when_nothing_fits_then_exit_2_and_the_nearest(capsys):
    code, out, err = run(capsys, "--json", "op_versoin")
    assert (code, err.count("\n")) == (2, 1)
    assert json.loads(out) == {"matches": [], "nearest": ["op_version"]}


def test_explain_json_when_alone_then_all_ids(capsys):
    _, out, _ = run(capsys, "--json")
    families = json.loads(out)["families"]
    assert [entry["id"] for family in families for entry in family["entries"]] == [entry.id for entry in catalogue.ALL]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_explain_when_a_log_comes_on_stdin_then_it_is_explained(capsys, give, encoding):
    give(f"starting\n{LINE}\nbye\n".encode(encoding))
    code, out, _ = run(capsys, "-")
    assert code == 0
    assert out.startswith("op_version: ")
    assert f"\n  {LINE}\n" in out


def test_explain_when_the_log_is_long_then_its_beginning_and_end_are_read(capsys, give):
    noise = b"noise 123\n" * 600_000  # 6 MB, more than is kept of either end.
    give(LINE.encode() + b"\n" + noise + RECORDED["model_compressed"][0].encode())
    _, out, _ = run(capsys, "-")
    assert out.startswith("model_compressed: ")
    assert "op_version" in out[out.index("Also in this text") :]


def test_read_log_when_stdin_never_ends_then_it_stops(monkeypatch):
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"a" * size

    stream = Endless()
    monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": stream}))
    monkeypatch.setattr(explain, "_READ_BYTES", 1 << 20)
    monkeypatch.setattr(explain, "_KEPT_BYTES", 1 << 18)
    assert len(explain.read_log()) == 1 << 19
    assert stream.given == 1 << 20


@pytest.mark.parametrize(
    "dirt", ["\x1b[31m\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "\u202e", "\r", "\x08" * 9, "\u2028", "\ud800"]
)
def test_explain_when_the_text_holds_escapes_then_none_comes_out(capsys, dirt):
    for arguments in ([f"{dirt}x {LINE} {dirt}"], ["--json", f"{dirt}x {LINE}"], [f"{dirt}nothing known{dirt}"]):
        _, out, err = run(capsys, *arguments)
        text = (out + err).replace("\n", "")
        assert text.isprintable()


@pytest.mark.parametrize("data", [b"", b"\x00" * 99, bytes(range(256)) * 9, b"\xff\xfe", b"\xff\xfe\x00"])
def test_explain_when_stdin_is_no_text_then_exit_2_and_one_line(capsys, give, data):
    give(data)
    code, out, err = run(capsys, "-")
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_explain_on_a_terminal_then_it_is_as_wide_as_can_be_read(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    _, out, _ = run(capsys, "flex_op")
    example = catalogue.get("flex_op").example
    prose = [line for line in out.splitlines() if example not in line]
    assert max(map(len, prose)) <= explanation_text.MAX_WIDTH


def test_explain_then_neither_numpy_nor_an_interpreter_is_imported():
    code = "import sys; from tfedge.cli import main; main.main(['explain', 'op_version']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=sources.ROOT, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert loaded & {"numpy", "tensorflow", "tflite_runtime", "ai_edge_litert", "flatbuffers"} == set()
