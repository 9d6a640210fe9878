"""Agreement of the addresses of a service in DNS, in Cloud Map and in ECS.

DNS answers from Cloud Map, and ECS registers its tasks there. Each step can fail, and
each failure has another remedy.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class DisagreementReason(StrEnum):
    """Kind of a disagreement, most fundamental first."""

    NO_REGISTRY = "NoRegistry"
    WRONG_NAMESPACE = "WrongNamespace"
    WRONG_NAME = "WrongName"
    NO_RUNNING_TASK = "NoRunningTask"
    DEAD_TASK = "DeadTask"
    STALE_RECORD = "StaleRecord"
    MISSING_REGISTRATION = "MissingRegistration"
    MISSING_RECORD = "MissingRecord"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A difference between two of the three sides.

    Attributes:
        reason: Kind of the difference.
        addresses: Addresses that it concerns, sorted.
        found: Name that is registered in the place of the host; empty for other
            reasons.
    """

    reason: DisagreementReason
    addresses: tuple[str, ...] = ()
    found: str = ""


@dataclass(frozen=True, slots=True)
class AddressSides:
    """Addresses of one service, from three sides at one time.

    Attributes:
        host: Name that is resolved.
        dns: Addresses in DNS; None if DNS did not answer.
        registered_name: Name that the tasks are registered under; empty if the service
            does not register them.
        instances: Addresses of the instances in Cloud Map.
        tasks: Addresses of the running tasks.
    """

    host: str
    dns: frozenset[str] | None
    registered_name: str
    instances: frozenset[str]
    tasks: frozenset[str]


def disagreements(sides: AddressSides) -> tuple[Disagreement, ...]:
    """Return the differences between the sides, most fundamental first."""
    return tuple(_disagreements(sides))


def confirmed(
    before: Iterable[Disagreement], now: Iterable[Disagreement], *, at_once: bool
) -> Disagreement | None:
    """Return the first difference that two reads agree on; None if there is none.

    ECS and DNS take some seconds to follow a replaced task.

    Args:
        before: Differences of the previous read.
        now: Differences of this read.
        at_once: True if one read suffices, because the address in use does not answer.
    """
    known = {*before}
    return next((found for found in now if at_once or found in known), None)


def _disagreements(sides: AddressSides) -> Iterator[Disagreement]:
    reasons = DisagreementReason
    registered, host = _split(sides.registered_name), _split(sides.host)
    if not sides.registered_name:
        yield Disagreement(reasons.NO_REGISTRY)
        return
    if registered != host:
        same_label = registered[0] == host[0]
        reason = reasons.WRONG_NAMESPACE if same_label else reasons.WRONG_NAME
        yield Disagreement(reason, found=sides.registered_name)
        return
    if not sides.tasks:
        yield Disagreement(reasons.NO_RUNNING_TASK)
    dead = sides.instances - sides.tasks
    if dead:
        yield Disagreement(reasons.DEAD_TASK, tuple(sorted(dead)))
    stale = (sides.dns or frozenset()) - sides.instances
    if stale:
        yield Disagreement(reasons.STALE_RECORD, tuple(sorted(stale)))
    missing = sides.tasks - sides.instances
    if missing:
        yield Disagreement(reasons.MISSING_REGISTRATION, tuple(sorted(missing)))
    # Route 53 returns at most eight of many instances: one common address suffices.
    if sides.dns is not None and sides.instances and not sides.dns:
        yield Disagreement(reasons.MISSING_RECORD, tuple(sorted(sides.instances)))


def _split(name: str) -> tuple[str, str]:
    label, _, zone = name.rstrip(".").lower().partition(".")
    return label, zone
