"""The stage behind `tfedge check --fix`: the smallest safe rewrite after which a file is right on all its targets.

Each rewrite that the file has is tried, from the one that changes least. What is written is what was proved: the very
bytes are run on every target first, and beside the original on LiteRT.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import tempfile
from collections.abc import Sequence

from tfedge.artifacts import check_writable, read_bytes, write_bytes
from tfedge.checks.edits import apply_edits
from tfedge.checks.facts import facts_for
from tfedge.checks.fixes import FixPlan, plans
from tfedge.checks.verdict import Finding
from tfedge.errors import MeasurementError, RuntimeUnavailableError, WorkerError
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.model_file import open_model
from tfedge.modelfile.pack import looks_packed, parse_pack
from tfedge.modelfile.tail import Tail, split_file
from tfedge.progress import SILENT, Reporter
from tfedge.reports.check import LITERT, TIMEOUT_S, check_files, choose
from tfedge.reports.check_report import CheckReport
from tfedge.reports.fix_report import FixReport, Rejected
from tfedge.runtime.environments import find_environment
from tfedge.runtime.limits import Limits
from tfedge.runtime.targets import ANDROID, RuntimeTarget, installed_targets
from tfedge.validation.cases import CallFailedError, Case
from tfedge.validation.expectation import CheckedFile, made_up_cases
from tfedge.validation.fix_cost import KEEPS_ANSWERS, FixCost, measure_cost
from tfedge.validation.fixed_pack import write_fixed_pack
from tfedge.validation.lane import Lane
from tfedge.validation.user_cases import UserCases, expect_from_user

# What running a file must have shown before it is handed out as fixed.
_PROOF = ("loads", "runs", "matches_reference")


@dataclasses.dataclass(frozen=True)
class _Source:
    """The file to fix: as a subject of checks, and its parts."""

    checked: CheckedFile
    model_bytes: bytes = dataclasses.field(repr=False)
    tail: Tail = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class _Proof:
    """What was found of one rewrite; `reason` says what is wrong with it, empty where it is right."""

    reason: str
    after: CheckReport | None = None
    cost: FixCost | None = None
    kept: tuple[Finding, ...] = ()


def fix_file(
    path: str | os.PathLike[str],
    targets: Sequence[str] | None,
    out: str | os.PathLike[str],
    force: bool = False,
    inputs: str | os.PathLike[str] | None = None,
    reference: str | os.PathLike[str] | None = None,
    limits: Limits | None = None,
    timeout_s: float = TIMEOUT_S,
    seed: int = 1,
    reporter: Reporter = SILENT,
) -> FixReport:
    """Writes a file that is right on all targets, or nothing.

    Args:
        path: the file; it is not changed.
        targets: where it must run, as `check_files` takes them.
        out: the file to write.
        force: whether to replace `out`.
        inputs, reference, limits, timeout_s, seed: as `check_files` takes them; the original's answers on LiteRT are
            what those of the new file are compared with besides.
        reporter: hears what is tried.

    Raises:
        ArtifactError: no such file, a damaged one, one that cannot be rewritten, or `out` exists or cannot be written.
        ConfigError: an unknown target, or inputs or a reference that do not fit the file.
        RuntimeUnavailableError: LiteRT, which answers are compared on, or a target is not installed.
    """
    check_writable(out, force)
    checker = _Checker(tuple(choose(targets)), inputs, reference, limits or Limits(), timeout_s, seed, reporter)
    source = _read(path)
    before = checker.run(source.checked.path)
    candidates = _candidates(source, checker.targets, before)
    if not candidates:
        return FixReport("", _reason(before, ()), before)
    with tempfile.TemporaryDirectory(prefix="tfedge-fix-") as folder, checker.litert() as lane:
        workshop = _Workshop(source, checker, lane, checker.cases(source.checked, lane))
        rejected: list[Rejected] = []
        for number, plan in enumerate(candidates):
            reporter.stage(f"try: {plan.name}")
            tried = pathlib.Path(folder) / f"{number}.tflite"
            proof = workshop.prove(plan, tried)
            if proof.reason:
                reporter.say(proof.reason)
                rejected.append(Rejected(plan.name, proof.reason))
                continue
            write_bytes(out, read_bytes(tried), force)
            told = (plan.to_json(), tuple(plan.lines()), tuple(rejected))
            return FixReport(str(out), "", before, _named(proof.after, out), *told, proof.cost, proof.kept)
    return FixReport("", _reason(before, rejected), before, rejected=tuple(rejected))


@dataclasses.dataclass(frozen=True)
class _Checker:
    """How files are checked, before and after; fields as the arguments of `check_files`."""

    targets: tuple[RuntimeTarget, ...]
    inputs: str | os.PathLike[str] | None
    reference: str | os.PathLike[str] | None
    limits: Limits
    timeout_s: float
    seed: int
    reporter: Reporter

    def read(self, path: pathlib.Path) -> CheckReport:
        """Asks the static rules alone."""
        return check_files([path], [str(target) for target in self.targets], run=False)

    def run(self, path: pathlib.Path) -> CheckReport:
        """Reads the file and runs it on every target."""
        return check_files(
            [path],
            [str(target) for target in self.targets],
            self.inputs,
            self.reference,
            self.limits,
            timeout_s=self.timeout_s,
            seed=self.seed,
            reporter=self.reporter,
        )

    def litert(self) -> Lane:
        """Returns the lane on which the answers of both files are compared."""
        for target in installed_targets():
            if target.name == LITERT:
                return Lane(find_environment(target), self.timeout_s, self.limits)
        raise RuntimeUnavailableError(
            f"expected {LITERT} beside this Python, on which the answers of both files are compared; it is not "
            "installed; run: pip install tfedge"
        )

    def cases(self, checked: CheckedFile, lane: Lane) -> tuple[Case, ...]:
        """Returns the inputs on which they are compared: the user's, or made up."""
        if self.inputs is None and self.reference is None:
            try:
                return made_up_cases(checked.graph, lane.load(checked.path).describe(), self.seed)
            except (WorkerError, MeasurementError):
                return ()  # Then the cost says that nothing was compared, and no rewrite is taken.
        return expect_from_user(checked, lane, UserCases.read(self.inputs, self.reference), self.seed).cases


