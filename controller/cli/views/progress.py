"""What ``apply`` does and waits for, as it happens."""

import sys
from collections.abc import Iterator
from shutil import get_terminal_size

from controller.cli.terminal import tell
from controller.cli.views.plans import counted
from controller.cli.views.statuses import Statuses, word
from controller.core.document.resource import ResourceId
from controller.core.resources.cost import Bill
from controller.core.resources.driver import (
    Applied,
    Failed,
    Outcome,
    Progressing,
    Skipped,
    Waiting,
)
from controller.core.status.conditions import ConditionType, Truth
from controller.engine.reconciler import PassResult

# A log need not be told more often that nothing has changed.
_STILL_SECONDS = 15.0
_CLEAR_LINE = "\r\x1b[K"


class Progress:
    """Tells of each change once, with the time since the start.

    In between, a terminal shows on its last line what is waited for; a log is told
    of it now and then.
    """

    def __init__(self) -> None:
        self._told: set[tuple[ResourceId, str]] = set()
        self._state: dict[ResourceId, str] = {}
        self._redraws = sys.stderr.isatty()
        self._last_word = 0.0

    def show(self, result: PassResult, elapsed: float) -> None:
        """Tell what a pass did, and what it waits for."""
        for action in result.plan.actions:
            outcome = result.outcomes.get(action.target)
            sentence = f"{action.verb}: {_said(outcome)}"
            if (action.target, sentence) not in self._told:
                self._told.add((action.target, sentence))
                self._tell(action.target, sentence, elapsed)
        self.turns(result.statuses, elapsed)
        if not result.settled:
            self._wait(", ".join(map(str, waited_for(result))), elapsed)
        elif self._redraws:
            sys.stderr.write(_CLEAR_LINE)

    def turns(self, statuses: Statuses, elapsed: float) -> None:
        """Tell of each resource that is not as it was."""
        for id_, conditions in sorted(statuses.items()):
            message = conditions[ConditionType.READY].message
            sentence = f"{word(conditions)}: {message}"
            if self._state.get(id_) != sentence:
                self._state[id_] = sentence
                self._tell(id_, sentence, elapsed)

    def _tell(self, resource: ResourceId, sentence: str, elapsed: float) -> None:
        self._last_word = elapsed
        clear = _CLEAR_LINE if self._redraws else ""
        tell(f"{clear}{elapsed:6.1f} s  {resource}  {sentence}")

    def _wait(self, names: str, elapsed: float) -> None:
        if self._redraws:
            # A line that wraps could not be taken back.
            line = f"{elapsed:6.1f} s  waiting for {names}"
            width = get_terminal_size().columns - 1
            sys.stderr.write(f"{_CLEAR_LINE}{line[:width]}\r")
            sys.stderr.flush()
        elif elapsed - self._last_word >= _STILL_SECONDS:
            self._last_word = elapsed
            tell(f"{elapsed:6.1f} s  still waiting for {names}")


def waited_for(result: PassResult) -> Iterator[ResourceId]:
    """Yield the resources that are not ready yet."""
    for id_, conditions in sorted(result.statuses.items()):
        if conditions[ConditionType.READY].status is not Truth.TRUE:
            yield id_


def compared(bill: Bill) -> str:
    """Return what it took, beside what was foretold."""
    foretold, actual = bill.foretold, bill.actual
    calls = counted(actual.calls, "call")
    restarts = counted(actual.restarts, "restart")
    return (
        f"It took {calls} that changed something (foretold: {foretold.calls}), "
        f"{restarts} ({foretold.restarts}) and {actual.seconds} s "
        f"({foretold.seconds}); {counted(bill.looks, 'call')} more were made to look."
    )


def _said(outcome: Outcome | None) -> str:
    match outcome:
        case Applied(message):
            return message or "done"
        case Progressing(_, message) | Waiting(_, message) | Skipped(message):
            return message
        case Failed(error):
            return f"failed: {error}"
        case None:
            return "not tried"
