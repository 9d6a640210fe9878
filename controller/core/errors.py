"""Tree of the errors that this program raises deliberately.

* ControllerError
  * SpecError: the user must change ``hokusai.yaml``
  * RefusedError: the program refuses an operation; the message says what to do instead
    * LeaseHeldError: another controller holds the lease
  * DriverError: a call to a backend failed
    * TransientError: retry later
      * StoreUnavailableError: the controller's database does not answer
      * ThrottledError: retry later and more slowly
      * OutcomeUnknownError: the call may have had its effect; read before repeating it
    * StoreLostError: the file of the database was deleted or replaced
    * PermanentError: a retry will fail again
      * NotFoundError: the named object does not exist
      * ConflictError: the object exists already, or another writer changed it
"""

from dataclasses import dataclass

from controller.core.values.printable import printable, shortened


class ControllerError(Exception):
    """Base class of all errors below; caught at the edge of the program."""


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """Position in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A problem in the document, with its position.

    Printed as ``file:line:column: path: problem; hint``. The texts may contain values
    of the document: control characters are escaped, and long values shortened.
    """

    place: SourcePosition
    path: str
    problem: str
    hint: str = ""

    def __post_init__(self) -> None:
        for name in ("path", "problem", "hint"):
            shown = printable(shortened(getattr(self, name)))
            object.__setattr__(self, name, shown)

    def __str__(self) -> str:
        path = f" {self.path}:" if self.path else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.place}:{path} {self.problem}{hint}"


class SpecError(ControllerError):
    """The document is invalid. Carries every problem, not just the first."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(str(d) for d in diagnostics))
        self.diagnostics = diagnostics


class RefusedError(ControllerError):
    """The operation is refused: wrong account, lease held, stale plan."""


class LeaseHeldError(RefusedError):
    """Another controller holds the lease; the message names it."""


class DriverError(ControllerError):
    """A call to a backend failed."""


class TransientError(DriverError):
    """The same call may succeed later: timeouts, conflicts, server errors."""


class StoreUnavailableError(TransientError):
    """The controller's database did not answer; a commit may have had its effect."""


class StoreLostError(DriverError):
    """The file of the database was deleted or replaced while it was in use."""


class ThrottledError(TransientError):
    """The backend throttled the call."""


class OutcomeUnknownError(TransientError):
    """No response was received: the call may or may not have had its effect."""


class PermanentError(DriverError):
    """The same call will fail again: missing permission, invalid input, a quota."""


class NotFoundError(PermanentError):
    """The object that the call names does not exist."""


class ConflictError(PermanentError):
    """The object that the call would create exists already."""
