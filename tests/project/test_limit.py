"""The floor of a decode: the machine's own rates, the products of a file, and what the command prints."""

from __future__ import annotations

import json

import pytest

from tfedge.errors import ArtifactError, ConfigError, DeviceError, MeasurementError
from tfedge.modelfile.graph import read_graph
from tools.limit import floor, machine
from tools.limit.__main__ import MARKS, main, update_readme

LIMITS = machine.Machine(4.0, 100.0, 256.0, 64.0, "AVX", 1000)


@pytest.fixture(scope="module")
def shipped(root):
    return read_graph((root / "models" / "g2p" / "g2p.tflite").read_bytes())


def test_machine_when_measured_reads_and_multiplies_no_more_than_any_core_can():
    found = machine.measure(16384, 40)
    # Of every x86 core so far: at most three 64-byte loads, two 64-lane int8 and two 16-lane float operations a cycle;
    # a tenth more, since the clock may rise between two of the measurements. A broken loop is far outside.
    assert 4 < found.per_cycle["bytes"] < 1.1 * 192
    assert 8 < found.per_cycle["int8"] < 1.1 * 128
    assert 4 < found.per_cycle["float"] < 1.1 * 32
    assert 0.5 < found.ghz < 8


def test_machine_when_there_is_no_compiler_says_what_installs_one():
    with pytest.raises(DeviceError, match="expected no-such-gcc to compile machine.c; it is missing"):
        machine.measure(1000, 1, "no-such-gcc")


def test_machine_when_the_compiler_refuses_gives_its_first_line(tmp_path):
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\necho 'machine.c:9: error: no such header' >&2\nexit 1\n")
    compiler.chmod(0o755)
    with pytest.raises(DeviceError, match="machine.c:9: error: no such header"):
        machine.measure(1000, 1, str(compiler))


@pytest.mark.parametrize("said", ["", "null", "{}", '{"ghz": 1}'])
def test_parse_when_the_program_says_something_else_raises(said):
    with pytest.raises(MeasurementError, match="expected the limits as JSON"):
        machine.parse(said, 10)


def test_machine_when_a_rate_is_zero_is_refused():
    with pytest.raises(MeasurementError, match="above 0 for read_gb_s"):
        machine.Machine(4.0, 0.0, 256.0, 64.0, "AVX", 1000)


@pytest.mark.parametrize(
    ("macs", "num_bytes", "is_int8", "seconds"),
    [
        (256, 1, True, 1e-9),  # bound by multiply-accumulates
        (256, 1000, True, 1e-8),  # bound by bytes
        (256, 1, False, 4e-9),  # float is slower
    ],
)
def test_product_when_bound_takes_the_larger_of_both_times(macs, num_bytes, is_int8, seconds):
    assert floor.Product("x", 1, macs, num_bytes, is_int8).seconds(LIMITS) == pytest.approx(seconds)
    assert floor.Product("x", 3, macs, num_bytes, is_int8).seconds(LIMITS) == pytest.approx(3 * seconds)


def test_products_when_a_decode_has_more_steps_repeat_the_body_and_not_the_encoder(shipped):
    one, many = (floor.products(shipped, "greedy", steps) for steps in (1, 10))
    assert [product.times for product in one] == [1] * len(one)
    assert {product.times for product in many} == {1, 10}
    assert [product.macs for product in one] == [product.macs for product in many]
    encoder = sum(product.macs for product in floor.products(shipped, "encode", 1))
    outside = sum(product.macs for product in many if product.times == 1)
    # The signature `encode` also computes the cross keys and values, as `greedy` does before its loop.
    assert outside == encoder


def test_products_when_weights_are_int8_count_their_bytes_once_a_step(shipped):
    found = floor.products(shipped, "greedy", 5)
    in_loop = [product for product in found if product.times == 5]
    assert floor.weights_of_a_step(found) == sum(product.num_bytes for product in in_loop)
    assert any(product.is_int8 for product in in_loop)
    fully_connected = [product for product in in_loop if "FULLY_CONNECTED" in product.name]
    assert all(product.macs == product.num_bytes for product in fully_connected if product.is_int8)  # one row, 8 bits


@pytest.mark.parametrize(("signature", "steps", "said"), [("x", 1, "expected a signature"), ("greedy", 0, "one step")])
def test_products_when_asked_wrongly_raise(signature, steps, said, shipped):
    with pytest.raises(ConfigError, match=said):
        floor.products(shipped, signature, steps)


def test_main_when_a_decode_is_measured_prints_how_far_above_the_floor_it_is(root, tmp_path, capfd):
    model, out = str(root / "models" / "g2p" / "g2p.tflite"), tmp_path / "limit.json"
    assert main([model, "--rounds", "2", "--milliseconds", "20", "--json", "--out", str(out)]) == 0
    report = json.loads(capfd.readouterr().out)
    (row,) = report["rows"]
    assert report == json.loads(out.read_text())
    assert row["ratio"] == pytest.approx(row["median_ms"] / row["floor_ms"])
    assert row["ratio"] > 1  # nothing is faster than its products
    readme = tmp_path / "README.md"
    readme.write_text(f"a\n{MARKS[0]}\n{MARKS[1]}\nb\n")
    update_readme(readme, out)
    assert f"| g2p, greedy | {row['steps']} |" in readme.read_text()
    assert main([model, "--rounds", "1", "--milliseconds", "4", "--out", str(out)]) == 2  # nothing is replaced
    assert "pass --force" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "expected a .tflite, and 1 or more --rounds"),
        (["m.tflite", "--rounds", "0"], "1 or more --rounds"),
        (["m.tflite"], "expected a model at m.tflite; there is none"),
        (["README.md"], "expected a .tflite model"),
        (["models/g2p/g2p.tflite", "--signature", "decode_step"], "expected a signature with source_ids"),
    ],
)
def test_main_when_asked_wrongly_says_it_in_one_line(words, said, root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    assert main(words) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1].startswith("limit: error: ") and said in lines[-1]


@pytest.mark.parametrize("text", ["", "{}", '{"rows": []}'])
def test_readme_when_the_report_is_another_is_not_touched(text, tmp_path):
    (tmp_path / "r.json").write_text(text)
    (tmp_path / "README.md").write_text("a")
    with pytest.raises(ArtifactError, match="expected a report of limits"):
        update_readme(tmp_path / "README.md", tmp_path / "r.json")
    assert (tmp_path / "README.md").read_text() == "a"
