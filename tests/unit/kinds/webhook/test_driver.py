"""The webhook driver carries out the plan, and nothing that the plan leaves out."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import NotFoundError, PermanentError
from controller.core.models.registration import ModelVersion
from controller.core.resources.plan import Action, Reason, Verb
from controller.core.webhooks.answers import NotPermitted
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import ProfileBody, identity_of
from controller.kinds.webhook import KIND
from controller.kinds.webhook.driver import WebhookDriver
from controller.kinds.webhook.health import announced_tag
from controller.kinds.webhook.spec import WebhookSpec
from controller.kinds.webhook.state import WebhookState
from controller.store.announcements import AnnouncementLedger
from controller.store.deliveries import DeliveryLog
from controller.store.outbox import Outbox
from tests.builders.outbox import LEASE, event, failed, one
from tests.fakes.stopped_clock import StoppedClock
from tests.fakes.store import empty_store

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ONE, TWO = (
    ModelVersion("lead", n, f"models:/m-{n}", created_ms=1_767_355_200_000 + n)
    for n in (1, 2)
)
SPEC = WebhookSpec.model_validate(
    {"url": "https://hokus.ai/hook", "secrets": [{"env": "SECRET"}], "announce": "all"}
)


class Backends:
    """Keeps what is announced and tagged."""

    def __init__(self):
        self.announced, self.tagged, self.model_tags = [], [], []
        self.events = []
        self.untagged, self.retried, self.deleted = [], [], set()
        self.phases, self.messages = [], []

    def announce(self, _target, _sink, events, _now, *, phase, messages):
        self.phases.append(phase)
        self.messages += [message.identity.number for message in messages]
        self.events += events
        self.announced += [event.identity.number for event in events]
        return len(events)

    def retry(self, target):
        self.retried.append(target)

    def set_model_tag(self, name, key, value):
        self.model_tags.append((name, key, value))

    def set_version_tag(self, _model, number, _key, _value):
        if number in self.deleted:
            message = f"version {number} does not exist"
            raise NotFoundError(message)
        self.tagged.append(number)

    def delete_version_tag(self, _model, number, _key):
        self.untagged.append(number)


@pytest.fixture
def backends():
    return Backends()


@pytest.fixture
def driver(backends):
    return webhook_driver(backends)


def webhook_driver(backends, **more):
    return WebhookDriver(
        backends,
        None,
        ledger=backends,
        outcomes=None,
        clock=StoppedClock(),
        registry="mlflow",
        check=lambda _event: None,
        **more,
    )


def delivered(*versions, state=DeliveryState.DELIVERED):
    """Return a target with a delivery of each version, in ``state``."""
    states = {identity_of("mlflow", version): state for version in versions}
    return WebhookState(
        "site", "mlflow", NOON, versions=versions, delivery_states=states
    )


def planned(state, prefix, number):
    """Return an action with the change about one version; others are ignored."""
    changes = KIND.compare(SPEC, state)
    chosen = tuple(c for c in changes if c.path.startswith(f"{prefix}.lead/{number}"))
    assert len(chosen) == 1
    return Action(
        ResourceId("webhook", "site"),
        Verb.ANNOUNCE,
        Reason.DRIFTED,
        chosen,
        SPEC,
        state,
    )


def test_only_planned_versions_are_announced(driver, backends):
    state = WebhookState("site", "mlflow", NOON, versions=(ONE, TWO))

    driver.apply(planned(state, "announced", 2))

    assert backends.announced == [2]
    assert backends.tagged == []


def test_an_announcement_holds_the_payloads_of_every_declared_target(backends):
    driver = webhook_driver(backends, profiles=lambda: {"cloudevents", "hokusai-v1"})
    state = WebhookState("site", "mlflow", NOON, versions=(ONE,))
    spec = SPEC.model_copy(update={"payload": "slack"})

    driver.apply(replace(planned(state, "announced", 1), desired=spec))

    (event,) = backends.events
    assert event.profile == "slack"
    assert [body.profile for body in event.bodies] == ["cloudevents", "slack"]


def test_an_announcement_has_the_body_that_the_expression_makes(backends):
    driver = webhook_driver(backends)
    state = WebhookState("site", "mlflow", NOON, versions=(ONE,))
    spec = SPEC.model_copy(update={"body": "{v: registered_version}"})

    driver.apply(replace(planned(state, "announced", 1), desired=spec))

    (event,) = backends.events
    assert event.profile == "target:site"
    assert event.bodies == (ProfileBody("target:site", b'{"v":"1"}'),)


def test_only_planned_versions_are_stamped(driver, backends):
    state = delivered(ONE, TWO)

    driver.apply(planned(state, "stamped", 1))

    assert backends.tagged == [1]
    assert backends.announced == []


def test_the_tag_of_a_version_whose_delivery_is_dead_is_removed(driver, backends):
    tagged = replace(ONE, tags={announced_tag("site"): "id"})
    state = delivered(tagged, TWO, state=DeliveryState.DEAD)

    driver.apply(planned(state, "stamped", 1))

    assert backends.untagged == [1]
    assert backends.tagged == backends.announced == []


def test_the_id_of_a_model_is_fixed_before_its_first_announcement(driver, backends):
    tags = {"lead": {}, "Lead": {"hokusai.ai/model-id": "lead"}}
    state = WebhookState("site", "mlflow", NOON, versions=(ONE,), model_tags=tags)

    driver.apply(planned(state, "announced", 1))

    assert backends.model_tags == [("lead", "hokusai.ai/model-id", "lead-2")]


def test_a_retry_sends_again_what_failed_and_changes_nothing_else(driver, backends):
    state = WebhookState("site", "mlflow", NOON, versions=(ONE,))
    request = replace(action(state), verb=Verb.RETRY, changes=())

    driver.apply(request)

    assert backends.retried == ["site"]
    assert backends.announced == backends.tagged == []


def action(state):
    changes = KIND.compare(SPEC, state)
    target = ResourceId("webhook", "site")
    return Action(target, Verb.ANNOUNCE, Reason.DRIFTED, changes, SPEC, state)


def test_a_version_that_cannot_be_announced_does_not_hold_up_the_others(backends):
    def check(event):
        if event.identity.number == 1:
            message = "version 1 has no valid payload"
            raise PermanentError(message)

    driver = WebhookDriver(
        backends,
        None,
        ledger=backends,
        outcomes=None,
        clock=StoppedClock(),
        registry="mlflow",
        check=check,
    )
    state = WebhookState("site", "mlflow", NOON, versions=(ONE, TWO))

    with pytest.raises(PermanentError, match="version 1 has no valid payload"):
        driver.apply(action(state))

    assert backends.announced == [2]


def test_a_target_that_is_not_permitted_is_observed_with_the_reason():
    clock = StoppedClock()
    database = empty_store(clock)
    ledger, outbox = AnnouncementLedger(database), Outbox(database)
    ledger.add_target("site", "https://hokus.ai/hook", None, NOON)
    ledger.announce("site", "webhook", [event(1), event(2)], NOON)
    denied = NotPermitted("10.0.0.1 is a private address")
    failed(outbox, one(outbox.claim("w", "site", 1, LEASE)), denied)
    reader = SimpleNamespace(versions=tuple, models=tuple)
    driver = WebhookDriver(
        None,
        reader,
        ledger=ledger,
        outcomes=DeliveryLog(database),
        clock=clock,
        registry="mlflow",
        check=lambda _event: None,
    )
    site = ResourceId("webhook", "site")

    observed = driver.observe({site: Resource(site, SPEC)})[site]

    health = KIND.health(SPEC, observed.state)
    assert health.reason == "AddressNotPermitted"
    assert "10.0.0.1 is a private address. 2 deliveries waiting" in health.message


def test_a_version_that_was_deleted_does_not_hold_up_the_tags_of_others(
    driver, backends
):
    state = delivered(ONE, TWO)
    backends.deleted = {1}

    with pytest.raises(PermanentError, match="version 1 does not exist"):
        driver.apply(action(state))

    assert backends.tagged == [2]
