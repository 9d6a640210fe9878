"""Callers by stored keys: revocation, expiry, rotation, outages of the store."""

import asyncio
from datetime import timedelta
from hashlib import sha512

import pytest

from controller.api.auth.stored_keys import StoredKeySource
from controller.core.access.api_key import composed
from controller.core.access.scopes import scope
from controller.core.access.stored_keys import KeyRequest
from controller.core.audit.entry import AuditSource
from controller.core.errors import StoreUnavailableError
from controller.core.values.secret import Secret
from controller.store.api_keys import StoredKeyOperations, StoredKeys
from controller.store.audit_log import AuditLog
from tests.fakes.stopped_clock import StoppedClock
from tests.fakes.store import empty_store

PEPPER = Secret("pepper")
REQUEST = KeyRequest("ada", ("models:read",), {"predict": "10/s"})


class Store:
    """The keys of a database that may be away, and the number of reads."""

    def __init__(self, database):
        self._keys = StoredKeys(database)
        self.is_away = False
        self.reads = 0

    def find(self, id_):
        self.reads += 1
        self._check()
        return self._keys.find(id_)

    def used(self, times):
        self._check()
        self._keys.used(times)

    def _check(self):
        if self.is_away:
            msg = "the store is away"
            raise StoreUnavailableError(msg)


class Keys:
    """Operations on keys, and the source that authenticates with them."""

    def __init__(self):
        self.clock = StoppedClock()
        self.database = empty_store(self.clock)
        self.store = Store(self.database)
        self._number = 0
        self.operations = StoredKeyOperations(
            self.database, lambda by: AuditSource(by, "command"), PEPPER, self.drawn
        )
        self.source = StoredKeySource(self.store, [PEPPER], self.clock)

    def drawn(self):
        self._number += 1
        return composed("test", sha512(bytes([self._number])).digest())

    def created(self, request=REQUEST):
        return self.operations.create(request, "ada", "first key")

    def caller(self, text):
        return asyncio.run(self.source.caller(text))

    def pass_time(self, **time):
        self.clock.forward(timedelta(**time).total_seconds())


@pytest.fixture
def keys():
    return Keys()


def test_a_created_key_identifies_its_owner(keys):
    created = keys.created()

    caller = keys.caller(created.text)

    assert (caller.subject, caller.credential) == ("ada", created.record.id)
    assert caller.grants.allow(scope("models:read"))
    assert str(caller.rates["predict"]) == "10/s"


@pytest.mark.parametrize("text", ["", "s3cret", "hk_live_nothing"])
def test_a_text_that_is_no_key_is_not_looked_for(keys, text):
    assert keys.caller(Secret(text)) is None
    assert keys.store.reads == 0


def test_a_key_of_another_server_is_not_accepted(keys):
    created = keys.created()
    keys.source = StoredKeySource(keys.store, [Secret("another")], keys.clock)

    assert keys.caller(created.text) is None


def test_a_key_is_accepted_while_the_pepper_changes(keys):
    created = keys.created()
    keys.source = StoredKeySource(keys.store, [Secret("next"), PEPPER], keys.clock)

    assert keys.caller(created.text) is not None


def test_a_revoked_key_is_refused_within_a_second(keys):
    created = keys.created()
    keys.caller(created.text)

    assert keys.operations.revoke(created.record.id, "ada", "lost")
    assert not keys.operations.revoke(created.record.id, "ada", "lost")
    keys.pass_time(seconds=1)

    assert keys.caller(created.text) is None


def test_an_expired_key_is_refused_at_once(keys):
    created = keys.created(KeyRequest("ada", ("models:read",), {}, timedelta(hours=1)))
    keys.caller(created.text)

    keys.pass_time(hours=1)

    assert keys.caller(created.text) is None


def test_both_keys_of_a_rotation_are_accepted_until_the_overlap_ends(keys):
    first = keys.created()
    second = keys.operations.rotate(
        first.record.id, timedelta(hours=2), "ada", "yearly"
    )

    old, new = keys.caller(first.text), keys.caller(second.text)
    keys.pass_time(hours=2)

    assert old.sunset == keys.clock.now()
    assert (new.sunset, new.grants) == (None, old.grants)
    assert keys.caller(first.text) is None
    assert keys.caller(second.text) is not None


def test_a_key_is_read_once_a_second(keys):
    created = keys.created()

    async def crowd():
        asked = [keys.source.caller(created.text) for _ in range(50)]
        return await asyncio.gather(*asked)

    callers = asyncio.run(crowd())

    assert all(callers)
    assert keys.store.reads == 1


def test_an_unknown_key_is_looked_for_once_a_second(keys):
    unknown = keys.drawn()

    found = [keys.caller(unknown.text) for _ in range(5)]

    assert (found, keys.store.reads) == ([None] * 5, 1)


def test_a_known_key_is_accepted_while_the_store_is_away(keys):
    created, other = keys.created(), keys.created()
    keys.caller(created.text)
    keys.store.is_away = True
    keys.pass_time(minutes=5)

    assert keys.caller(created.text) is not None
    with pytest.raises(StoreUnavailableError):
        keys.caller(other.text)


def test_the_last_use_is_recorded_each_minute_and_after_an_outage(keys):
    created = keys.created()
    keys.caller(created.text)
    keys.store.is_away = True
    keys.pass_time(minutes=2)
    keys.source.record_uses()
    keys.store.is_away = False
    keys.pass_time(minutes=2)

    keys.source.record_uses()

    (record,) = keys.operations.keys()
    assert record.last_used == record.created


def test_each_operation_has_an_audit_row_without_the_key(keys):
    created = keys.created()
    successor = keys.operations.rotate(
        created.record.id, timedelta(hours=1), "ada", "yearly"
    )
    keys.operations.revoke(successor.record.id, "ada", "lost")

    rows = AuditLog(keys.database).recent(10, None)

    actions = [(row.entry.action, row.entry.name) for row in rows]
    assert actions == [
        ("revoke key", successor.record.id),
        ("rotate key", successor.record.id),
        ("create key", created.record.id),
    ]
    assert created.text.reveal() not in repr(rows)
