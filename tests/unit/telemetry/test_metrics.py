"""Metrics: every series exists from the start."""

from controller.telemetry.metrics import (
    ALL,
    DELIVERIES,
    RECONCILE_SECONDS,
    RECONCILES,
    Metrics,
)


def test_every_series_starts_at_zero():
    text = Metrics().text().decode()

    for metric in ALL:
        assert metric.name in text
    assert 'reconcile_total{outcome="failed"} 0.0' in text
    assert 'deliveries_total{outcome="dead"} 0.0' in text
    assert 'api_requests_total{status="5xx"} 0.0' in text
    assert "reconcile_errors_total 0.0" in text


def test_counters_and_histograms_record_values():
    metrics = Metrics()

    metrics.count(RECONCILES, outcome="acted")
    metrics.count(DELIVERIES, outcome="delivered")
    metrics.measure(RECONCILE_SECONDS, 0.3)

    text = metrics.text().decode()
    assert 'reconcile_total{outcome="acted"} 1.0' in text
    assert 'deliveries_total{outcome="delivered"} 1.0' in text
    assert "reconcile_time_seconds_count 1.0" in text


def test_two_registries_are_independent():
    one, other = Metrics(), Metrics()

    one.count(RECONCILES, outcome="acted")

    assert 'reconcile_total{outcome="acted"} 0.0' in other.text().decode()
