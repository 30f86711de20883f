"""What a packed file says of itself after a check: the targets it was proved on."""

from __future__ import annotations

from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.pack import has_pack, read_pack, reseal
from tfedge.reports.check_report import CheckReport, FileCheck


def check_claimable(paths: list[str]) -> None:
    """Refuses early, before files are run, what could not record a claim.

    Raises:
        ConfigError: a file without a pack, where nothing can be recorded.
    """
    without = [path for path in paths if not has_pack(path)]
    if without:
        raise ConfigError(
            f"expected packed files with --claim; got {', '.join(without)} without a pack; leave out --claim, or pack "
            "it with `tfedge package`"
        )


def record_claims(report: CheckReport) -> list[FileCheck]:
    """Writes into the pack of each file which targets it passed on; returns the files that were written.

    A claim for a target that was not asked now stays; one that was asked and did not pass is taken back. The model and
    everything else in the pack stay as they are.

    Raises:
        ArtifactError: a file was changed since it was checked, or cannot be written.
        ConfigError: the report is of static rules alone, which prove nothing.
    """
    if not report.has_run:
        raise ConfigError("expected files that were run; got a report of static rules alone; leave out --static")
    written = []
    for file in report.files:
        if any(finding.gate in ("readable", "pack_whole") for each in file.targets for finding in each.findings):
            continue  # A file that is not whole has no pack to write into.
        pack = read_pack(file.path)
        if pack.sha256 != file.sha256:
            raise ArtifactError(f"expected {file.path} as it was checked; it was changed meanwhile; check it again")
        asked = {check.target for check in file.targets}
        passed = [check.target for check in file.targets if check.verdict == "pass"]
        claims = sorted({*(target for target in pack.manifest.targets if target not in asked), *passed})
        if claims != list(pack.manifest.targets):
            reseal(pack, file.path, targets=claims)
            written.append(file)
    return written
