"""API keys in the store: their fingerprints and records, never the keys."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, insert, select, update

from controller.core.access.api_key import ApiKey, fingerprint, pepper_id
from controller.core.access.stored_keys import (
    LONGEST_OVERLAP,
    CreatedKey,
    KeyRecord,
    KeyRequest,
    KeyState,
    refusal,
)
from controller.core.audit.entry import AuditSource, key_entry
from controller.core.errors import RefusedError
from controller.core.values.secret import Secret
from controller.store.audit_log import AuditLog
from controller.store.database import Database
from controller.store.tables import api_keys


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as a request is compared with it.

    Attributes:
        record: Record of the key.
        fingerprint: HMAC of the key; see ``core.access.api_key``.
    """

    record: KeyRecord
    fingerprint: str


class StoredKeys:
    """Keys in the store, for the authentication of requests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, id_: str) -> StoredKey | None:
        """Return the key with this id, in any state; None if there is none.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        query = select(api_keys).where(api_keys.c.id == id_)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else StoredKey(_record(row), row.fingerprint)

    def used(self, times: Mapping[str, datetime]) -> None:
        """Record the time of the last use of keys; repeating it is safe."""
        with self._database.writing() as connection:
            for id_, at in times.items():
                is_own = api_keys.c.id == id_
                connection.execute(update(api_keys).where(is_own).values(last_used=at))


class StoredKeyOperations:
    """Operations of users on keys, each with a row in the audit log.

    Args:
        database: Store.
        source: Returns the author of a request, and the document, for the audit log.
        pepper: Secret of the fingerprints; see ``HOKUSAI_KEY_PEPPER``.
        drawn: Returns a random key.
    """

    def __init__(
        self,
        database: Database,
        source: Callable[[str], AuditSource],
        pepper: Secret,
        drawn: Callable[[], ApiKey],
    ) -> None:
        self._database = database
        self._source = source
        self._pepper = pepper
        self._drawn = drawn

    def keys(self) -> tuple[KeyRecord, ...]:
        """Return all keys, by name, the newest of a name first."""
        query = select(api_keys).order_by(api_keys.c.name, api_keys.c.created.desc())
        with self._database.reading() as connection:
            return tuple(map(_record, connection.execute(query).all()))

    def create(self, request: KeyRequest, by: str, reason: str) -> CreatedKey:
        """Create a key. Not repeatable: each call creates another one.

        Raises:
            RefusedError: The request is not valid.
        """
        if problem := refusal(request):
            raise RefusedError(problem)
        with self._database.writing() as connection:
            now = self._database.now(connection).replace(microsecond=0)
            expires = None if request.life is None else now + request.life
            created = self._insert(request, now, expires, by)
            self._audit("create", created.record, by, reason)
        return created

    def rotate(self, id_: str, overlap: timedelta, by: str, reason: str) -> CreatedKey:
        """Create a successor with equal permissions; the key expires after a time.

        Args:
            id_: Id of the key that is replaced.
            overlap: Time for which both are accepted.
            by: User.
            reason: Reason for the audit log.

        Raises:
            RefusedError: The key is not active, or was replaced before.
        """
        if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
            msg = f"both keys are accepted for at most {LONGEST_OVERLAP.days} days"
            raise RefusedError(msg)
        with self._database.writing() as connection:
            now = self._database.now(connection).replace(microsecond=0)
            old = self._active(id_, now)
            life = None
            if old.expires is not None:
                life = max(old.expires - old.created, overlap)
            request = KeyRequest(old.name, old.scopes, old.rates, life)
            expires = None if life is None else now + life
            created = self._insert(request, now, expires, by)
            ends = now + overlap
            if old.expires is not None:
                ends = min(ends, old.expires)
            values = {"expires": ends, "replaced_by": created.record.id}
            connection.execute(
                update(api_keys).where(api_keys.c.id == id_).values(**values)
            )
            self._audit("rotate", created.record, by, reason, replaces=id_)
        return created

    def revoke(self, id_: str, by: str, reason: str) -> bool:
        """Revoke a key; return False if it was revoked before.

        Raises:
            RefusedError: There is no such key.
        """
        with self._database.writing() as connection:
            now = self._database.now(connection).replace(microsecond=0)
            record = self._record_of(id_)
            is_valid = and_(api_keys.c.id == id_, api_keys.c.revoked.is_(None))
            revoked = update(api_keys).where(is_valid).values(revoked=now)
            if not connection.execute(revoked).rowcount:
                return False
            self._audit("revoke", record, by, reason)
        return True

    def _active(self, id_: str, now: datetime) -> KeyRecord:
        record = self._record_of(id_)
        state = record.state(now)
        if state is not KeyState.ACTIVE:
            msg = f"the key {id_} is {state}: create another one with `hokusai keys create`"
            raise RefusedError(msg)
        if record.replaced_by:
            msg = f"the key {id_} was replaced by {record.replaced_by}: rotate that one"
            raise RefusedError(msg)
        return record

    def _record_of(self, id_: str) -> KeyRecord:
        found = StoredKeys(self._database).find(id_)
        if found is None:
            msg = f"there is no key {id_}: `hokusai keys list` prints the ids"
            raise RefusedError(msg)
        return found.record

    def _insert(
        self, request: KeyRequest, now: datetime, expires: datetime | None, by: str
    ) -> CreatedKey:
        key = self._drawn()
        record = KeyRecord(
            key.id,
            request.name.strip(),
            key.last_four,
            request.scopes,
            dict(request.rates),
            now,
            by,
            expires,
            pepper=pepper_id(self._pepper),
        )
        row = {
            "id": record.id,
            "name": record.name,
            "fingerprint": fingerprint(self._pepper, key),
            "pepper": record.pepper,
            "last_four": record.last_four,
            "scopes": json.dumps(record.scopes),
            "rates": json.dumps(record.rates),
            "created": record.created,
            "created_by": record.created_by,
            "expires": record.expires,
            "replaced_by": "",
        }
        with self._database.writing() as connection:
            connection.execute(insert(api_keys).values(**row))
        return CreatedKey(key.text, record)

    def _audit(
        self, operation: str, record: KeyRecord, by: str, reason: str, **more: str
    ) -> None:
        details: dict[str, Any] = {
            "name": record.name,
            "scopes": list(record.scopes),
            "rates": dict(record.rates),
            "expires": None if record.expires is None else record.expires.isoformat(),
            **more,
        }
        entry = key_entry(self._source(by), operation, record.id, reason, details)
        AuditLog(self._database).append(entry)


def _record(row: Row[Any]) -> KeyRecord:
    scopes: Iterable[str] = json.loads(row.scopes)
    return KeyRecord(
        row.id,
        row.name,
        row.last_four,
        tuple(scopes),
        json.loads(row.rates),
        row.created,
        row.created_by,
        row.expires,
        row.revoked,
        row.replaced_by,
        row.last_used,
        row.pepper,
    )
