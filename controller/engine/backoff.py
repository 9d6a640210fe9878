"""Backoff between passes for resources whose actions fail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.core.document.resource import ResourceId
from controller.core.rates.retry import RetryPolicy, backoff
from controller.core.resources.driver import Failed, Outcome, Skipped
from controller.core.resources.plan import Action

BETWEEN_PASSES = RetryPolicy(initial=timedelta(seconds=1), maximum=timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class _Failures:
    """Failures in a row of one generation."""

    generation: str
    count: int
    last: Failed


@dataclass
class Backoff:
    """Record of failures in a row. A changed declaration resets it."""

    policy: RetryPolicy = BETWEEN_PASSES
    _failures: dict[ResourceId, _Failures] = field(default_factory=dict)

    def split(
        self, actions: Sequence[Action], now: datetime
    ) -> tuple[tuple[Action, ...], dict[ResourceId, Outcome]]:
        """Return the actions to try now, and the last failure of those that must wait.

        The failures of a resource without an action are dropped.
        """
        generations = {action.target: action.generation for action in actions}
        self._failures = {
            id_: past
            for id_, past in self._failures.items()
            if generations.get(id_) == past.generation
        }
        waiting: dict[ResourceId, Outcome] = {
            id_: past.last
            for id_, past in self._failures.items()
            if past.last.retry_at is not None and now < past.last.retry_at
        }
        return tuple(a for a in actions if a.target not in waiting), waiting

    def record(
        self,
        actions: Sequence[Action],
        outcomes: Mapping[ResourceId, Outcome],
        now: datetime,
    ) -> dict[ResourceId, Outcome]:
        """Record the failures, and return ``outcomes`` with the times of the retries."""
        recorded = dict(outcomes)
        for action in actions:
            outcome = outcomes[action.target]
            if isinstance(outcome, Failed):
                past = self._failures.get(action.target)
                count = 1 if past is None else past.count + 1
                wait = backoff(self.policy, count, str(action.target))
                failed = Failed(outcome.error, now + wait)
                recorded[action.target] = failed
                self._failures[action.target] = _Failures(
                    action.generation, count, failed
                )
            elif not isinstance(outcome, Skipped):
                self._failures.pop(action.target, None)
        return recorded

    def forget(self, id_: ResourceId) -> None:
        """Drop the failures of a resource, after an operator acted on it."""
        self._failures.pop(id_, None)

    def soonest(self) -> datetime | None:
        """Return the time of the next retry, or None."""
        times = (past.last.retry_at for past in self._failures.values())
        return min((at for at in times if at is not None), default=None)
