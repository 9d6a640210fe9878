"""Limits of requests, in the memory of this process.

The algorithm is GCRA (ITU-T I.371), as throttled-py implements it: one number for each
caller and class, an exact burst, and no edges of windows.

Each replica of the service permits its share of a limit. Together they permit the limit
and, while their number changes or a caller uses one of them only for a while, at most
one burst for each replica more.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache
from math import ceil
from types import MappingProxyType

from throttled import MemoryStore
from throttled.rate_limiter import GCRARateLimiter, Quota, Rate

from controller.core.access.caller import Caller
from controller.core.access.quota import QuotaState
from controller.core.access.rate import DEFAULT_RATES, RequestClass, RequestRate

# Pairs of a caller and a class that are remembered; one takes about 500 bytes. The pair
# that was used longest ago is forgotten first.
_MOST_CALLERS = 50_000
# Addresses have a memory of their own: a flood of them cannot displace callers.
_MOST_ADDRESSES = 50_000
# Different rates that keys and the document declare.
_MOST_RATES = 1_024
_PARTS = 2**20


def _alone() -> int:
    return 1


class RequestLimits:
    """Limits of callers and addresses. Thread-safe.

    Args:
        rates: Limits of the server; classes that are not listed have
            ``DEFAULT_RATES``.
        replicas: Returns the number of replicas that share each limit, at least 1.
    """

    def __init__(
        self,
        rates: Mapping[RequestClass, RequestRate] = MappingProxyType({}),
        replicas: Callable[[], int] = _alone,
        most: int = _MOST_CALLERS,
    ) -> None:
        self._rates = {**DEFAULT_RATES, **rates}
        self._replicas = replicas
        self._callers = _Buckets(most)
        self._addresses = _Buckets(_MOST_ADDRESSES)

    def request(self, caller: Caller, request_class: RequestClass) -> QuotaState:
        """Count a request of a caller and return the state of the quota."""
        own = caller.rates.get(request_class)
        key = f"{request_class} {caller.credential}"
        return self._counted(self._callers, key, request_class, own)

    def anonymous(self, address: str, request_class: RequestClass) -> QuotaState:
        """Count a request without a credential and return the state of the quota."""
        key = f"{request_class} {address}"
        return self._counted(self._addresses, key, request_class)

    def failed(self, address: str) -> QuotaState:
        """Count a refused credential and return the state of the quota."""
        return self.anonymous(address, RequestClass.FAILED_AUTH)

    def failures(self, address: str) -> QuotaState:
        """Return the quota of refused credentials; nothing is counted."""
        class_ = RequestClass.FAILED_AUTH
        limit = self._rates[class_]
        limiter = self._addresses.limiter(limit.shared(self._replicas()))
        found = limiter.peek(f"{class_} {address}")
        return QuotaState(
            class_,
            limit,
            found.remaining < 1,
            found.remaining,
            found.reset_after,
            found.retry_after,
        )

    def _counted(
        self,
        buckets: "_Buckets",
        key: str,
        request_class: RequestClass,
        own: RequestRate | None = None,
    ) -> QuotaState:
        limit = own or self._rates[request_class]
        result = buckets.limiter(limit.shared(self._replicas())).limit(key)
        state = result.state
        return QuotaState(
            request_class,
            limit,
            result.limited,
            0 if result.limited else state.remaining,
            state.reset_after,
            state.retry_after,
        )


class _Buckets:
    """State of the limits, for at most ``most`` keys; the limits may change."""

    def __init__(self, most: int) -> None:
        self._store = MemoryStore(options={"MAX_SIZE": most})
        self.limiter = lru_cache(_MOST_RATES)(self._limiter)

    def _limiter(self, limit: RequestRate) -> GCRARateLimiter:
        rate = Rate(timedelta(seconds=limit.seconds), limit.count)
        quota = Quota(rate, burst=limit.burst)
        quota.emission_interval = _exact(quota.emission_interval)
        return GCRARateLimiter(quota, self._store)


def _exact(seconds: float) -> float:
    """Return the interval, rounded up to a multiple of 2^-20 seconds.

    Sums of such numbers have no rounding error; with others, a burst is sometimes
    short by one request.
    """
    return ceil(seconds * _PARTS) / _PARTS
