"""Keys of a target whose secret is rotated, as deliveries are signed with them."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from controller.bootstrap.deliveries import DeclaredTargets, RecentRotations
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import NotFoundError, TransientError
from controller.core.webhooks.rotation import RotationStage, SecretRotation
from controller.kinds.webhook.spec import WebhookSpec
from controller.settings import Settings
from controller.store.secret_rotations import StoredRotations
from tests.fakes.stopped_clock import NOON, StoppedClock
from tests.fakes.store import empty_store

NAME = "hokusai/site"
STAGED = SecretRotation(
    "site", f"secretsmanager:{NAME}", RotationStage.STAGED, "old", "new", NOON
)
OLD, NEW = f"{NAME}:::old", f"{NAME}:::new"
VALUES = {NAME: "current", OLD: "current", NEW: "next"}


def declared(values, rotation, clock=None):
    spec = WebhookSpec.model_validate(
        {"url": "https://hokus.ai/hook", "secrets": [{"secretsmanager": NAME}]}
    )
    id_ = ResourceId("webhook", "site")
    document = SimpleNamespace(
        resources={id_: Resource(id_, spec)},
        platform=SimpleNamespace(environment="production"),
    )

    def value(reference):
        found = values.get(reference.name)
        if found is None:
            raise NotFoundError(reference.name)
        if isinstance(found, Exception):
            raise found
        return found

    rotations = {} if rotation is None else {"site": rotation}
    return DeclaredTargets(
        lambda: document, value, Settings(), lambda: rotations, clock or StoppedClock()
    )


def test_the_current_key_signs_before_the_next():
    assert declared(VALUES, STAGED).secrets_of("site").keys == (b"current", b"next")


def test_after_the_label_moved_the_next_key_signs_first():
    moved = {**VALUES, NAME: "next"}

    assert declared(moved, STAGED).secrets_of("site").keys == (b"next", b"current")


@pytest.mark.parametrize("gone", [OLD, NEW])
def test_a_version_that_was_deleted_holds_up_no_delivery(gone):
    values = {name: text for name, text in VALUES.items() if name != gone}

    assert declared(values, STAGED).secrets_of("site").keys[0] == b"current"


def test_without_the_current_secret_nothing_is_signed():
    with pytest.raises(NotFoundError):
        declared({OLD: "current", NEW: "next"}, STAGED).secrets_of("site")


def test_a_version_that_cannot_be_read_now_is_not_left_out():
    with pytest.raises(TransientError):
        declared({**VALUES, NEW: TransientError()}, STAGED).secrets_of("site")


def test_a_move_of_the_label_is_a_change_of_the_settings():
    before, staged, moved = (
        declared(VALUES, rotation).targets()["site"].settings
        for rotation in (None, STAGED, replace(STAGED, moves=1))
    )

    assert before == staged
    assert moved != staged


def test_rotations_are_read_from_the_store_once_in_a_second():
    clock = StoppedClock()
    stored = StoredRotations(empty_store(clock))
    recent = RecentRotations(stored, clock)

    assert recent.all() == {}
    saved = stored.save(None, STAGED)
    assert recent.all() == {}
    clock.forward(1)
    assert recent.all() == {"site": saved}
