"""The errors themselves: each is provoked, found by its own words, and gone where the advice is followed."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from tests import models
from tests.explanations import command_cases, finding_cases, package_cases, provoke
from tests.explanations.case import LITERT, SYMPTOMS, TENSORFLOW, TFLITE, Case
from tests.explanations.interpreter_cases import CASES as INTERPRETER_CASES
from tests.explanations.interpreter_cases import unary
from tests.project import sources
from tfedge.checks import explanations
from tfedge.checks.probes import PROBES, SIGNATURE
from tfedge.checks.rules import static_findings
from tfedge.errors import WorkerError
from tfedge.modelfile.graph import read_graph
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import find_environment
from tfedge.runtime.targets import RuntimeTarget

PAIRS = [(where, case) for where in (TFLITE, LITERT, TENSORFLOW) for case in provoke.cases_of(where)]


@functools.cache
def provoked(where: str) -> dict[str, Any]:
    """Returns what every case of a runtime came to; one process for all."""
    command = [sys.executable, "-m", "tests.explanations.provoke", where]
    run = subprocess.run(command, capture_output=True, text=True, cwd=sources.ROOT, check=True)
    return json.loads(run.stdout)


def best(text: str) -> str | None:
    entry = explanations.explanation_for(text)
    return entry.id if entry else None


@pytest.mark.parametrize(("where", "case"), PAIRS, ids=lambda value: getattr(value, "key", value))
def test_error_when_provoked_then_explained_and_gone_with_the_advice(where: str, case: Case):
    found = provoked(where)[case.key]
    if case.said is None:
        assert found["broken"]["raised"]
        assert best(found["broken"]["text"]) == case.id
    else:
        assert found["broken"]["value"] is True or found["broken"]["raised"], found["broken"]["text"]
        assert best(case.said) == case.id
    if case.fixed is not None:
        assert not found["fixed"]["raised"], found["fixed"]["text"]
        assert not found["fixed"]["value"]


@pytest.mark.parametrize("name", SYMPTOMS)
def test_symptom_when_its_cause_is_provoked_then_it_is_found_behind_it(name):
    for where, key in SYMPTOMS[name]:
        found = [match.entry.id for match in explanations.find(provoked(where)[key]["broken"]["text"])]
        assert name in found[1:]


@pytest.mark.parametrize(("name", "provoke_it"), command_cases.CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_command_when_it_fails_then_its_words_are_explained(name, provoke_it, tmp_path):
    assert best(provoke_it(tmp_path)) == name


@pytest.mark.parametrize(
    ("gate", "make"),
    (*finding_cases.CASES, *package_cases.CASES),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_gate_when_it_speaks_then_its_finding_is_explained(gate, make):
    assert best(make()) == gate


def test_board_when_it_dies_of_a_missing_bias_then_the_rule_explains_it(arm, tmp_path):
    target = "tflite-runtime==2.14.0@aarch64"
    with Worker(arm[target], isolate=True) as worker:
        for bias in (True, False):
            path = tmp_path / f"bias_{bias}.tflite"
            data = models.dense("int8_static", per_channel=True, bias=bias, rows=2)
            path.write_bytes(data)
            worker.load(path)
            inputs = {"x": np.zeros((2, 16), np.int8)}
            if bias:
                worker.run("serving_default", inputs)
                continue
            with pytest.raises(WorkerError) as caught:
                worker.run("serving_default", inputs)
            assert best(str(caught.value)) == "crashed"
            findings = static_findings(read_graph(data), RuntimeTarget.parse(target), data)
            failed = next(finding for finding in findings if finding.verdict == "fail")
            assert best(f"    fail  {failed.gate}: {failed.message}") == "per_channel_no_bias"


@pytest.mark.parametrize("rule", [name for name, (_, probe, _) in finding_cases.ON_ARM.items() if probe])
def test_board_when_it_dies_or_is_wrong_on_a_product_then_the_rule_explains_it(arm, tmp_path, rule):
    core, *names = finding_cases.ON_ARM[rule]
    target = RuntimeTarget.parse(f"tflite-runtime==2.14.0@aarch64:{core}")
    outcomes = {}
    for name in names:
        probe = next(probe for probe in PROBES if probe.name == name)
        path = tmp_path / "probe.tflite"
        path.write_bytes(probe.data)
        with Worker(find_environment(target), isolate=True) as worker:
            worker.load(path)
            try:
                outcomes[name] = probe.judge(worker.run(SIGNATURE, probe.inputs))
            except WorkerError as error:
                outcomes[name] = error.kind
        found = {f.gate: f for f in static_findings(read_graph(probe.data), target, probe.data) if f.verdict == "fail"}
        assert (rule in found) == (name == names[0])
        if rule in found:
            assert best(f"    fail  {rule}: {found[rule].message}") == rule
    assert outcomes[names[0]] in ("crashed", "wrong") and outcomes[names[1]] == "right"


@pytest.mark.parametrize("runtime", [TFLITE, LITERT])
def test_worker_when_a_runtime_refuses_then_its_error_is_explained(runtime, tmp_path):
    with Worker(runtime) as worker:
        for name, data in {
            "op_version": unary(version=99),
            "flex_op": models.with_flex_op(),
            "custom_op": models.with_custom_op(),
        }.items():
            path = tmp_path / f"{name}.tflite"
            path.write_bytes(data)
            with pytest.raises(WorkerError) as caught:
                worker.load(path)
            assert best(str(caught.value)) == name


def test_traceback_when_pasted_whole_then_the_error_in_it_is_explained():
    case = next(case for case in INTERPRETER_CASES if case.id == "op_version")
    text = provoked(LITERT)[case.key]["broken"]["text"]
    pasted = f'Traceback (most recent call last):\n  File "/home/me/run.py", line 3, in <module>\n    run()\n{text}'
    assert best(f"$ python run.py\n{pasted}\n$ ") == "op_version"
