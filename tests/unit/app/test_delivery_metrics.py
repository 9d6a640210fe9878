"""Metrics of attempts at webhook deliveries: each is counted."""

from datetime import timedelta

import pytest

from controller.app.replica_deliveries import count_attempt
from controller.core.webhooks.answers import Answered, Unanswered
from controller.core.webhooks.delivery import Delivered
from controller.engine.dispatcher import EndedAttempt
from controller.telemetry.metrics import Metrics


def counted(answer, *, possible_duplicate=False, is_recorded=True):
    """Return the series above 0 after one attempt."""
    metrics = Metrics()
    took = timedelta(seconds=0.3)
    count_attempt(
        metrics,
        EndedAttempt(answer, Delivered(), took, possible_duplicate, is_recorded),
    )
    series = [line.rpartition(" ") for line in metrics.text().decode().splitlines()]
    return {
        name
        for name, _, value in series
        if not name.startswith("#") and float(value) > 0 and "created" not in name
    }


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (Answered(204), "2xx"),
        (Answered(302), "3xx"),
        (Answered(410), "4xx"),
        (Answered(503), "5xx"),
        (Answered(999), "other"),
        (Unanswered("refused"), "none"),
    ],
)
def test_every_answer_is_counted_in_its_class(answer, name):
    assert f'webhook_answers_total{{answer="{name}"}}' in counted(answer)


def test_the_duration_of_an_attempt_is_measured():
    assert "webhook_attempt_seconds_count" in counted(Answered(200))


def test_an_attempt_that_may_have_arrived_has_an_unknown_outcome():
    name = "webhook_unknown_outcome_total"

    assert name in counted(Unanswered("no answer", is_sent=True))
    assert name not in counted(Unanswered("refused"))
    assert name not in counted(Answered(200))


def test_possible_duplicates_and_lost_claims_are_counted():
    duplicate = counted(Answered(200), possible_duplicate=True)
    lost = counted(Answered(200), is_recorded=False)

    assert "webhook_possible_duplicates_total" in duplicate
    assert "webhook_possible_duplicates_total" not in lost
    assert "webhook_lost_lease_total" in lost
    assert "webhook_lost_lease_total" not in duplicate
