"""Table of all metrics, and their registry."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Metric:
    """Definition of one metric.

    Attributes:
        name: Name in Prometheus.
        kind: Type of the metric.
        help: Help text in Prometheus.
        labels: Possible values of each label, whose series all exist from the start, at
            0; none for the names in a document, whose series begin with their first use.
    """

    name: str
    kind: Literal["counter", "histogram", "gauge"]
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
WEBHOOK_DELIVERIES = Metric(
    "webhook_deliveries_total",
    "counter",
    "Attempts at webhook deliveries, by target and outcome.",
    {"endpoint": (), "outcome": ("delivered", "retry", "dead")},
)
WEBHOOK_DELAY_SECONDS = Metric(
    "webhook_delay_seconds",
    "histogram",
    "Time from an announcement to its acceptance by a target in seconds.",
)
WEBHOOK_BACKLOG = Metric(
    "webhook_backlog",
    "gauge",
    "Deliveries that are not accepted yet, by target.",
    {"endpoint": ()},
)
WEBHOOK_OLDEST_PENDING = Metric(
    "webhook_oldest_pending_seconds",
    "gauge",
    "Age of the oldest delivery that is not accepted yet, by target. Alert on it.",
    {"endpoint": ()},
)
WEBHOOK_DEAD = Metric(
    "webhook_dead",
    "gauge",
    "Deliveries that were given up, by target; a retry sends them again.",
    {"endpoint": ()},
)
WEBHOOK_BREAKER = Metric(
    "webhook_breaker_state",
    "gauge",
    "Circuit breaker by target: 0 closed, 1 open, 2 disabled by the receiver.",
    {"endpoint": ()},
)
WEBHOOK_IN_FLIGHT = Metric(
    "webhook_inflight",
    "gauge",
    "Attempts of this process in progress, by target.",
    {"endpoint": ()},
)
WEBHOOK_SECRET_AGE = Metric(
    "webhook_secret_age_seconds",
    "gauge",
    "Age of the current signing secret, by target; absent if its store keeps no time.",
    {"endpoint": ()},
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
DNS_LOOKUPS = Metric(
    "dns_lookups_total",
    "counter",
    "Lookups of names, by the source of the addresses; `error` without an address.",
    {"result": ("pin", "fresh", "refreshing", "dns", "stale", "fallback", "error")},
)
DNS_QUERIES = Metric(
    "dns_queries_total",
    "counter",
    "DNS queries, by outcome.",
    {"outcome": ("found", "nxdomain", "nodata", "servfail", "timeout", "error")},
)
DNS_QUERY_SECONDS = Metric(
    "dns_query_seconds", "histogram", "Duration of a DNS query in seconds."
)
DNS_ADDRESS_CHANGES = Metric(
    "dns_address_changes_total",
    "counter",
    "Answers of DNS with other addresses than the answer before.",
)
DNS_COMPARISONS = Metric(
    "dns_comparisons_total",
    "counter",
    "Comparisons of the resolver with the machine; `failed`: only the machine answered.",
    {"result": ("agreed", "differed", "failed", "rescued", "both_failed")},
)
PREDICTIONS = Metric(
    "predictions_total",
    "counter",
    "Requests for predictions, by outcome.",
    {
        "outcome": (
            "predicted",
            "refused",
            "not_ready",
            "invalid",
            "failed",
            "full",
            "deadline",
            "gone",
        )
    },
)
PREDICTION_SECONDS = Metric(
    "prediction_seconds",
    "histogram",
    "Duration of a request for predictions in seconds.",
)
PREDICTION_QUEUE_SECONDS = Metric(
    "prediction_queue_seconds",
    "histogram",
    "Time that a batch waited for its model in seconds; its count is that of batches.",
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
    WEBHOOK_DELIVERIES,
    WEBHOOK_DELAY_SECONDS,
    WEBHOOK_BACKLOG,
    WEBHOOK_OLDEST_PENDING,
    WEBHOOK_DEAD,
    WEBHOOK_BREAKER,
    WEBHOOK_IN_FLIGHT,
    WEBHOOK_SECRET_AGE,
    WEBHOOK_UNKNOWN_OUTCOMES,
    WEBHOOK_POSSIBLE_DUPLICATES,
    WEBHOOK_LOST_CLAIMS,
    ECS_EVENTS,
    HINTS,
    STORE_OUTAGES,
    DNS_LOOKUPS,
    DNS_QUERIES,
    DNS_QUERY_SECONDS,
    DNS_ADDRESS_CHANGES,
    DNS_COMPARISONS,
    PREDICTIONS,
    PREDICTION_SECONDS,
    PREDICTION_QUEUE_SECONDS,
)
# Those that `serve` counts.
API_METRICS = (
    API_REQUESTS,
    STORE_OUTAGES,
    DNS_LOOKUPS,
    DNS_QUERIES,
    DNS_QUERY_SECONDS,
    DNS_ADDRESS_CHANGES,
    DNS_COMPARISONS,
    PREDICTIONS,
    PREDICTION_SECONDS,
    PREDICTION_QUEUE_SECONDS,
)


class Counter(Protocol):
    """Part of ``Metrics`` that increases counters."""

    def count(self, metric: Metric, **labels: str) -> None:
        """Add one to the counter ``metric``."""
        ...


class Metrics:
    """Registry of metrics. Thread-safe.

    prometheus_client is imported at first use.

    Args:
        metrics: Metrics that the process counts.
    """

    def __init__(self, metrics: Sequence[Metric] = ALL) -> None:
        self._metrics = metrics
        self._lock = threading.Lock()
        self._registry: Any = None
        self._series: dict[str, Any] = {}

    def count(self, metric: Metric, **labels: str) -> None:
        """Add one to the counter ``metric``."""
        self._of(metric, labels).inc()

    def counter(self, metric: Metric, **labels: str) -> Callable[[], None]:
        """Return a function that adds one to the counter ``metric``, for a hot path."""
        increase: Callable[[], None] = self._of(metric, labels).inc
        return increase

    def measure(self, metric: Metric, seconds: float, **labels: str) -> None:
        """Add one duration to the histogram ``metric``."""
        self._of(metric, labels).observe(seconds)

    def replace(self, metric: Metric, values: Mapping[str, float]) -> None:
        """Set the gauge ``metric``, which has one label, to ``values`` by that label.

        Series of other values of the label end.
        """
        self._ensure_registry()
        series = self._series[metric.name]
        series.clear()
        for value, number in values.items():
            series.labels(value).set(number)

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
        for metric in self._metrics:
            make: Any = {
                "counter": prometheus.Counter,
                "histogram": prometheus.Histogram,
                "gauge": prometheus.Gauge,
            }[metric.kind]
            names = tuple(metric.labels)
            series = make(metric.name, metric.help, names, registry=registry)
            for values in product(*metric.labels.values()) if names else ():
                series.labels(*values)
            self._series[metric.name] = series
        return registry
