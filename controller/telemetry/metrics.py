"""All metrics, in one table, and the one registry they live in."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table.

    Attributes:
        name: As Prometheus shows it.
        kind: What sort of number it is.
        help: One sentence for a person.
        labels: For each label, the values it may have: all series start at 0.
    """

    name: str
    kind: Literal["counter", "histogram"]
    help: str
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


RECONCILES = Metric(
    "reconcile_total",
    "counter",
    "Passes completed.",
    {"outcome": ("converged", "acted", "failed")},
)
RECONCILE_ERRORS = Metric(
    "reconcile_errors_total",
    "counter",
    "Actions that failed, and passes that ended early.",
)
RECONCILE_SECONDS = Metric(
    "reconcile_time_seconds", "histogram", "How long a pass took."
)
API_REQUESTS = Metric(
    "api_requests_total",
    "counter",
    "Requests answered by the API, by class of status.",
    {"status": ("1xx", "2xx", "3xx", "4xx", "5xx")},
)
DELIVERIES = Metric(
    "deliveries_total",
    "counter",
    "Attempts at webhook deliveries, by what followed.",
    {"outcome": ("delivered", "retry", "dead")},
)
NEWS = Metric(
    "news_total",
    "counter",
    "Messages heard from the queue of ECS's events, by what they were to us.",
    {"kind": ("ours", "others", "malformed")},
)
ALL = (
    RECONCILES,
    RECONCILE_ERRORS,
    RECONCILE_SECONDS,
    API_REQUESTS,
    DELIVERIES,
    NEWS,
)


class Counter(Protocol):
    """Whoever counts."""

    def count(self, metric: Metric, **labels: str) -> None:
        """Add one to the counter ``metric``."""
        ...


class Metrics:
    """Counts and measures. Safe to use from several threads.

    The library behind it is imported when the first number arrives.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._registry: Any = None
        self._series: dict[str, Any] = {}

    def count(self, metric: Metric, **labels: str) -> None:
        """Add one to the counter ``metric``."""
        self._of(metric, labels).inc()

    def measure(self, metric: Metric, seconds: float, **labels: str) -> None:
        """Add one duration to the histogram ``metric``."""
        self._of(metric, labels).observe(seconds)

    def text(self) -> bytes:
        """Return all series as Prometheus reads them."""
        from prometheus_client import generate_latest

        return bytes(generate_latest(self._ready()))

    def _of(self, metric: Metric, labels: Mapping[str, str]) -> Any:
        self._ready()
        series = self._series[metric.name]
        return series.labels(**labels) if metric.labels else series

    def _ready(self) -> Any:
        with self._lock:
            if self._registry is None:
                self._registry = self._made()
            return self._registry

    def _made(self) -> Any:
        import prometheus_client as prometheus

        registry = prometheus.CollectorRegistry()
        for metric in ALL:
            counts = metric.kind == "counter"
            make = prometheus.Counter if counts else prometheus.Histogram
            series = make(
                metric.name, metric.help, tuple(metric.labels), registry=registry
            )
            for name, values in metric.labels.items():
                for value in values:
                    series.labels(**{name: value})
            self._series[metric.name] = series
        return registry
