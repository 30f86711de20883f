"""A report as a JSON file."""

from __future__ import annotations

import os
import pathlib
import re

from tfedge.artifacts import read_bytes, write_bytes
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.strict_json import dump_object, load_object
from tfedge.reports.schema import Report

# A list of numbers, each on a line of its own; within a text JSON has no line end.
_NUMBERS = re.compile(rb"\[\n\s*(-?[\d.eE+-]+(?:,\n\s*-?[\d.eE+-]+)*)\n\s*\]")
_LINE_END = re.compile(rb"\n\s*")


def report_path(folder: str | os.PathLike[str], task: str) -> pathlib.Path:
    """Returns where `tfedge run` writes the report of `task`."""
    return pathlib.Path(folder) / f"{task}.report.json"


def write_report(path: str | os.PathLike[str], report: Report, force: bool = False) -> pathlib.Path:
    """Writes `report` to `path`, completely or not at all; ArtifactError as `artifacts.write_bytes`.

    A list of samples is one line: ten thousands of them each on their own would be half blanks.
    """
    data = dump_object(report.to_json(), "a report")
    return write_bytes(path, _NUMBERS.sub(lambda found: b"[" + _LINE_END.sub(b" ", found[1]) + b"]", data), force)


def is_ladder(path: str | os.PathLike[str]) -> bool:
    """Whether a file is the report of a ladder; what is no report at all is for `read_report` to refuse.

    Raises:
        ArtifactError: the file cannot be read.
    """
    try:
        return "rungs" in load_object(read_bytes(path, "report file"), "a report")
    except ConfigError:
        return False


def read_report(path: str | os.PathLike[str]) -> Report:
    """Reads a report.

    Raises:
        ArtifactError: the file cannot be read, is not JSON, or is not a report of this schema version.
    """
    try:
        return Report.from_json(load_object(read_bytes(path, "report file"), "a report"))
    except ConfigError as error:
        wrong = str(error)
    except TypeError as error:
        wrong = f"a value is of another type: {error}"
    raise ArtifactError(f"expected a tfedge report in {path}; {wrong}; write it again with `tfedge run` or `validate`")
