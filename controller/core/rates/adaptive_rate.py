"""A gate before a rate that others use up, too. Time is an argument.

What is documented holds for the account; what is left of it for us only refusals
tell. Each costs a request that does nothing, so each is to teach as much as it can:

- The first requests go one by one, then twice as many at a time: whoever is refused
  from the start finds out with one request, and not with all that wait.
- A refusal holds for all: the next request goes alone, at a pace that was refused to
  nobody yet. What was under way at the time is refused likewise, and teaches nothing.
- A faster pace is tried after a number of requests that were let through, and after
  four times as many if that was refused: of many requests, only a few find the limit.
- After some minutes without a refusal, the others are taken to have gone.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from controller.core.rates.token_bucket import Rate, TokenBucket

# Who is refused asks this often, in requests a second.
_CAREFUL = 0.5
_SLOWEST = 0.1
_FASTER = 1.5
# So many requests are let through before a faster pace is tried.
_TRIAL = 10
_LONGEST_TRIAL = 160
_FORGOTTEN_SECONDS = 300.0
# How many may be under way at once before they are not counted any more.
_MANY = 16
# Who gets no answer for so long is not refused: those behind need not wait for it.
_ANSWER_SECONDS = 1.0
# Where an answer is waited for, and nobody knows for how long.
_MOMENT = 0.01


class CallResult(StrEnum):
    """What came of a request, as far as its rate goes."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to send one request.

    Attributes:
        lesson: How many refusals had taught something by then.
        at: When it was given.
    """

    lesson: int
    at: float


@dataclass(frozen=True, slots=True)
class AdaptiveRate:
    """What is known of a rate, and who is on the way.

    Attributes:
        rate: What is documented.
        bucket: What is left, at the pace that we keep to.
        lessons: How many refusals taught something.
        refused_at: When the last of them came; None while all is as documented.
        window: How many may be under way at once.
        sent: When those were sent that are under way.
        admitted: How many were let through at this pace.
        trial: After how many of them a faster pace is tried.
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
        """Return a gate through which nobody went yet."""
        return cls(rate, TokenBucket.full(rate, now))

    def asked(self, now: float) -> tuple["AdaptiveRate", Permit | float]:
        """Return leave to send a request, or the seconds after which to ask again."""
        gate = self._current(now)
        bucket, admits = gate.bucket.admits(now)
        if len(gate.sent) >= gate.window < _MANY:
            return gate, max(_MOMENT, bucket.due_in(now))
        if not admits:
            return replace(gate, bucket=bucket), bucket.due_in(now)
        gone = replace(gate, bucket=bucket, sent=(*gate.sent, now))
        return gone, Permit(gate.lessons, now)

    def answered(
        self, permit: Permit, answer: CallResult, now: float
    ) -> "AdaptiveRate":
        """Return the gate after the answer to a request that was let through."""
        sent = list(self.sent)
        if permit.at in sent:
            sent.remove(permit.at)
        gate = replace(self, sent=tuple(sent))
        if permit.lesson != self.lessons:
            return gate
        match answer:
            case CallResult.ADMITTED:
                return _let_through(gate, now)
            case CallResult.REFUSED:
                return _slower(gate, now)
            case CallResult.UNKNOWN:
                return gate

    @property
    def pace(self) -> float:
        """Requests a second that we send at most, for now."""
        return self.bucket.rate.refill

    def _current(self, now: float) -> "AdaptiveRate":
        """Return the gate without what is too old to matter."""
        gate = self
        if gate.refused_at is not None and now - gate.refused_at >= _FORGOTTEN_SECONDS:
            gate = replace(AdaptiveRate.of(self.rate, now), lessons=self.lessons)
        sent = tuple(at for at in gate.sent if now - at < _ANSWER_SECONDS)
        return replace(gate, sent=sent)


def _let_through(gate: AdaptiveRate, now: float) -> AdaptiveRate:
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
    """Return the gate at another pace; below the full one nothing is saved up."""
    refill = min(max(pace, _SLOWEST), gate.rate.refill)
    return replace(gate, bucket=TokenBucket(Rate(1, refill), 0.0, now), admitted=0)
