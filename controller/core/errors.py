"""Every error this program raises on purpose.

* ControllerError
  * SpecError: the user must change ``hokusai.yaml``
  * RefusedError: the program will not start this work; says what to do instead
    * LeaseHeldError: somebody else is at work
  * DriverError: something outside refused
    * TransientError: try again later
      * ThrottledError: try again later, and more slowly
      * OutcomeUnknownError: the call may have had its effect; look before repeating
    * PermanentError: trying again will not help
      * NotFoundError: what was asked for is not there
      * ConflictError: it is there already, or somebody else changed it
"""

from dataclasses import dataclass


class ControllerError(Exception):
    """The base of all errors below; catch it at the edge of the program."""


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """Where in a file something stands; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing the user must change, and where.

    Printed as ``file:line:column: path: what; how to mend``.
    """

    place: SourcePosition
    path: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        path = f" {self.path}:" if self.path else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.place}:{path} {self.what}{hint}"


class SpecError(ControllerError):
    """The declaration is invalid. Carries every problem, not just the first."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(str(d) for d in diagnostics))
        self.diagnostics = diagnostics


class RefusedError(ControllerError):
    """The program will not start this: wrong account, lease held, stale plan."""


class LeaseHeldError(RefusedError):
    """Somebody else is at work; the message names them."""


class DriverError(ControllerError):
    """A call to the outside failed."""


class TransientError(DriverError):
    """The same call may succeed later: timeouts, conflicts, a server that fails."""


class ThrottledError(TransientError):
    """The other side asks us to be slower."""


class OutcomeUnknownError(TransientError):
    """No answer came: the call may or may not have had its effect."""


class PermanentError(DriverError):
    """The same call will fail again: no permission, invalid input, a quota."""


class NotFoundError(PermanentError):
    """What the call names is not there."""


class ConflictError(PermanentError):
    """What the call would create is there already."""
