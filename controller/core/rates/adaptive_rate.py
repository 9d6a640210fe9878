"""Adaptive limiter for a rate that other callers share. Time is an argument.

The documented rate holds for the account; only throttled requests show how much of it
other callers leave. A throttled request has no effect, so each one should teach much:

- The window of concurrent requests starts at one and grows: at an exhausted rate one
  request is throttled, not all that wait.
- After a throttled request the window is one again, at a slower pace. Requests that
  were in flight at that time are throttled for the same reason and are not counted.
- A faster pace is tried after a number of admitted requests, and after four times as
  many if that was throttled: of many requests, only a few find the limit.
- After some minutes without a throttled request, the documented rate applies again.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from controller.core.rates.token_bucket import Rate, TokenBucket

# Pace after the first throttled request, and the slowest one, in requests per second.
_CAREFUL = 0.5
_SLOWEST = 0.1
_FASTER = 1.5
# Number of admitted requests before a faster pace is tried.
_TRIAL = 10
_LONGEST_TRIAL = 160
_FORGOTTEN_SECONDS = 300.0
# From this window on, the number of requests in flight is unlimited.
_MANY = 16
# A request in flight for this long was not throttled; others need not wait for it.
_ANSWER_SECONDS = 1.0
# Shortest wait for a response to another request.
_MOMENT = 0.01


class CallResult(StrEnum):
    """Result of a request with respect to its rate."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Permit:
    """Permission to send one request.

    Attributes:
        lesson: Number of counted refusals at that time.
        at: Time of the permission.
    """

    lesson: int
    at: float


@dataclass(frozen=True, slots=True)
class AdaptiveRate:
    """State of the limiter for one rate.

    Attributes:
        rate: Documented rate.
        bucket: Token bucket at the current pace.
        lessons: Number of counted refusals.
        refused_at: Time of the last counted refusal; None at the documented rate.
        window: Largest number of requests in flight.
        sent: Send times of the requests in flight.
        admitted: Number of requests admitted at the current pace.
        trial: Number of admitted requests after which a faster pace is tried.
    """

    rate: Rate
    bucket: TokenBucket
    lessons: int = 0
    refused_at: float | None = None
    window: int = 1
    sent: tuple[float, ...] = ()
    admitted: int = 0
    trial: int = _TRIAL

    @classmethod
    def of(cls, rate: Rate, now: float) -> "AdaptiveRate":
        """Return a limiter without any request."""
        return cls(rate, TokenBucket.full(rate, now))

    def request(self, now: float) -> tuple["AdaptiveRate", Permit | float]:
        """Return a permit for one request, or the seconds to wait before asking again."""
        gate = self._current(now)
        bucket, admits = gate.bucket.admits(now)
        if len(gate.sent) >= gate.window < _MANY:
            return gate, max(_MOMENT, bucket.due_in(now))
        if not admits:
            return replace(gate, bucket=bucket), bucket.due_in(now)
        sent = replace(gate, bucket=bucket, sent=(*gate.sent, now))
        return sent, Permit(gate.lessons, now)

    def after_response(
        self, permit: Permit, answer: CallResult, now: float
    ) -> "AdaptiveRate":
        """Return the limiter after the response to a permitted request."""
        sent = list(self.sent)
        if permit.at in sent:
            sent.remove(permit.at)
        gate = replace(self, sent=tuple(sent))
        if permit.lesson != self.lessons:
            return gate
        match answer:
            case CallResult.ADMITTED:
                return _admitted(gate, now)
            case CallResult.REFUSED:
                return _slower(gate, now)
            case CallResult.UNKNOWN:
                return gate

    @property
    def pace(self) -> float:
        """Current limit, in requests per second."""
        return self.bucket.rate.refill

    def _current(self, now: float) -> "AdaptiveRate":
        """Return the limiter without outdated refusals and requests."""
        gate = self
        if gate.refused_at is not None and now - gate.refused_at >= _FORGOTTEN_SECONDS:
            gate = replace(AdaptiveRate.of(self.rate, now), lessons=self.lessons)
        sent = tuple(at for at in gate.sent if now - at < _ANSWER_SECONDS)
        return replace(gate, sent=sent)


def _admitted(gate: AdaptiveRate, now: float) -> AdaptiveRate:
    gate = replace(gate, window=min(_MANY, gate.window + 1))
    if gate.refused_at is None or gate.pace >= gate.rate.refill:
        return gate
    admitted = gate.admitted + 1
    if admitted < gate.trial:
        return replace(gate, admitted=admitted)
    return _paced(gate, gate.pace * _FASTER, now)


def _slower(gate: AdaptiveRate, now: float) -> AdaptiveRate:
    first = gate.refused_at is None
    taught = replace(
        gate,
        lessons=gate.lessons + 1,
        refused_at=now,
        window=1,
        trial=_TRIAL if first else min(_LONGEST_TRIAL, 4 * gate.trial),
    )
    return _paced(taught, _CAREFUL if first else gate.pace / _FASTER, now)


def _paced(gate: AdaptiveRate, pace: float, now: float) -> AdaptiveRate:
    """Return the limiter at another pace, without a burst below the full pace."""
    refill = min(max(pace, _SLOWEST), gate.rate.refill)
    return replace(gate, bucket=TokenBucket(Rate(1, refill), 0.0, now), admitted=0)
