"""Which rollout came of what a person asked for by hand, as it was written down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.core.resources.plan import Verb
from controller.core.resources.request import OperationRequest
from controller.core.resources.rollouts import RolloutRecord

# Two clocks are this close; and so soon something comes of what was asked for.
_SKEW = timedelta(seconds=2)
_SOON = timedelta(minutes=15)

_DONE = {
    Verb.RESTART: "restarted",
    Verb.ROLL_BACK: "put back",
    Verb.RETRY: "tried again",
    Verb.RESUME: "taken up again",
}


@dataclass(frozen=True, slots=True)
class RecordedIntervention:
    """Something that a person asked for.

    Attributes:
        verb: What.
        request: Who, and why.
        at: When.
    """

    verb: Verb
    request: OperationRequest
    at: datetime


def sentence(verb: Verb, who: str) -> str:
    """Return what was done and by whom, as in ``restarted by ada: it leaks``."""
    return f"{_DONE.get(verb, verb)} by {who}"


def with_asked(
    rolled: Sequence[RolloutRecord], asks: Iterable[RecordedIntervention]
) -> tuple[RolloutRecord, ...]:
    """Return ``rolled`` with who asked for each by hand; what is known stays.

    What came of a request is the rollout that began next to it and that no earlier
    request explains.
    """
    told: dict[str, str] = {}
    for ask in sorted(asks, key=lambda ask: ask.at):
        near = {_apart(one, ask): one.id for one in rolled if one.id not in told}
        likely = [apart for apart in near if -_SKEW <= apart <= _SOON]
        if likely:
            told[near[min(likely, key=abs)]] = sentence(ask.verb, str(ask.request))
    return tuple(
        replace(one, asked=one.asked or told.get(one.id, "")) for one in rolled
    )


def _apart(one: RolloutRecord, ask: RecordedIntervention) -> timedelta:
    """Return how long after ``ask`` a rollout began; for ever, if nobody knows."""
    return one.began - ask.at if one.began is not None else timedelta.max
