"""`apksigner verify`: whether a package's signature is valid. Part of Android's build tools, and a Debian package."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

from tfedge.checks.verdict import Finding
from tfedge.printable import shortened

GATE = "signature_verified"
_SECONDS = 120  # A package of 100 MB takes 3 s.


def verify(path: str | os.PathLike[str]) -> Finding:
    """Returns what `apksigner` says of a package's signature; a note where it is not installed."""
    program = shutil.which("apksigner")
    if program is None:
        return Finding(
            GATE,
            "pass",
            "signatures were read and not verified: apksigner is not installed here",
            cause="It comes with Android's build tools, and as the Debian package apksigner.",
            consequence="A signature that does not fit the package's bytes would not be noticed.",
            fix="install apksigner and check again",
        )
    command = [program, "verify", str(pathlib.Path(path).absolute())]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return _unknown(f"it gave no answer within {_SECONDS} s")
    except OSError as error:
        return _unknown(f"the system did not start it: {error.strerror}")
    return judged(done.returncode, done.stdout, done.stderr)


def judged(code: int, out: str, err: str) -> Finding:
    """Returns what an exit code and words of `apksigner verify` mean."""
    if code == 0:
        return Finding(GATE, "pass", "apksigner verifies the signature")
    said = [line.strip() for line in f"{out}\n{err}".splitlines() if line.strip()]
    if not any("DOES NOT VERIFY" in line for line in said):
        return _unknown(f"it ended with {code}: {said[0] if said else 'no words'}")
    reason = next((line for line in said if line.startswith("ERROR")), "it gives no reason")
    return Finding(
        GATE,
        "fail",
        f"expected a valid signature; apksigner: {shortened(reason, 200)}",
        cause="The package was changed after it was signed, or signed without a scheme that its releases need.",
        consequence="Android does not install it.",
        fix="sign it again as the last step: zipalign, then apksigner sign",
    )


def _unknown(said: str) -> Finding:
    return Finding(
        GATE,
        "not_measured",
        f"expected apksigner to judge the signature; {shortened(said, 200)}",
        fix="run `apksigner verify --verbose` on the package by hand",
    )
