"""Differences between the declared hint and its webhook in MLflow."""

import re
from collections.abc import Iterator
from hashlib import sha256
from hmac import digest

from controller.core.document.mlflow import HintSpec
from controller.core.document.resource import ResourceId
from controller.core.resources.kind import Finding
from controller.core.resources.plan import Change, Reason
from controller.core.values.identity import APPLIED_TAG
from controller.kinds.hint.state import HintState

# Creations and moves of aliases; MLflow has no events for other changes of use here.
EVENTS = frozenset(
    {
        "MODEL_VERSION.CREATED",
        "MODEL_VERSION_ALIAS.CREATED",
        "MODEL_VERSION_ALIAS.DELETED",
    }
)
# Fingerprint of the secret, because MLflow does not return the secret.
KEY_TAG = "hokusai.ai/hint-key"
_PURPOSE = b"hokusai.ai/hint"
_FINGERPRINT_DIGITS = 8


def webhook_name(owner: str) -> str:
    """Return the name of the webhook in MLflow, which expresses its ownership."""
    return f"{owner.replace('/', '.')}.hint"


def fingerprint(secret: str) -> str:
    """Return eight digits that change with the secret and do not reveal it."""
    return digest(secret.encode(), _PURPOSE, sha256).hex()[:_FINGERPRINT_DIGITS]


def description(generation: str, key: str) -> str:
    """Return the description of the webhook, which records the applied declaration."""
    return (
        "Starts a pass of the controller; managed by it. "
        f"{APPLIED_TAG}={generation} {KEY_TAG}={key}"
    )


def recorded(text: str, tag: str) -> str | None:
    """Return the value of ``tag`` in the description of a webhook; None if it has none."""
    found = re.search(rf"{re.escape(tag)}=(\S*)", text)
    return found[1] if found else None


def references(_spec: HintSpec) -> frozenset[ResourceId]:
    """Return the endpoint and the service of MLflow, where the document declares them.

    A webhook that is created before MLflow has its encryption key makes the list of all
    webhooks unreadable.
    """
    return frozenset(
        {ResourceId("endpoint", "mlflow"), ResourceId("service", "mlflow")}
    )


def compare(spec: HintSpec, state: HintState) -> tuple[Change, ...]:
    """Return every field of the webhook that differs from ``spec``."""
    return tuple(_changes(spec, state))


def findings(_spec: HintSpec, state: HintState) -> tuple[Finding, ...]:
    """Return the problems that keep the hint from being used. Polling continues."""
    found = []
    if state.unavailable:
        message = (
            f"MLflow's webhooks are not available, so that registrations are only found "
            f"by polling: {state.unavailable}"
        )
        found.append(Finding("webhook", Reason.PREFLIGHT_WARNING, message))
    if state.secret_problem:
        message = f"The secret of the hint cannot be read: {state.secret_problem}"
        found.append(Finding("secret", Reason.PREFLIGHT_WARNING, message))
    return tuple(found)


def _changes(spec: HintSpec, state: HintState) -> Iterator[Change]:
    if not state.webhooks:
        return
    webhook, *copies = state.webhooks
    if webhook.url != spec.url:
        yield Change("url", webhook.url, spec.url)
    if webhook.events != EVENTS:
        yield Change("events", sorted(webhook.events), sorted(EVENTS))
    if not webhook.active:
        yield Change("status", "DISABLED", "ACTIVE")
    key = recorded(webhook.description, KEY_TAG)
    if state.key and key != state.key:
        yield Change("secret", "another secret", str(spec.secret))
    for copy in copies:
        yield Change(f"copies.{copy.id}", copy.url, None)


def unedited(change: Change) -> bool:
    """Return True for a rotated secret, and for copies that a lost answer left."""
    return change.path == "secret" or change.path.startswith("copies.")
