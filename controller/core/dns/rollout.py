"""Gradual introduction of the resolver: modes of its users, and the way back.

In mode ``observe`` the machine resolves, and the answers are compared. In mode ``on`` a
failure is compared in the background. The resolver steps back to ``observe`` when it
fails too often where the machine does not.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum

from controller.core.dns.window import Window, failure_share


class Consumer(StrEnum):
    """Part of the program that resolves names."""

    CONTROLLER = "controller"
    WEBHOOKS = "webhooks"
    API = "api"


class ResolverMode(StrEnum):
    """Use of the resolver by a consumer."""

    OFF = "off"
    OBSERVE = "observe"
    ON = "on"


class ComparisonResult(StrEnum):
    """Result of a comparison of the resolver with the machine."""

    AGREED = "agreed"
    DIFFERED = "differed"
    FAILED = "failed"
    RESCUED = "rescued"
    BOTH_FAILED = "both_failed"


_LEAST_FAILURES = 5
_STEPS_BACK_ABOVE = 0.1
Modes = Mapping[Consumer, ResolverMode]


def parsed_modes(text: str) -> Modes:
    """Return the modes in ``MODE`` or ``CONSUMER=MODE,CONSUMER=MODE``.

    A consumer that is not named has the mode without a name, else ``on``.

    Raises:
        ValueError: A word is not valid.
    """
    default, named = ResolverMode.ON, dict[Consumer, ResolverMode]()
    for word in (part.strip() for part in text.split(",")):
        consumer, equals, mode = word.rpartition("=")
        if mode not in set(ResolverMode):
            msg = f"has {mode!r}, which is not one of {', '.join(ResolverMode)}"
            raise ValueError(msg)
        if not equals:
            default = ResolverMode(mode)
        elif consumer in set(Consumer):
            named[Consumer(consumer)] = ResolverMode(mode)
        else:
            msg = f"has {consumer!r}, which is not one of {', '.join(Consumer)}"
            raise ValueError(msg)
    return {consumer: named.get(consumer, default) for consumer in Consumer}


def compared(ours: Collection[str], machine: Collection[str]) -> ComparisonResult:
    """Return the comparison of two answers; empty ones are failures.

    Servers return a part of many addresses, so that one common address is agreement.
    """
    if not ours:
        return ComparisonResult.FAILED if machine else ComparisonResult.BOTH_FAILED
    if not machine:
        return ComparisonResult.RESCUED
    return (
        ComparisonResult.DIFFERED
        if set(ours).isdisjoint(machine)
        else ComparisonResult.AGREED
    )


def effective_mode(
    declared: ResolverMode, failures: Window, now: float
) -> ResolverMode:
    """Return the mode in force at ``now``.

    Args:
        declared: Declared mode.
        failures: Lookups; a failure is one that the machine answered.
        now: Monotonic time.
    """
    if declared is not ResolverMode.ON:
        return declared
    totals = failures.totals(now)
    rising = failure_share(totals) > _STEPS_BACK_ABOVE
    return (
        ResolverMode.OBSERVE
        if rising and totals[1] >= _LEAST_FAILURES
        else ResolverMode.ON
    )
