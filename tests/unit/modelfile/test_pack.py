"""The pack: written, read back, and found out wherever one byte of it changes."""

from __future__ import annotations

import pathlib
import struct
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tfedge.artifacts import sha256_hex
from tfedge.errors import ArtifactError, ConfigError, IntegrityError
from tfedge.modelfile import pack as packs
from tfedge.modelfile.evaluation import EvaluationExample, EvaluationSet
from tfedge.modelfile.golden import GoldenCase
from tfedge.modelfile.pack import Pack, append_archive, has_pack, parse_pack, read_pack, split_model, write_pack

Written = tuple[pathlib.Path, Pack]


@pytest.fixture
def written(
    tmp_path: pathlib.Path,
    dense_bytes: bytes,
    task: dict[str, Any],
    golden: tuple[GoldenCase, ...],
    fields: dict[str, Any],
) -> Written:
    """A pack on disk and what its writer returned."""
    path = tmp_path / "packed.tflite"
    return path, write_pack(path, dense_bytes, task, golden, fields)


def test_read_pack_when_written_returns_every_part(
    written: Written,
    dense_bytes: bytes,
    task: dict[str, Any],
    golden: tuple[GoldenCase, ...],
    fields: dict[str, Any],
) -> None:
    path, returned = written

    pack = read_pack(path)

    assert pack == returned
    assert pack.model_bytes == dense_bytes == split_model(path)
    assert (pack.task, pack.golden) == (task, golden)
    assert pack.manifest.recipe == "float32"
    assert pack.manifest.provenance == fields["provenance"]
    assert list(pack.manifest.gates) == fields["gates"]
    assert pack.sha256 == sha256_hex(path.read_bytes())
    assert has_pack(path)


def test_read_pack_when_an_evaluation_set_was_packed_returns_it(
    written: Written, dense_bytes: bytes, golden: tuple[GoldenCase, ...], fields: dict[str, Any]
) -> None:
    examples = (EvaluationExample("naïve", ("a b", "a"), ""), EvaluationExample("a", ("b",), "b"))
    evaluation = EvaluationSet(examples, {"data": "1.0"})

    returned = write_pack(written[0], dense_bytes, {}, golden, fields, force=True, evaluation=evaluation)

    assert written[1].evaluation is None
    assert read_pack(written[0]) == returned
    assert returned.evaluation == evaluation
    assert sorted(returned.manifest.entries) == ["evaluation.json", "golden.json", "task.json"]
    with pytest.raises(IntegrityError, match="evaluation.json was exchanged"):
        parse_pack(_forge(written, lambda entries: entries.update({"evaluation.json": b"{}"})), written[0])


def test_write_pack_when_repeated_gives_the_same_bytes(
    written: Written,
    tmp_path: pathlib.Path,
    dense_bytes: bytes,
    task: dict[str, Any],
    golden: tuple[GoldenCase, ...],
    fields: dict[str, Any],
) -> None:
    again = tmp_path / "again.tflite"
    write_pack(again, dense_bytes, dict(reversed(task.items())), golden, fields)

    assert again.read_bytes() == written[0].read_bytes()


def test_write_pack_when_unzipped_by_others_reads_as_a_plain_archive(written: Written) -> None:
    data = written[0].read_bytes()
    end = data.rindex(b"PK\x05\x06")
    size, offset, comment_size = struct.unpack("<IIH", data[end + 12 : end + 22])

    assert offset + size == end  # Else unzip warns of extra bytes and guesses.
    assert end + 22 + comment_size == len(data)
    with zipfile.ZipFile(written[0]) as archive:
        assert archive.namelist() == ["golden.json", "manifest.json", "task.json"]
        assert archive.testzip() is None
        assert archive.comment.startswith(b"sha256:")


def _flips(path: pathlib.Path, start: int = 0) -> Iterator[int]:
    """Yields each position from `start` on while the byte there is flipped in the file at `path`."""
    data = path.read_bytes()
    with path.open("r+b", buffering=0) as file:
        for position in range(start, len(data)):
            for value in (data[position] ^ 0xFF, data[position]):
                file.seek(position)
                file.write(bytes([value]))
                if value != data[position]:
                    yield position


def test_read_pack_when_any_single_byte_is_flipped_is_found_out(written: Written) -> None:
    passed = []
    for position in _flips(written[0]):
        try:
            read_pack(written[0])
            passed.append(position)
        except ArtifactError:
            pass  # Any other exception is a traceback for the user, and fails this test.

    assert passed == []
    assert read_pack(written[0]) == written[1]


