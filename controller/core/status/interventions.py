"""Attribution of rollouts to the requests of operators that caused them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Verb
from controller.core.resources.rollouts import RolloutRecord

# Largest difference of two clocks, and of a request and the start of its rollout.
_SKEW = timedelta(seconds=2)
_SOON = timedelta(minutes=15)

_DONE = {
    Verb.RESTART: "restarted",
    Verb.ROLL_BACK: "rolled back",
    Verb.RETRY: "retried",
    Verb.RESUME: "resumed",
}


@dataclass(frozen=True, slots=True)
class RecordedIntervention:
    """A recorded request of an operator.

    Attributes:
        verb: Operation.
        request: Author and reason.
        at: Time of the request.
    """

    verb: Verb
    request: OperationRequest
    at: datetime


def intervention_text(verb: Verb, who: str) -> str:
    """Return the operation and its author, as in ``restarted by ada: it leaks``."""
    return f"{_DONE.get(verb, verb)} by {who}"


def with_interventions(
    rolled: Sequence[RolloutRecord], asks: Iterable[RecordedIntervention]
) -> tuple[RolloutRecord, ...]:
    """Return ``rolled`` with the request that caused each; known causes stay.

    The rollout of a request is the one that began closest to it and that no earlier
    request explains.
    """
    causes: dict[str, str] = {}
    for ask in sorted(asks, key=lambda ask: ask.at):
        delays = {_delay(one, ask): one.id for one in rolled if one.id not in causes}
        likely = [delay for delay in delays if -_SKEW <= delay <= _SOON]
        if likely:
            rollout = delays[min(likely, key=abs)]
            causes[rollout] = intervention_text(ask.verb, str(ask.request))
    return tuple(
        replace(one, intervention=one.intervention or causes.get(one.id, ""))
        for one in rolled
    )


def _delay(one: RolloutRecord, ask: RecordedIntervention) -> timedelta:
    """Return the time from ``ask`` to the rollout; the maximum if it is not known."""
    return one.began - ask.at if one.began is not None else timedelta.max
