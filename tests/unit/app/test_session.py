"""What the addresses on the command line name."""

import pytest

from controller.app.session import address, chosen_targets
from controller.core.document.platform import Platform
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import RefusedError
from controller.kinds import discover
from controller.spec.document import Document

KINDS = discover()
API, LEAD = ResourceId("service", "api"), ResourceId("model", "team/lead")
DOCUMENT = Document(
    Platform("t", "development", "123456789012", "us-east-1"),
    {id_: Resource(id_, None) for id_ in (API, LEAD)},
    "v1:d",
    ("hokusai.yaml",),
)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("service/api", API),
        ("services/api", API),
        ("model/team/lead", LEAD),
    ],
)
def test_addresses_are_singular_or_plural_and_the_first_slash_separates(word, meant):
    assert chosen_targets([word], DOCUMENT) == {meant}


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("api", "'api' is not an address: write kind/name"),
        ("service/apy", "service/apy is not declared; did you mean service/api"),
    ],
)
def test_what_is_not_declared_is_refused(word, told):
    with pytest.raises(RefusedError, match=told):
        chosen_targets([word], DOCUMENT)


def test_what_was_once_declared_is_an_address_too():
    assert address("services/gone", KINDS) == ResourceId("service", "gone")


def test_a_kind_that_there_is_not_is_refused_with_those_that_are():
    with pytest.raises(
        RefusedError, match="the kinds are endpoint, experiment, hint, m"
    ):
        address("server/api", KINDS)