def test_parse_pack_when_any_single_bit_is_flipped_is_found_out(written: Written) -> None:
    data = bytearray(written[0].read_bytes())
    passed = []
    for position in range(8 * len(data)):
        data[position // 8] ^= 1 << position % 8
        try:
            parse_pack(bytes(data), written[0])
            passed.append(position)
        except ArtifactError:
            pass
        data[position // 8] ^= 1 << position % 8

    assert passed == []


def test_split_model_when_any_byte_of_the_archive_is_flipped_is_found_out(written: Written) -> None:
    for _ in _flips(written[0], start=written[1].manifest.model_size_bytes):
        assert has_pack(written[0])  # A damaged pack must never pass for a file without one.
        with pytest.raises(IntegrityError):
            split_model(written[0])


@pytest.mark.parametrize("extra", [b"\0", b"\n", b"PK\x05\x06" + bytes(18)])
def test_read_pack_when_bytes_are_appended_is_found_out(written: Written, extra: bytes) -> None:
    data = written[0].read_bytes()

    for changed in (data + extra, extra + data, data + data):
        with pytest.raises(ArtifactError):
            parse_pack(changed, written[0])


def test_read_pack_when_cut_anywhere_is_found_out(written: Written) -> None:
    data = written[0].read_bytes()

    for length in {*range(0, len(data), 17), *range(len(data) - 200, len(data))}:
        with pytest.raises(ArtifactError):
            parse_pack(data[:length], written[0])
        with pytest.raises(ArtifactError):
            parse_pack(data[len(data) - length :], written[0])


def test_read_pack_when_bytes_change_names_both_digests(written: Written) -> None:
    data = bytearray(written[0].read_bytes())
    data[100] ^= 1

    with pytest.raises(IntegrityError, match=r"sha256:[0-9a-f]{16}….*sha256:[0-9a-f]{16}….*copy the file again"):
        parse_pack(bytes(data), written[0])


def test_parts_when_the_file_has_no_pack_are_the_model_alone(tmp_path: pathlib.Path, dense_bytes: bytes) -> None:
    path = tmp_path / "plain.tflite"
    path.write_bytes(dense_bytes)

    assert not has_pack(path)
    assert split_model(path) == dense_bytes
    with pytest.raises(ArtifactError, match="there is no pack; make one with `tfedge package`"):
        read_pack(path)


def test_read_pack_when_the_file_is_missing_names_it(tmp_path: pathlib.Path) -> None:
    for read in (read_pack, has_pack, split_model):
        with pytest.raises(ArtifactError, match="none.tflite"):
            read(tmp_path / "none.tflite")


def test_write_pack_when_the_file_exists_needs_force(
    written: Written, dense_bytes: bytes, golden: tuple[GoldenCase, ...], fields: dict[str, Any]
) -> None:
    before = written[0].read_bytes()
    with pytest.raises(ArtifactError, match="--force"):
        write_pack(written[0], dense_bytes, {}, golden, fields)
    assert written[0].read_bytes() == before

    write_pack(written[0], dense_bytes, {}, golden, fields, force=True)
    assert read_pack(written[0]).task == {}


def test_write_pack_when_arguments_are_illegal_writes_nothing(
    written: Written, tmp_path: pathlib.Path, dense_bytes: bytes, golden: tuple[GoldenCase, ...], fields: dict[str, Any]
) -> None:
    path = tmp_path / "new.tflite"
    attempts: list[tuple[bytes, dict[str, Any], tuple[GoldenCase, ...], dict[str, Any], type[Exception]]] = [
        (written[0].read_bytes(), {}, golden, fields, ArtifactError),  # A pack in a pack.
        (dense_bytes[:700], {}, golden, fields, ArtifactError),
        (b"", {}, golden, fields, ArtifactError),
        (dense_bytes, {"a": float("nan")}, golden, fields, ConfigError),
        (dense_bytes, {}, (), fields, ConfigError),
        (dense_bytes, {}, golden + golden, fields, ConfigError),
        (dense_bytes, {}, golden, {**fields, "recipe": "dynamic_wi8_afp32"}, ConfigError),
        (dense_bytes, {}, golden, {**fields, "colour": "red"}, ConfigError),
        (dense_bytes, {}, golden, {"recipe": "float32"}, ConfigError),
        (dense_bytes, {}, golden, {**fields, "gates": ["size"]}, ConfigError),
    ]
    for model, spec, cases, given, error in attempts:
        with pytest.raises(error):
            write_pack(path, model, spec, cases, given)

    assert [entry.name for entry in tmp_path.iterdir()] == [written[0].name]


def test_write_pack_when_another_archive_is_appended_refuses(
    tmp_path: pathlib.Path, dense_bytes: bytes, golden: tuple[GoldenCase, ...], fields: dict[str, Any]
) -> None:
    with_labels = append_archive(dense_bytes, {"labels.txt": b"yes"})[:-100]

    with pytest.raises(ArtifactError, match="archive behind it"):
        write_pack(tmp_path / "a.tflite", append_archive(dense_bytes, {"labels.txt": b"yes"}), {}, golden, fields)
    assert write_pack(tmp_path / "b.tflite", with_labels, {}, golden, fields).model_bytes == with_labels


def _forge(written: Written, change: Callable[[dict[str, bytes]], object], model: bytes | None = None) -> bytes:
    """Returns a pack with changed entries, sealed again as a forger would seal it."""
    with zipfile.ZipFile(written[0]) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    return append_archive(model or written[1].model_bytes, entries)


@pytest.mark.parametrize("name", ["../escape.json", "/etc/passwd", "task.json/", "TASK.JSON", "extra.json"])
def test_read_pack_when_an_entry_has_another_name_refuses(written: Written, name: str) -> None:
    with pytest.raises(ArtifactError, match="it must hold the entries"):
        parse_pack(_forge(written, lambda entries: entries.update({name: b"{}"})), written[0])

    with pytest.raises(ArtifactError, match="it must hold the entries"):
        parse_pack(_forge(written, lambda entries: entries.update({name: entries.pop("task.json")})), written[0])


def test_read_pack_when_an_entry_is_not_in_the_manifest_refuses(written: Written) -> None:
    with pytest.raises(ArtifactError, match="manifest.json must have the sha256 of"):
        parse_pack(_forge(written, lambda entries: entries.update({"evaluation.json": b"{}"})), written[0])


def test_read_pack_when_an_entry_is_missing_refuses(written: Written) -> None:
    with pytest.raises(ArtifactError, match="it must hold the entries"):
        parse_pack(_forge(written, lambda entries: entries.pop("golden.json")), written[0])


def test_read_pack_when_an_entry_comes_twice_refuses(written: Written) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(written[0], "a") as archive:
        archive.writestr("task.json", b"{}")
        archive.comment = b""
    forged = _seal(written[0].read_bytes())

    with pytest.raises(ArtifactError, match="it must hold the entries"):
        parse_pack(forged, written[0])


def _seal(archive: bytes) -> bytes:
    """Returns an archive without comment, sealed."""
    sealed = archive[:-2] + struct.pack("<H", 71)
    return sealed + b"sha256:" + sha256_hex(sealed).encode()


@pytest.mark.parametrize("name", ["task.json", "golden.json", "manifest.json"])
def test_read_pack_when_an_entry_declares_a_huge_size_refuses(
    written: Written, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = b'{"a": "' + b" " * packs.MAX_ENTRY_BYTES + b'"}'  # 8 MiB in 8 kB.
    forged = _forge(written, lambda entries: entries.update({name: bomb}))
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("unpacked before its size was checked"))

    with pytest.raises(ArtifactError, match="must be at most 8388608 bytes; got 83886"):
        parse_pack(forged, written[0])


def test_read_pack_when_an_entry_lies_about_its_size_unpacks_no_more_than_declared(written: Written) -> None:
    forged = _forge(written, lambda entries: entries.update({"task.json": b" " * 7_654_321}))
    forged = forged[:-71].replace(struct.pack("<I", 7_654_321), struct.pack("<I", 2))

    with pytest.raises(ArtifactError, match="Bad CRC"):
        parse_pack(forged + b"sha256:" + sha256_hex(forged).encode(), written[0])


@pytest.mark.parametrize("name", ["task.json", "golden.json"])
def test_read_pack_when_a_part_is_exchanged_and_sealed_names_it(written: Written, name: str) -> None:
    with pytest.raises(IntegrityError, match=f"{name} was exchanged"):
        parse_pack(_forge(written, lambda entries: entries.update({name: b"{}"})), written[0])


def test_read_pack_when_the_model_is_exchanged_and_sealed_names_it(written: Written, seq2seq_bytes: bytes) -> None:
    with pytest.raises(IntegrityError, match="model was exchanged"):
        parse_pack(_forge(written, lambda entries: None, seq2seq_bytes), written[0])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"schema_version": 1', b'"schema_version": 2'),
        (b'"recipe"', b'"Recipe"'),
        (b'"float32"', b'"static_wi8_ai8"'),
        (b"{", b"[" * 100_000),
        (b'"seed": 7', b'"seed": NaN'),
        (b'"task.json"', b'"golden.json"'),
    ],
)
def test_read_pack_when_the_manifest_is_forged_refuses(written: Written, old: bytes, new: bytes) -> None:
    def change(entries: dict[str, bytes]) -> None:
        assert old in entries["manifest.json"]
        entries["manifest.json"] = entries["manifest.json"].replace(old, new)

    with pytest.raises(ArtifactError, match="expected a readable pack"):
        parse_pack(_forge(written, change), written[0])


def test_read_pack_when_any_archive_byte_is_flipped_and_sealed_never_breaks(written: Written) -> None:
    data = bytearray(written[0].read_bytes()[:-71])
    start = written[1].manifest.model_size_bytes
    for mask in (0xFF, 0x01, 0x40):
        for position in range(start, len(data)):
            data[position] ^= mask
            sealed = bytes(data)
            try:
                pack = parse_pack(sealed + b"sha256:" + sha256_hex(sealed).encode(), written[0])
                assert (pack.model_bytes, pack.golden) == (written[1].model_bytes, written[1].golden)
            except ArtifactError:
                pass
            data[position] ^= mask
