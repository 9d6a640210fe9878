"""Keys of the document: read again and again, kept during outages."""

import asyncio
import logging

import pytest

from controller.api.auth.declared_keys import SHORTEST, DeclaredKeySource
from controller.core.access.policy import DeclaredKey
from controller.core.document.reference import SecretReference
from controller.core.errors import NotFoundError, TransientError
from controller.core.values.secret import Secret

FIRST, SECOND = "a" * SHORTEST, "b" * SHORTEST


class Stores:
    """Stores of secrets."""

    def __init__(self, **texts):
        self.texts = texts
        self.is_away = False

    def __call__(self, reference):
        if self.is_away:
            msg = "AWS does not answer"
            raise TransientError(msg)
        if reference.name not in self.texts:
            msg = f"{reference} does not exist"
            raise NotFoundError(msg)
        return self.texts[reference.name]


def keys(*names):
    return {
        name: DeclaredKey(name, SecretReference(env=name), ("status:read",))
        for name in names
    }


def source(stores, *names):
    found = DeclaredKeySource(stores)
    found.refresh(keys(*names))
    return found


def caller(found, text):
    return asyncio.run(found.caller(Secret(text)))


def test_a_declared_key_identifies_its_caller():
    found = caller(source(Stores(A=FIRST, B=SECOND), "A", "B"), SECOND)

    assert (found.subject, found.credential) == ("B", "key/B")
    assert found.grants.texts() == ("status:read",)


def test_any_other_text_is_not_accepted():
    assert caller(source(Stores(A=FIRST), "A"), SECOND) is None


def test_a_changed_text_takes_effect_with_the_next_reading():
    stores = Stores(A=FIRST)
    found = source(stores, "A")

    stores.texts["A"] = SECOND
    found.refresh(keys("A"))

    assert caller(found, FIRST) is None
    assert caller(found, SECOND) is not None


def test_an_outage_of_the_store_keeps_the_last_known_text():
    stores = Stores(A=FIRST)
    found = source(stores, "A")

    stores.is_away = True
    found.refresh(keys("A"))

    assert caller(found, FIRST) is not None
    assert caller(found, SECOND) is None


def test_an_outage_at_the_start_is_no_refusal():
    stores = Stores(A=FIRST)
    stores.is_away = True
    found = source(stores, "A")

    with pytest.raises(TransientError, match="key A cannot be read"):
        caller(found, FIRST)
    stores.is_away = False
    found.refresh(keys("A"))
    assert caller(found, FIRST) is not None


def test_a_request_before_the_first_reading_is_no_refusal():
    found = DeclaredKeySource(Stores(A=FIRST))
    found.expect(keys("A"))

    assert found.has_callers
    with pytest.raises(TransientError, match="key A cannot be read"):
        caller(found, FIRST)


def test_a_deleted_secret_and_a_removed_key_are_not_accepted():
    stores = Stores(A=FIRST, B=SECOND)
    found = source(stores, "A", "B")

    del stores.texts["A"]
    found.refresh(keys("A"))

    assert caller(found, FIRST) is None
    assert caller(found, SECOND) is None


def test_a_short_text_is_no_key(caplog):
    with caplog.at_level(logging.WARNING):
        found = source(Stores(A="short"), "A")

    assert caller(found, "short") is None
    assert "too short" in caplog.records[0].problem
    assert "short" not in caplog.records[0].problem.replace("too short", "")


def test_two_keys_with_one_text_are_the_first_of_them(caplog):
    with caplog.at_level(logging.WARNING):
        found = source(Stores(A=FIRST, B=FIRST), "A", "B")

    assert caller(found, FIRST).subject == "A"
    assert caplog.records[0].problem == "its text is that of key A"


def test_a_problem_is_logged_once(caplog):
    stores = Stores()
    with caplog.at_level(logging.WARNING):
        found = source(stores, "A")
        found.refresh(keys("A"))

    assert len(caplog.records) == 1


def test_a_source_without_declared_keys_has_no_callers():
    assert not source(Stores()).has_callers
    assert source(Stores(A=FIRST), "A").has_callers
