"""The progress of ``apply`` while it runs."""

import sys
from collections.abc import Iterator
from shutil import get_terminal_size

from controller.cli.terminal import tell
from controller.cli.views.statuses import Statuses, word
from controller.core.document.resource import ResourceId
from controller.core.resources.condition import ConditionType, Truth
from controller.core.resources.cost import CostTotal
from controller.core.resources.driver import (
    Applied,
    Failed,
    Outcome,
    Progressing,
    Skipped,
    Waiting,
)
from controller.core.values.counts import counted
from controller.engine.reconciler import PassResult

# Interval of the "still waiting" line where stderr is a log.
_STILL_SECONDS = 15.0
_CLEAR_LINE = "\r\x1b[K"


class ApplyProgress:
    """Prints each change once, with the time since the start.

    In between, the last line of a terminal shows the resources that are still pending;
    a log gets that line every 15 seconds.
    """

    def __init__(self) -> None:
        self._shown: set[tuple[ResourceId, str]] = set()
        self._state: dict[ResourceId, str] = {}
        self._redraws = sys.stderr.isatty()
        self._last_line = 0.0

    def show(self, result: PassResult, elapsed: float) -> None:
        """Print the actions of a pass, and the resources that are still pending."""
        for action in result.plan.actions:
            outcome = result.outcomes.get(action.target)
            sentence = f"{action.verb}: {_result(outcome)}"
            if (action.target, sentence) not in self._shown:
                self._shown.add((action.target, sentence))
                self._print(action.target, sentence, elapsed)
        self.changes(result.statuses, elapsed)
        if not result.settled:
            self._wait(", ".join(map(str, pending(result))), elapsed)
        elif self._redraws:
            sys.stderr.write(_CLEAR_LINE)

    def changes(self, statuses: Statuses, elapsed: float) -> None:
        """Print each resource whose status or message changed."""
        for id_, conditions in sorted(statuses.items()):
            message = conditions[ConditionType.READY].message
            sentence = f"{word(conditions)}: {message}"
            if self._state.get(id_) != sentence:
                self._state[id_] = sentence
                self._print(id_, sentence, elapsed)

    def _print(self, resource: ResourceId, sentence: str, elapsed: float) -> None:
        self._last_line = elapsed
        clear = _CLEAR_LINE if self._redraws else ""
        tell(f"{elapsed:6.1f} s  {resource}  {sentence}", before=clear)

    def _wait(self, names: str, elapsed: float) -> None:
        if self._redraws:
            # A line that wraps cannot be erased again.
            line = f"{elapsed:6.1f} s  waiting for {names}"
            width = get_terminal_size().columns - 1
            sys.stderr.write(f"{_CLEAR_LINE}{line[:width]}\r")
            sys.stderr.flush()
        elif elapsed - self._last_line >= _STILL_SECONDS:
            self._last_line = elapsed
            tell(f"{elapsed:6.1f} s  still waiting for {names}")


def pending(result: PassResult) -> Iterator[ResourceId]:
    """Yield the resources that are not ready yet."""
    for id_, conditions in sorted(result.statuses.items()):
        if conditions[ConditionType.READY].status is not Truth.TRUE:
            yield id_


def cost_comparison(bill: CostTotal) -> str:
    """Return the actual cost of an apply, with the estimate."""
    estimated, actual = bill.estimated, bill.actual
    calls = counted(actual.calls, "write call")
    restarts = counted(actual.restarts, "restart")
    return (
        f"Actual: {calls} (estimated: {estimated.calls}), "
        f"{restarts} (estimated: {estimated.restarts}), "
        f"{actual.seconds} s (estimated: {estimated.seconds}), "
        f"{counted(bill.looks, 'read call')}."
    )


def _result(outcome: Outcome | None) -> str:
    match outcome:
        case Applied(message):
            return message or "done"
        case Progressing(_, message) | Waiting(_, message) | Skipped(message):
            return message
        case Failed(error):
            return f"failed: {error}"
        case None:
            return "not attempted"