def _read(path: str | os.PathLike[str]) -> _Source:
    path = pathlib.Path(path)
    data = open_model(path)
    graph = read_graph(data)
    if looks_packed(data):
        pack = parse_pack(data, path)
        return _Source(CheckedFile(path, data, graph, pack), pack.model_bytes, Tail(b"", pack.model_size))
    model_bytes, tail = split_file(data)
    return _Source(CheckedFile(path, data, graph), model_bytes, tail)


def _candidates(source: _Source, targets: Sequence[RuntimeTarget], before: CheckReport) -> tuple[FixPlan, ...]:
    """Returns the plans to try: of a file that no target fails, those alone that make true what it says of itself."""
    missing = [facts.op_versions for target in targets if (facts := facts_for(target)) is not None]
    found = plans(source.model_bytes, source.checked.graph, missing)
    return found if before.verdict == "fail" else tuple(plan for plan in found if plan.changes_claims_only)


@dataclasses.dataclass(frozen=True)
class _Workshop:
    """Where rewritten files are made and proved."""

    source: _Source
    checker: _Checker
    lane: Lane
    cases: Sequence[Case]

    def prove(self, plan: FixPlan, path: pathlib.Path) -> _Proof:
        """Writes the rewritten file to `path` and looks whether it is right everywhere."""
        try:
            self._write(plan, path)
            wrong = _failures(self.checker.read(path))
            if wrong:  # Read in milliseconds; running it takes seconds a target.
                return _Proof(wrong)
            cost, kept = measure_cost(self.source.checked, path, self.lane, self.cases)
        except WorkerError as error:
            return _Proof(f"its answers cannot be compared on LiteRT: {error}")
        except CallFailedError as failed:
            return _Proof(f"its answers cannot be compared on LiteRT, case {failed.case}: {failed}")
        wrong = _unkept(plan, cost, kept)
        if wrong:
            return _Proof(wrong)
        after = self.checker.run(path)
        wrong = _failures(after) or _unproved(after, is_proved_equal=cost.is_identical)
        return _Proof(wrong, after, cost, kept)

    def _write(self, plan: FixPlan, path: pathlib.Path) -> None:
        model_bytes, pack = apply_edits(self.source.model_bytes, plan.edits), self.source.checked.pack
        if pack is None:
            write_bytes(path, self.source.tail.behind(model_bytes))
            return
        targets = [str(target) for target in self.checker.targets]
        write_fixed_pack(path, pack, model_bytes, plan.to_json(), targets, self.lane)


def _unkept(plan: FixPlan, cost: FixCost, kept: Sequence[Finding]) -> str:
    """Returns how the answers on LiteRT are not the original's, in words; empty where they are kept."""
    if cost.is_identical:
        return ""
    if cost.reason:
        return f"its answers could not be compared with the original's: {cost.reason}"
    if not plan.changes_numbers:
        return f"LiteRT gives other numbers, which this rewrite must not change: {'; '.join(cost.lines())}"
    for finding in kept:
        if finding.verdict == "fail" or (finding.gate == KEEPS_ANSWERS and finding.verdict == "not_measured"):
            return f"{finding.gate}: {finding.message}"
    return ""


def _failures(report: CheckReport) -> str:
    """Returns what fails, in words; empty where nothing does."""
    failed = [
        f"{check.target}: {finding.gate}: {finding.message}"
        for _, check in report.checks()
        for finding in check.findings
        if finding.verdict == "fail"
    ]
    return "; ".join(failed[:3]) + (f"; and {len(failed) - 3} more" if len(failed) > 3 else "")


def _unproved(report: CheckReport, is_proved_equal: bool) -> str:
    """Returns what running did not show, in words; empty where all is proved.

    Args:
        report: of the rewritten file.
        is_proved_equal: whether its answers on LiteRT are the original's bit for bit: then a comparison that cannot
            tell right from wrong on this file need not.
    """
    for _, check in report.checks():
        name = RuntimeTarget.parse(check.target).name
        # On LiteRT the original's own answers have been compared with these.
        is_compared = is_proved_equal or name == LITERT
        for finding in check.findings:
            needed = finding.gate in _PROOF and not (is_compared and finding.gate == "matches_reference")
            # An Android library runs on a device alone; here rules judge it, and the verdict says so.
            if needed and finding.verdict == "not_measured" and name != ANDROID:
                return f"{check.target}: {finding.gate} could not be measured: {finding.message}"
    return ""


def _named(report: CheckReport | None, out: str | os.PathLike[str]) -> CheckReport | None:
    """Returns a check of the file that was written, under its name: the bytes are those that were checked."""
    if report is None:
        return None
    return dataclasses.replace(report, files=tuple(dataclasses.replace(file, path=str(out)) for file in report.files))


def _reason(before: CheckReport, rejected: Sequence[Rejected]) -> str:
    if before.verdict != "fail":
        return "nothing to fix: no target fails it, and what it says of itself is true"
    if not rejected:
        return "there is no safe rewrite of what fails: cause and fix stand with each finding"
    return f"no rewrite was enough; the last one: {rejected[-1].reason}"
