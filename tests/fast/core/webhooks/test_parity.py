"""The comparison of both publications, and the gate of the next phase."""

from datetime import timedelta

import pytest

from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.parity import (
    ParityReport,
    PublicationPair,
    advance_refusal,
    parity_report,
)
from controller.core.webhooks.publication_phase import (
    DUAL,
    PHASES,
    WEBHOOK_ONLY,
    WEBHOOK_PRIMARY,
    is_advance,
    phase_named,
)
from tests.fakes.stopped_clock import NOON

DELIVERED, DEAD = DeliveryState.DELIVERED, DeliveryState.DEAD
PENDING, SUPERSEDED = DeliveryState.PENDING, DeliveryState.SUPERSEDED


def seconds(number):
    return None if number is None else NOON + timedelta(seconds=number)


def pair(webhook, redis, webhook_at=None, redis_at=None):
    return PublicationPair("id", webhook, redis, seconds(webhook_at), seconds(redis_at))


def test_each_event_counts_once():
    report = parity_report(
        DUAL,
        [
            pair(DELIVERED, DELIVERED, 1, 2),
            pair(DELIVERED, DEAD, 1),
            pair(DEAD, DELIVERED, None, 1),
            pair(DEAD, DEAD),
        ],
    )

    assert report == ParityReport(DUAL, 1, 1, 1, 1, largest_delay=timedelta(seconds=1))
    assert report.events == 4


def test_an_event_that_redis_received_before_an_earlier_one_is_reordered():
    report = parity_report(
        DUAL,
        [
            pair(DELIVERED, DELIVERED, 1, 9),
            pair(DELIVERED, DELIVERED, 2, 5),
            pair(DELIVERED, DELIVERED, 3, 10),
        ],
    )

    assert report.reordered == 1
    assert report.largest_delay == timedelta(seconds=8)


@pytest.mark.parametrize(
    ("phase", "redis", "expected"),
    [
        (DUAL, DELIVERED, 1),
        (DUAL, SUPERSEDED, 0),
        (WEBHOOK_PRIMARY, SUPERSEDED, 1),
        (WEBHOOK_PRIMARY, DELIVERED, 0),
        (WEBHOOK_PRIMARY, DEAD, 0),
    ],
)
def test_parity_of_an_event_depends_on_the_phase(phase, redis, expected):
    assert parity_report(phase, [pair(DELIVERED, redis)]).at_parity == expected


@pytest.mark.parametrize(
    ("report", "least", "refusal"),
    [
        (ParityReport(DUAL, both=20), 20, ""),
        (ParityReport(DUAL, both=19), 20, "19 events compared; at least 20 needed"),
        (
            ParityReport(DUAL, both=20, only_redis=1),
            20,
            "20 of 21 events at parity",
        ),
        (ParityReport(DUAL, only_redis=9), 0, ""),
    ],
    ids=["parity", "few", "one missing", "no comparison"],
)
def test_the_gate_needs_enough_events_and_all_at_parity(report, least, refusal):
    assert advance_refusal(report, least) == refusal


def test_only_a_step_towards_the_webhook_is_an_advance():
    assert [is_advance(a, b) for a in PHASES for b in PHASES] == [
        *(False, True, True),
        *(False, False, True),
        *(False, False, False),
    ]


def test_a_row_without_a_phase_used_no_redis():
    assert phase_named("") == WEBHOOK_ONLY
    assert phase_named("dual") == DUAL
