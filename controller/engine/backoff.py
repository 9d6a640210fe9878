"""Leave a resource that keeps failing alone for a while, longer each time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.core.driver import Failed, Outcome, Skipped
from controller.core.plan import Action
from controller.core.resource import ResourceId
from controller.core.retry import RetryPolicy, backoff

BETWEEN_PASSES = RetryPolicy(initial=timedelta(seconds=1), maximum=timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class _Failures:
    """Failures in a row of one generation, and when to try again."""

    generation: str
    count: int
    until: datetime


@dataclass
class Backoff:
    """Remembers failures in a row. A changed declaration starts afresh."""

    policy: RetryPolicy = BETWEEN_PASSES
    _failures: dict[ResourceId, _Failures] = field(default_factory=dict)

    def split(
        self, actions: Sequence[Action], now: datetime
    ) -> tuple[tuple[Action, ...], dict[ResourceId, Outcome]]:
        """Return the actions to try now, and the word on those that must wait."""
        ready: list[Action] = []
        resting: dict[ResourceId, Outcome] = {}
        for action in actions:
            past = self._failures.get(action.target)
            if past and past.generation == action.generation and now < past.until:
                wait = (past.until - now).total_seconds()
                message = f"Failed {past.count} times; tried again in {wait:.0f} s."
                resting[action.target] = Skipped(message)
            else:
                ready.append(action)
        return tuple(ready), resting

    def note(
        self,
        actions: Sequence[Action],
        outcomes: Mapping[ResourceId, Outcome],
        now: datetime,
    ) -> None:
        """Remember the failures among ``outcomes``, and forget what succeeded."""
        for action in actions:
            outcome = outcomes[action.target]
            if isinstance(outcome, Failed):
                past = self._failures.get(action.target)
                same = past is not None and past.generation == action.generation
                count = past.count + 1 if past is not None and same else 1
                wait = backoff(self.policy, count, str(action.target))
                self._failures[action.target] = _Failures(
                    action.generation, count, now + wait
                )
            elif not isinstance(outcome, Skipped):
                self._failures.pop(action.target, None)

    def soonest(self) -> datetime | None:
        """Return when the first of the failed is to be tried again."""
        return min((f.until for f in self._failures.values()), default=None)
