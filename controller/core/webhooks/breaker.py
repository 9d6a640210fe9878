"""Circuit breaker of a webhook target, as pure decisions.

It counts attempts, not deliveries. While it is open, deliveries wait and use up no
attempts of their schedule; one delivery at a time probes the receiver. After it closes,
the number of concurrent attempts grows from one.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

# No pause between two probes is longer, with any policy.
LONGEST_PAUSE = timedelta(minutes=15)
# Part of an outage that a pause between two probes takes, at most: what waits is sent
# soon after a short outage, and a receiver that is gone for days is probed seldom.
_SHARE = 1 / 60
# Pause after a delivery that the configuration did not permit. A change of the target in
# the document ends it.
_BLOCKED_PAUSE = timedelta(minutes=5)
# Successes after which the number of concurrent attempts is no longer limited.
_RAMP = 8


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """Limits of a circuit breaker.

    Attributes:
        threshold: Number of failures in a row that open it.
        recovery: Minimum time between two probes; in a long outage it grows to a
            sixtieth of the time that the breaker has been open.
        longest: Maximum time between two probes, at most `LONGEST_PAUSE`.
    """

    threshold: int = 5
    recovery: timedelta = timedelta(seconds=30)
    longest: timedelta = LONGEST_PAUSE


@dataclass(frozen=True, slots=True)
class Breaker:
    """State of a circuit breaker.

    Attributes:
        failures: Failures in a row.
        openings: Number of openings in a row, with failed probes.
        successes: Successes since it closed, as far as they limit concurrency.
        open_until: Time of the next probe; None while it is closed.
        paused_until: Time until which the receiver asked to wait; None for no pause.
        disabled: Reason why nothing is sent; empty if it is not disabled.
        opened: Time at which it opened; None while it is closed, or if it is not known.
    """

    failures: int = 0
    openings: int = 0
    successes: int = _RAMP
    open_until: datetime | None = None
    paused_until: datetime | None = None
    disabled: str = ""
    opened: datetime | None = None

    @property
    def is_closed(self) -> bool:
        """True if deliveries are sent as they become due."""
        return self.open_until is None and not self.disabled

    def is_failing(self, now: datetime, longer_than: timedelta) -> bool:
        """Return True if it is disabled, or has been open for ``longer_than``."""
        if self.disabled:
            return True
        since = self.opened if self.open_until is not None else None
        return since is not None and now - since >= longer_than

    def blocked_until(self, now: datetime) -> datetime | None:
        """Return the time until which nothing is sent; None if something may be."""
        probe = self.open_until if self.is_open(now) else None
        ends = [t for t in (probe, self.paused_until) if t and t > now]
        return max(ends, default=None)

    def is_open(self, now: datetime) -> bool:
        """Return True while nothing is sent, until the time of the next probe.

        A clock that was ahead recorded a time that is later than the longest pause: the
        probe is due.
        """
        return (
            self.open_until is not None and now < self.open_until <= now + LONGEST_PAUSE
        )

    def allowance(self, now: datetime, limit: int) -> int:
        """Return the number of attempts that may be in progress, at most ``limit``."""
        if self.disabled or self.blocked_until(now) is not None:
            return 0
        if self.open_until is not None:
            return 1
        return limit if self.successes >= _RAMP else min(limit, 1 << self.successes)


CLOSED = Breaker()


def after_success(breaker: Breaker) -> Breaker:
    """Return the breaker after an accepted delivery; it closes."""
    if breaker.open_until is not None:
        return Breaker(successes=0)
    if breaker == CLOSED:
        return breaker
    return replace(
        breaker,
        failures=0,
        openings=0,
        successes=min(breaker.successes + 1, _RAMP),
        paused_until=None,
    )


def after_failure(policy: BreakerPolicy, breaker: Breaker, now: datetime) -> Breaker:
    """Return the breaker after a failed attempt; it opens, or stays open for longer.

    Attempts that were in progress when it opened do not prolong the pause.
    """
    failures = breaker.failures + 1
    if breaker.is_open(now) or (
        breaker.open_until is None and failures < policy.threshold
    ):
        return replace(breaker, failures=failures)
    opened = _opened(breaker, now)
    outage = timedelta(0) if opened is None else now - opened
    pause = min(max(policy.recovery, outage * _SHARE), policy.longest)
    return replace(
        breaker,
        failures=failures,
        openings=breaker.openings + 1,
        successes=0,
        open_until=now + pause,
        opened=opened,
    )


def _opened(breaker: Breaker, now: datetime) -> datetime | None:
    """Return the time at which a breaker opened that opens now, or stays open."""
    if breaker.open_until is None:
        return now
    return None if breaker.opened is None else min(breaker.opened, now)


def after_postponement(breaker: Breaker, until: datetime) -> Breaker:
    """Return the breaker after the receiver asked to wait ``until`` then."""
    return replace(breaker, paused_until=max(breaker.paused_until or until, until))


def after_block(breaker: Breaker, now: datetime) -> Breaker:
    """Return the breaker after the configuration did not permit to send: it pauses."""
    return after_postponement(breaker, now + _BLOCKED_PAUSE)


def has_recovered(before: Breaker, after: Breaker) -> bool:
    """Return True if the breaker has just closed."""
    return before.open_until is not None and after.open_until is None
