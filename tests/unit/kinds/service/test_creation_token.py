"""The client token of CreateService: one for each creation."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.core.document.resource import ResourceId
from controller.core.resources.plan import Action, Reason, Verb
from controller.kinds.service.lifecycle.creation_token import creation_token
from tests.builders.services import spec

SPEC = spec()
CREATE = Action(
    ResourceId("service", "api"),
    Verb.CREATE,
    Reason.MISSING,
    desired=SPEC,
    generation="v1:g",
    creation="7",
)
DELETED = {"status": "INACTIVE", "createdAt": datetime(2026, 1, 1, tzinfo=UTC)}
TOKEN = creation_token(CREATE, SPEC, None)


def test_repeats_of_a_creation_have_the_same_token():
    assert creation_token(replace(CREATE), SPEC.model_copy(), None) == TOKEN


@pytest.mark.parametrize(
    ("action", "named", "predecessor"),
    [
        pytest.param(CREATE, {}, DELETED, id="after a deletion"),
        pytest.param(replace(CREATE, creation="8"), {}, None, id="another creation"),
        pytest.param(replace(CREATE, creation=""), {}, None, id="without a store"),
        pytest.param(replace(CREATE, generation="v1:h"), {}, None, id="generation"),
        pytest.param(CREATE, {"name": "other"}, None, id="service"),
        pytest.param(CREATE, {"cluster": "other"}, None, id="cluster"),
    ],
)
def test_each_creation_has_its_own_token(action, named, predecessor):
    found = creation_token(action, SPEC.model_copy(update=named), predecessor)

    assert found != TOKEN


def test_deletions_at_different_times_are_told_apart_without_a_store():
    action = replace(CREATE, creation="")
    later = {**DELETED, "createdAt": datetime(2026, 1, 2, tzinfo=UTC)}

    tokens = {creation_token(action, SPEC, gone) for gone in (None, DELETED, later)}

    assert len(tokens) == 3


def test_a_token_has_the_characters_and_the_length_that_ecs_allows():
    assert len(TOKEN) <= 36
    assert all("!" <= character <= "~" for character in TOKEN)
