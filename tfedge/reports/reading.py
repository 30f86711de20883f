"""Reads a model for `tfedge check`: what is damaged is a finding, and no interpreter is given it."""

from __future__ import annotations

import pathlib

from tfedge.checks.verdict import Finding
from tfedge.errors import ArtifactError
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.model_file import ModelData
from tfedge.modelfile.pack import Pack, looks_packed, parse_pack
from tfedge.validation.expectation import CheckedFile


def read_checked(path: pathlib.Path, data: ModelData) -> tuple[CheckedFile, tuple[Finding, ...]] | Finding:
    """Reads a file; returns a finding where it is damaged, and one about its pack where that alone is."""
    try:
        graph = read_graph(data)
    except ArtifactError as error:
        return Finding(
            "readable",
            "fail",
            str(error),
            cause="the file is damaged, cut, or no .tflite at all",
            consequence="some interpreters die of it at load, others refuse it; it was given to none",
            fix="copy or convert it again, and compare sha256",
        )
    pack: Pack | None = None
    findings: tuple[Finding, ...] = ()
    if looks_packed(data):
        try:
            pack = parse_pack(data, path)
        except ArtifactError as error:
            findings = (
                Finding(
                    "pack_whole",
                    "fail",
                    str(error),
                    cause="bytes of the model or of its pack were changed after packing",
                    consequence="its golden cases say nothing about these bytes, and an app that checks it refuses it",
                    fix="copy the file again, or pack it again with `tfedge package`",
                ),
            )
    return CheckedFile(path, data, graph, pack), findings
