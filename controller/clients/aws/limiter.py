"""Rate limiter for ECS operations, shared by all threads of a process."""

import threading
from collections.abc import Mapping

from controller.core.clock import Clock
from controller.core.rates.adaptive_rate import AdaptiveRate, CallResult, Permit
from controller.core.rates.ecs_rates import CATEGORIES, RATES
from controller.core.rates.token_bucket import Rate


class Limiter:
    """Keeps all requests of one process within the rates of ECS. Thread-safe.

    Every request needs a permit, including repeated ones. Operations without a
    category are never delayed: the other services publish no general rates.
    """

    def __init__(self, clock: Clock, rates: Mapping[str, Rate] = RATES) -> None:
        self._clock = clock
        self._rates = rates
        self._lock = threading.Lock()
        self._adaptive: dict[str, AdaptiveRate] = {}

    def wait(self, operation: str) -> Permit | None:
        """Wait until ``operation`` may be sent, and return the permit for ``report``.

        A thread that has waited checks again, because a refusal in the meantime
        delays all threads.
        """
        category = CATEGORIES.get(operation, "")
        if category not in self._rates:
            return None
        while True:
            with self._lock:
                now = self._clock.monotonic()
                rate = self._rate(category, now)
                self._adaptive[category], answer = rate.request(now)
            if isinstance(answer, Permit):
                return answer
            self._clock.sleep(answer)

    def report(self, operation: str, permit: Permit | None, result: CallResult) -> None:
        """Adapt the rate to the result of an operation that ``wait`` permitted."""
        if permit is None:
            return
        category = CATEGORIES[operation]
        with self._lock:
            now = self._clock.monotonic()
            rate = self._rate(category, now)
            self._adaptive[category] = rate.after_response(permit, result, now)

    def _rate(self, category: str, now: float) -> AdaptiveRate:
        initial = self._rates[category]
        return self._adaptive.get(category) or AdaptiveRate.of(initial, now)
