"""Messages end with one full stop, whatever the reason in them ends with."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.core.webhooks.breaker import Breaker
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.diagnosis import (
    ConnectionFacts,
    TargetFindings,
    diagnoses,
)
from controller.core.webhooks.records import DeliveryReport, TargetRecord
from controller.core.webhooks.rotation import RotationStage, SecretRotation
from controller.kinds.webhook import KIND
from controller.kinds.webhook.spec import WebhookSpec
from controller.kinds.webhook.state import DeliveryCounts, WebhookState
from controller.kinds.webhook.timeline import _outcome

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
REASON = "the name does not exist."
SPEC = WebhookSpec.model_validate(
    {"url": "https://hokus.ai/hook", "secrets": [{"env": "SECRET"}]}
)
STATE = WebhookState("site", "mlflow", NOON)
ROTATION = SecretRotation(
    "site",
    "secretsmanager:x",
    RotationStage.STAGED,
    *("1", "2"),
    NOON,
    problem=REASON,
)
STATES = {
    "retrying": replace(
        STATE, deliveries=DeliveryCounts(retrying=1, last_error=REASON)
    ),
    "dead": replace(
        STATE,
        deliveries=DeliveryCounts(dead=1, last_error=REASON),
        record=TargetRecord(dead={"exhausted": 1}),
    ),
    "blocked": replace(STATE, deliveries=DeliveryCounts(pending=1, blocked=REASON)),
    "unreadable": replace(STATE, record=TargetRecord(secret_error=REASON)),
    "disabled": replace(STATE, breaker=Breaker(disabled=REASON)),
    "open": replace(
        STATE,
        breaker=Breaker(failures=5, open_until=NOON),
        deliveries=DeliveryCounts(pending=1, last_error=REASON),
    ),
    "stepped back": replace(STATE, rotation=ROTATION),
    "cancelled": replace(
        STATE, rotation=ROTATION.at(RotationStage.CANCELLED, NOON, REASON)
    ),
}


def messages(state):
    yield KIND.health(SPEC, state).message
    yield from (found.message for found in KIND.conditions(SPEC, state))


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_a_condition_of_a_target_has_one_full_stop(state):
    for message in messages(state):
        assert not re.search(r"(?<!\.)\.\.(?!\.)", message), message


@pytest.mark.parametrize("state", DeliveryState)
def test_a_step_of_a_version_has_one_full_stop(state):
    report = DeliveryReport(
        id=1,
        event_id="e",
        type="model.registered",
        model="m",
        number=1,
        target="site",
        state=state,
        attempts=1,
        reason=REASON,
        recorded=NOON,
        next_at=NOON,
        ended=NOON,
        cause="",
        claimed_until=None,
    )

    assert ".." not in _outcome(STATE, report).text


def test_a_diagnosis_has_one_full_stop():
    facts = {
        "dns": {"dns_error": REASON},
        "tls": {"addresses": ("1.2.3.4",), "tls_error": REASON},
    }
    for about in facts.values():
        found = TargetFindings(
            "https://hokus.ai/hook",
            30,
            ConnectionFacts(**about),
            None,
            None,
            NOON,
            "",
            ROTATION,
        )
        assert [one.message for one in diagnoses(found) if ".." in one.message] == []
