"""Request throttling with AWS's token buckets, one for each category of calls."""

from collections.abc import Mapping
from datetime import datetime

from controller.core.rates.ecs_rates import CATEGORIES
from controller.core.rates.token_bucket import Rate, TokenBucket


class Throttle:
    """Token buckets; disabled until rates are set."""

    def __init__(self) -> None:
        self._rates: dict[str, Rate] = {}
        self._buckets: dict[str, TokenBucket] = {}

    def limit(self, rates: Mapping[str, Rate]) -> None:
        """Apply ``rates`` from now on; an empty mapping disables throttling."""
        self._rates = dict(rates)
        self._buckets = {}

    def admits(self, operation: str, now: datetime) -> bool:
        """Take a token for a call; return False if there is none."""
        category = CATEGORIES.get(operation, "")
        if category not in self._rates:
            return True
        at, rate = now.timestamp(), self._rates[category]
        bucket = self._buckets.get(category) or TokenBucket.full(rate, at)
        self._buckets[category], admitted = bucket.admits(at)
        return admitted
