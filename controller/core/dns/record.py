"""Record of one name: its last answers, and the choice between them.

Order: pin, fresh, stale while a query is under way, DNS, stale, declared fallback.
"""

from dataclasses import dataclass, replace

from controller.core.dns.answers import Answer, Failure, Found, Resolution, Source
from controller.core.rates.retry import jitter

TTL_SECONDS = 300.0
MAX_STALE_SECONDS = 86_400.0
# A task that is being replaced is missing from DNS briefly. After this time its address
# may belong to another task.
_GRACE_SECONDS = 60.0
# A record with the TTL 0 is queried once a second and not by each caller.
_LEAST_TTL = 1.0
# Part of the TTL after which a name in use is queried again, and the spread of it.
_REFRESH_AFTER = 0.8
_REFRESH_SPREAD = 0.1
# Interval of the queries in the first minute of an outage, and later.
_RECHECK_SECONDS = 2.0
_LATE_RECHECK_SECONDS = 30.0
_EARLY_SECONDS = 60.0
_RECHECK_SPREAD = 0.1
_MOST_NEGATIVE_TTL = 30.0


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """Limits of the cache, in seconds.

    Attributes:
        ttl: Longest time that an answer is fresh; the record's TTL applies if shorter.
        max_stale: Longest time that an answer is used after it was received.
        salt: Text that differs between processes, so that their queries spread.
    """

    ttl: float = TTL_SECONDS
    max_stale: float = MAX_STALE_SECONDS
    salt: str = ""


@dataclass(frozen=True, slots=True)
class NameRecord:
    """Facts about one name; times are monotonic seconds.

    Attributes:
        host: Name of the host.
        declared: Addresses from the configuration, used when there are no others.
        found: Last answer with addresses.
        found_at: Time of that answer.
        stored: Addresses of an earlier process.
        stored_at: Time at which they were valid.
        failure: Result of the last query, if it failed.
        failures: Number of consecutive failed queries.
        failing_since: Time of the first of them.
        missing_since: Time since which servers say that the name has no address.
        next_query_at: Earliest time of the next query.
    """

    host: str
    declared: tuple[str, ...] = ()
    found: Found | None = None
    found_at: float = 0.0
    stored: tuple[str, ...] = ()
    stored_at: float = 0.0
    failure: Failure | None = None
    failures: int = 0
    failing_since: float = 0.0
    missing_since: float | None = None
    next_query_at: float = float("-inf")


def answered(
    record: NameRecord, answer: Answer, now: float, limits: CacheLimits
) -> NameRecord:
    """Return ``record`` after a query that ended with ``answer`` at ``now``."""
    if isinstance(answer, Found):
        ttl = max(_LEAST_TTL, min(answer.ttl, limits.ttl))
        early = jitter(f"{limits.salt}/{record.host}@{now}", 0) * _REFRESH_SPREAD
        return NameRecord(
            record.host,
            record.declared,
            Found(answer.addresses, ttl),
            now,
            next_query_at=now + ttl * (_REFRESH_AFTER + early),
        )
    failures = record.failures + 1
    failing_since = record.failing_since if record.failures else now
    missing_since = record.missing_since if answer.is_missing else None
    if answer.is_missing and missing_since is None:
        missing_since = now
    failed = replace(
        record,
        failure=answer,
        failures=failures,
        failing_since=failing_since,
        missing_since=missing_since,
    )
    wait = _recheck_delay(failed, now, limits)
    return replace(failed, next_query_at=now + wait)


def chosen(
    record: NameRecord, now: float, limits: CacheLimits, pinned: tuple[str, ...] = ()
) -> Resolution | None:
    """Return the addresses to use at ``now``; None if no usable one is known."""
    if pinned:
        return _resolution(record, pinned, Source.PIN, None)
    if cached := _cached(record, now, limits):
        return cached
    failure = record.failure
    missing = failure is not None and failure.is_missing
    is_stored = record.stored and now - record.stored_at <= limits.max_stale
    if is_stored and not missing:
        return _resolution(record, record.stored, Source.STALE, None)
    if record.declared:
        return _resolution(record, record.declared, Source.FALLBACK, None)
    return None


def is_due(record: NameRecord, now: float) -> bool:
    """Return whether DNS should be queried at ``now`` for a name in use."""
    return now >= record.next_query_at


def _cached(record: NameRecord, now: float, limits: CacheLimits) -> Resolution | None:
    """Return the answer that this process got from DNS, if it is usable."""
    found, failure, age = record.found, record.failure, now - record.found_at
    if found is None or age > limits.max_stale:
        return None
    missing = failure is not None and failure.is_missing
    if age < found.ttl and not missing:
        return _resolution(record, found.addresses, Source.FRESH, age)
    if failure is None:
        return _resolution(record, found.addresses, Source.REFRESHING, age)
    if not missing or _within_grace(record, now):
        return _resolution(record, found.addresses, Source.STALE, age)
    return None


def _resolution(
    record: NameRecord, addresses: tuple[str, ...], source: Source, age: float | None
) -> Resolution:
    found, failure = record.found, record.failure
    reason = "" if failure is None else failure.reason
    if failure is None and found is None and source is not Source.PIN:
        reason = "DNS has not answered yet"
    ttl = 0.0 if found is None or age is None else found.ttl
    return Resolution(record.host, addresses, source, age, ttl, reason, record.failures)


def _within_grace(record: NameRecord, now: float) -> bool:
    since = now if record.missing_since is None else record.missing_since
    return now - since <= _GRACE_SECONDS


def _recheck_delay(record: NameRecord, now: float, limits: CacheLimits) -> float:
    """Return the seconds until the next query after a failed one.

    The answer that a name has no address is cached as its server says, but not while an
    address may be restored: then recovery is noticed as in an outage.
    """
    failure = record.failure
    known = record.found is not None and _within_grace(record, now)
    if failure is not None and failure.is_missing and not known:
        ttl = _RECHECK_SECONDS if failure.ttl is None else failure.ttl
        return min(max(ttl, _LEAST_TTL), _MOST_NEGATIVE_TTL)
    early = now - record.failing_since < _EARLY_SECONDS
    full = _RECHECK_SECONDS if early else _LATE_RECHECK_SECONDS
    key = f"{limits.salt}/{record.host}"
    return full * (1 - _RECHECK_SPREAD * jitter(key, record.failures))
