"""Every error tfedge raises on purpose, and the exit code each one means on the command line.

    TfedgeError                          exit 3 unless a line below says otherwise
      ConfigError (ValueError)           exit 2   unknown key or illegal value
      InputError (ValueError)            exit 2   a text or data file that the task cannot read
      ArtifactError                      exit 2   missing, unreadable, wrong schema version, not writable
        IntegrityError                   exit 2   sha256 or signature differs
      CalibrationError                   exit 2   too few samples, a constant input, an input never fed
      ConversionError                    exit 3   the converter refused
        UnsupportedOpError               exit 3   a Flex or custom op is present
      RuntimeUnavailableError            exit 3   no interpreter, or a wing A package is missing
      WorkerError                        exit 3   the interpreter died, timed out or refused
      MeasurementError                   exit 3   run invalid: too short, unstable, unlike conditions
      DeviceError                        exit 3   a device cannot be reached
      GateError                          exit 1   raised only on request, by report.raise_for_failures()

Message order: what was expected, what was received, what to do next. A failed gate is a result and
not an exception; not being able to measure is an exception.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

EXIT_PASSED = 0
EXIT_GATE_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_NOT_MEASURED = 3


class TfedgeError(Exception):
    """Base of every error in this file; `exit_code` is what the command line returns."""

    exit_code = EXIT_NOT_MEASURED


class ConfigError(TfedgeError, ValueError):
    """An unknown key or an illegal value; the message names key, value and accepted values."""

    exit_code = EXIT_BAD_INPUT


class InputError(TfedgeError, ValueError):
    """A text or data file the task cannot read; the message names the file, line or symbol."""

    exit_code = EXIT_BAD_INPUT


class ArtifactError(TfedgeError):
    """A file is missing, unreadable, not writable, or of another schema version."""

    exit_code = EXIT_BAD_INPUT


class IntegrityError(ArtifactError):
    """Bytes differ from the sha256 recorded for them."""


class CalibrationError(TfedgeError):
    """The representative dataset cannot calibrate: too few samples, constant or missing inputs."""

    exit_code = EXIT_BAD_INPUT


class ConversionError(TfedgeError):
    """The converter refused the model."""


class UnsupportedOpError(ConversionError):
    """A Flex or custom op is in the converted model."""


class RuntimeUnavailableError(TfedgeError):
    """A package that this verb needs is not installed; the message names the extra."""


class WorkerError(TfedgeError):
    """The interpreter process died (with its signal), timed out, or refused a request.

    Attributes:
        kind: `refused` (a Python error inside the worker), `crashed` (died by signal or exit), `timed_out` (by the
            clock or by processor time), `out_of_memory` (an allocation was refused), or `bad_request` (wrong tensor
            name, shape or dtype, caught before the call).
    """

    def __init__(self, message: str, kind: str = "refused") -> None:
        super().__init__(message)
        self.kind = kind


class MeasurementError(TfedgeError):
    """A measurement is invalid, or two measurements are not comparable."""


class DeviceError(TfedgeError):
    """A device is missing, unauthorised, or its app crashed."""


class GateError(TfedgeError):
    """A gate failed and the caller asked for an exception."""

    exit_code = EXIT_GATE_FAILED


def one_of(what: str, value: object, accepted: Iterable[str]) -> ConfigError:
    """Returns the error for a name that is not one of `accepted`, with the nearest match."""
    names = list(accepted)
    near = difflib.get_close_matches(str(value), names, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return ConfigError(f"{what} must be one of {', '.join(names)}; got {value!r}{hint}")
