"""Table of all metrics, and their registry."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Metric:
    """Definition of one metric.

    Attributes:
        name: Name in Prometheus.
        kind: Type of the metric.
        help: Help text in Prometheus.
        labels: Possible values of each label. All series exist from the start, at 0.
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
    "reconcile_time_seconds", "histogram", "Duration of a pass in seconds."
)
API_REQUESTS = Metric(
    "api_requests_total",
    "counter",
    "Requests answered by the API, by status class.",
    {"status": ("1xx", "2xx", "3xx", "4xx", "5xx")},
)
DELIVERIES = Metric(
    "deliveries_total",
    "counter",
    "Attempts at webhook deliveries, by outcome.",
    {"outcome": ("delivered", "retry", "dead")},
)
QUEUE_MESSAGES = Metric(
    "redis_messages_total",
    "counter",
    "Attempts at messages for Redis, by outcome.",
    {"outcome": ("delivered", "retry", "dead")},
)
WEBHOOK_ANSWERS = Metric(
    "webhook_answers_total",
    "counter",
    "Answers of webhook receivers, by status class; `none` without an answer.",
    {"answer": ("1xx", "2xx", "3xx", "4xx", "5xx", "other", "none")},
)
WEBHOOK_ATTEMPT_SECONDS = Metric(
    "webhook_attempt_seconds",
    "histogram",
    "Duration of an attempt at a webhook delivery in seconds.",
)
WEBHOOK_UNKNOWN_OUTCOMES = Metric(
    "webhook_unknown_outcome_total",
    "counter",
    "Attempts that may have been received although there was no answer.",
)
WEBHOOK_POSSIBLE_DUPLICATES = Metric(
    "webhook_possible_duplicates_total",
    "counter",
    "Attempts after an earlier one that may have been received.",
)
WEBHOOK_LOST_CLAIMS = Metric(
    "webhook_lost_lease_total",
    "counter",
    "Attempts that ended after their claim had expired.",
)
ECS_EVENTS = Metric(
    "news_total",
    "counter",
    "Messages from the queue of ECS events: of managed services, of others, malformed.",
    {"kind": ("ours", "others", "malformed")},
)
HINTS = Metric(
    "mlflow_hints_total",
    "counter",
    "Requests of MLflow's webhook, by outcome.",
    {"outcome": ("accepted", "refused", "unavailable")},
)
STORE_OUTAGES = Metric(
    "store_outages_total",
    "counter",
    "Outages of the controller's database, counted at their start.",
)
ALL = (
    RECONCILES,
    RECONCILE_ERRORS,
    RECONCILE_SECONDS,
    API_REQUESTS,
    DELIVERIES,
    QUEUE_MESSAGES,
    WEBHOOK_ANSWERS,
    WEBHOOK_ATTEMPT_SECONDS,
    WEBHOOK_UNKNOWN_OUTCOMES,
    WEBHOOK_POSSIBLE_DUPLICATES,
    WEBHOOK_LOST_CLAIMS,
    ECS_EVENTS,
    HINTS,
    STORE_OUTAGES,
)


class Counter(Protocol):
    """Part of ``Metrics`` that increases counters."""

    def count(self, metric: Metric, **labels: str) -> None:
        """Add one to the counter ``metric``."""
        ...


class Metrics:
    """Registry of all metrics. Thread-safe.

    prometheus_client is imported at first use.
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
        """Return all series in the text format of Prometheus."""
        from prometheus_client import generate_latest

        return bytes(generate_latest(self._ensure_registry()))

    def _of(self, metric: Metric, labels: Mapping[str, str]) -> Any:
        self._ensure_registry()
        series = self._series[metric.name]
        return series.labels(**labels) if metric.labels else series

    def _ensure_registry(self) -> Any:
        with self._lock:
            if self._registry is None:
                self._registry = self._new_registry()
            return self._registry

    def _new_registry(self) -> Any:
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
