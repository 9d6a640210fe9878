"""Deliveries that a request applies to, and requests that are refused."""

import pytest

from controller.core.webhooks.delivery import DeadCause, DeliveryState
from controller.core.webhooks.delivery_requests import (
    DeliveryOperation,
    DeliveryRequest,
    DeliverySelection,
    refusal,
    state_filter,
)

RETRY, REDRIVE, CANCEL = DeliveryOperation
PENDING, DELIVERED = DeliveryState.PENDING, DeliveryState.DELIVERED
DEAD, CANCELLED = DeliveryState.DEAD, DeliveryState.CANCELLED
HELD = DeliveryState.HELD
BY_ID = {CANCELLED, HELD, DeliveryState.SUPERSEDED}
ONE = DeliverySelection(ids=(1,))


@pytest.mark.parametrize(
    ("request_", "states"),
    [
        (DeliveryRequest(CANCEL, DeliverySelection()), {PENDING, HELD, DEAD}),
        (DeliveryRequest(CANCEL, ONE, forced=True), {PENDING, HELD, DEAD}),
        (DeliveryRequest(RETRY, ONE), {PENDING, DEAD, *BY_ID}),
        (
            DeliveryRequest(RETRY, ONE, forced=True),
            {PENDING, DEAD, DELIVERED, *BY_ID},
        ),
        (DeliveryRequest(REDRIVE, DeliverySelection()), {DEAD}),
        (DeliveryRequest(REDRIVE, DeliverySelection(target="site")), {DEAD}),
        (
            DeliveryRequest(REDRIVE, DeliverySelection(), forced=True),
            {DEAD, DELIVERED},
        ),
        (DeliveryRequest(REDRIVE, ONE), {DEAD, *BY_ID}),
        (
            DeliveryRequest(REDRIVE, DeliverySelection(state=CANCELLED)),
            {DEAD, CANCELLED},
        ),
    ],
)
def test_an_operation_applies_to_states(request_, states):
    assert request_.states == states


@pytest.mark.parametrize("operation", [RETRY, REDRIVE])
def test_an_accepted_delivery_is_sent_again_only_by_force(operation):
    chosen = DeliverySelection(ids=(1,), state=DELIVERED)

    assert "--force" in refusal(DeliveryRequest(operation, chosen))
    assert refusal(DeliveryRequest(operation, chosen, forced=True)) == ""


def test_only_named_deliveries_are_retried():
    assert "needs ids" in refusal(DeliveryRequest(RETRY, DeliverySelection()))
    assert refusal(DeliveryRequest(RETRY, ONE)) == ""


@pytest.mark.parametrize("state", [*DeadCause, DEAD, CANCELLED])
def test_what_failed_permanently_is_redriven(state):
    assert refusal(DeliveryRequest(REDRIVE, DeliverySelection(state=state))) == ""


@pytest.mark.parametrize(
    ("operation", "state", "message"),
    [
        (REDRIVE, PENDING, "`retry ID` sends one now"),
        (CANCEL, DELIVERED, "`cancel` does not apply to deliveries that are delivered"),
        (CANCEL, CANCELLED, "`cancel` does not apply to deliveries that are cancelled"),
    ],
)
def test_an_operation_without_effect_is_refused(operation, state, message):
    request = DeliveryRequest(operation, DeliverySelection(state=state))

    assert message in refusal(request)


@pytest.mark.parametrize("word", [*DeliveryState, *DeadCause])
def test_every_state_and_cause_has_a_filter(word):
    assert state_filter(word.value) is word


def test_another_word_is_no_filter():
    with pytest.raises(ValueError, match="failed"):
        state_filter("failed")
