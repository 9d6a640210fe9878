"""The rate limiter of ECS operations, shared by all threads of a process."""

import threading
from collections.abc import Mapping

from controller.core.clock import Clock
from controller.core.rates.adaptive_rate import AdaptiveRate, CallResult, Permit
from controller.core.rates.ecs_rates import CATEGORIES, RATES
from controller.core.rates.token_bucket import Rate


class Limiter:
    """Keeps the callers of one process within ECS's rates. For any thread.

    Every request needs leave, repeated ones too. What has no category is let
    through: other services say no rates that hold for everyone.
    """

    def __init__(self, clock: Clock, rates: Mapping[str, Rate] = RATES) -> None:
        self._clock = clock
        self._rates = rates
        self._lock = threading.Lock()
        self._gates: dict[str, AdaptiveRate] = {}

    def wait(self, operation: str) -> Permit | None:
        """Return when ``operation`` may be sent; at once, most of the time.

        What is returned goes to ``answered`` afterwards. Nobody is promised a time:
        whoever has waited asks again, for a refusal meanwhile holds for all.
        """
        category = CATEGORIES.get(operation, "")
        if category not in self._rates:
            return None
        while True:
            with self._lock:
                now = self._clock.monotonic()
                self._gates[category], leave = self._gate(category, now).request(now)
            if isinstance(leave, Permit):
                return leave
            self._clock.sleep(leave)

    def answered(
        self, operation: str, permit: Permit | None, answer: CallResult
    ) -> None:
        """Learn from what came of an operation that ``wait`` let through."""
        if permit is None:
            return
        category = CATEGORIES[operation]
        with self._lock:
            now = self._clock.monotonic()
            gate = self._gate(category, now)
            self._gates[category] = gate.after_response(permit, answer, now)

    def _gate(self, category: str, now: float) -> AdaptiveRate:
        return self._gates.get(category) or AdaptiveRate.of(self._rates[category], now)
