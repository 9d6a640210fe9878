"""Which versions a target must still be told of."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from controller.core.models.registration import DUPLICATE_TAG, ModelVersion
from controller.core.resources.condition import Truth
from controller.core.resources.kind import HealthLevel
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Hold, Verb
from controller.core.webhooks.breaker import Breaker
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import MODEL_REGISTERED, identity_of
from controller.core.webhooks.resource_event import RESOURCE_EVENTS
from controller.kinds.webhook import KIND
from controller.kinds.webhook.health import announced_tag, missing
from controller.kinds.webhook.spec import Event, WebhookSpec
from controller.kinds.webhook.state import DeliveryCounts, WebhookState

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def spec(announce="all") -> WebhookSpec:
    return WebhookSpec.model_validate(
        {
            "url": "https://hokus.ai/hook",
            "secrets": [{"env": "WEBHOOK_SECRET"}],
            "announce": announce,
        }
    )


def version(number: int, created: datetime = NOON, **more) -> ModelVersion:
    return ModelVersion(
        "leads", number, "s3://b/x", created_ms=int(created.timestamp() * 1000), **more
    )


def state(*versions: ModelVersion, **more) -> WebhookState:
    return WebhookState("site", "hokusai/local", NOON, versions, **more)


def told(announce, *versions: ModelVersion, **more) -> list[str]:
    """Return the paths of what is still to be told."""
    return [c.path for c in KIND.compare(spec(announce), state(*versions, **more))]


def recorded(version, delivery):
    """Return the record of one version's delivery."""
    return {identity_of("hokusai/local", version): delivery}


def test_a_target_that_the_document_does_not_permit_is_degraded_with_the_reason():
    counts = DeliveryCounts(pending=2, dead=1, blocked="10.0.0.1 is a private address")

    health = KIND.health(spec(), state(deliveries=counts))

    assert (health.level, health.reason) == (
        HealthLevel.DEGRADED,
        "AddressNotPermitted",
    )
    assert "10.0.0.1 is a private address. 2 deliveries waiting" in health.message


def test_every_version_that_was_not_announced_is():
    assert told("all", version(1), version(2)) == [
        "announced.leads/1",
        "announced.leads/2",
    ]


def test_what_the_ledger_holds_is_not_announced_again():
    known = recorded(version(1), DeliveryState.PENDING)

    assert told("all", version(1), delivery_states=known) == []


def test_a_lost_ledger_announces_nothing_twice():
    stamped = version(1, tags={announced_tag("site"): "id"})

    assert told("all", stamped) == []


def test_a_number_that_comes_back_after_a_deletion_is_another_version():
    known = recorded(version(1), DeliveryState.DELIVERED)
    remade = version(1, NOON + timedelta(days=1))

    assert told("all", remade, delivery_states=known) == ["announced.leads/1"]


@pytest.mark.parametrize(
    ("announce", "expected"),
    [
        pytest.param("all", ["announced.leads/1", "announced.leads/2"], id="all"),
        pytest.param("from-now", ["announced.leads/2"], id="since it was first seen"),
        pytest.param({"since": "2026-01-02"}, [], id="since a date"),
    ],
)
def test_the_baseline_says_what_is_news(announce, expected):
    before = version(1, NOON - timedelta(seconds=1))

    assert told(announce, before, version(2)) == expected


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"status": "PENDING_REGISTRATION"}, id="not ready"),
        pytest.param({"tags": {DUPLICATE_TAG: "1"}}, id="a copy"),
    ],
)
def test_what_is_no_registration_is_not_announced(more):
    assert told("all", version(1, **more)) == []


@pytest.mark.parametrize(
    ("delivery", "tagged", "expected"),
    [
        (DeliveryState.PENDING, False, []),
        (DeliveryState.DELIVERED, False, ["stamped.leads/1"]),
        (DeliveryState.DELIVERED, True, []),
        (DeliveryState.DEAD, False, []),
        (DeliveryState.DEAD, True, ["stamped.leads/1"]),
    ],
)
def test_only_an_accepted_delivery_is_tagged_on_its_version(delivery, tagged, expected):
    tags = {announced_tag("site"): "id"} if tagged else {}
    one = version(1, tags=tags)

    assert told("all", one, delivery_states=recorded(one, delivery)) == expected


OPEN = Breaker(failures=5, open_until=NOON + timedelta(minutes=1))
GONE = Breaker(disabled="the receiver answered 410: it wants no events any more")


@pytest.mark.parametrize(
    ("breaker", "reason", "words"),
    [
        (OPEN, "BreakerOpen", "5 attempts failed in a row: refused. 2 deliveries"),
        (GONE, "TargetDisabled", "The receiver answered 410"),
    ],
)
def test_a_paused_target_says_why_and_what_waits(breaker, reason, words):
    counts = DeliveryCounts(pending=2, last_error="refused")
    paused = state(breaker=breaker, deliveries=counts)

    health = KIND.health(spec(), paused)
    found = {c.type: c for c in KIND.conditions(spec(), paused)}["BreakerClosed"]

    assert (health.level, health.reason) == (HealthLevel.DEGRADED, reason)
    assert words in health.message
    assert "2 deliveries waiting" in health.message
    assert (found.status, found.reason) == (Truth.FALSE, reason)


@pytest.mark.parametrize(
    ("verb", "more", "words"),
    [
        (Verb.RETRY, {}, "no delivery failed permanently"),
        (Verb.RETRY, {"breaker": OPEN}, ""),
        (Verb.RETRY, {"breaker": GONE}, ""),
        (Verb.RETRY, {"deliveries": DeliveryCounts(dead=1)}, ""),
        (Verb.RESTART, {"breaker": OPEN}, "does not support `restart`"),
    ],
)
def test_a_retry_is_accepted_if_something_waits_for_it(verb, more, words):
    request = OperationRequest("ada", "fixed")

    found = KIND.check_request(verb, request, spec(), state(**more), NOON)

    assert words in found
    assert bool(found) is bool(words)


def test_many_announcements_at_once_are_held_until_a_person_allows_them():
    flood = state(*(version(n) for n in range(1, 22)))

    held = KIND.hold_reason(spec(), flood, KIND.compare(spec(), flood))

    assert held is not None
    assert held.hold is Hold.BACKLOG_LIMIT_EXCEEDED


@pytest.mark.parametrize(
    ("deliveries", "level"),
    [
        pytest.param(
            DeliveryCounts(delivered=1), HealthLevel.HEALTHY, id="all delivered"
        ),
        pytest.param(
            DeliveryCounts(pending=1), HealthLevel.PROGRESSING, id="under way"
        ),
        pytest.param(
            DeliveryCounts(pending=1, retrying=1), HealthLevel.DEGRADED, id="retried"
        ),
        pytest.param(DeliveryCounts(dead=1), HealthLevel.DEGRADED, id="given up"),
    ],
)
def test_a_target_does_as_well_as_its_deliveries(deliveries, level):
    assert KIND.health(spec(), state(deliveries=deliveries)).level is level


def test_a_target_can_receive_every_type_of_event():
    assert {*get_args(Event)} == {MODEL_REGISTERED, *RESOURCE_EVENTS}


def test_a_target_without_registrations_announces_no_version():
    other = spec().model_copy(update={"events": ("service.degraded",)})

    assert missing(other, state(version(1))) == ()
