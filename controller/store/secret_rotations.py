"""Latest rotation of the signing secret of each webhook target."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from controller.core.document.resource import ResourceId
from controller.core.webhooks.rotation import RotationStage, SecretRotation
from controller.store.database import Database
from controller.store.events import EventLog
from controller.store.sql import insert_new
from controller.store.tables import secret_rotations

_table = secret_rotations.c


class StoredRotations:
    """Rotations in the store; see ``core.webhooks.rotation.RotationRecords``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._events = EventLog(database)

    def all(self) -> dict[str, SecretRotation]:
        """Return the latest rotation by target."""
        with self._database.reading() as connection:
            rows = connection.execute(select(secret_rotations)).all()
        return {row.target: _rotation(row) for row in rows}

    def save(
        self, before: SecretRotation | None, after: SecretRotation, warning: str = ""
    ) -> SecretRotation | None:
        """Replace ``before``; return the record, or None if another writer was faster.

        A warning is recorded as an event in the same transaction.
        """
        revision = 1 if before is None else before.revision + 1
        row = {**_columns(after), "revision": revision}
        with self._database.writing() as connection:
            if before is None:
                if not insert_new(connection, secret_rotations, [row], ["target"]):
                    return None
            else:
                if before.refusals == after.refusals:
                    # Other processes count it without a change of the revision.
                    del row["refusals"]
                statement = (
                    update(secret_rotations)
                    .where(
                        _table.target == before.target,
                        _table.revision == before.revision,
                    )
                    .values(row)
                )
                if not connection.execute(statement).rowcount:
                    return None
            if warning:
                resource = ResourceId("webhook", after.target)
                problem = after.problem.rstrip(".")
                sentence = f"{problem[:1].upper()}{problem[1:]}."
                now = self._database.now(connection)
                self._events.record(resource, "Warning", warning, sentence, now)
            query = select(secret_rotations).where(_table.target == after.target)
            return _rotation(connection.execute(query).one())


def count_refusals(
    connection: Connection, target: str, started: Sequence[datetime]
) -> None:
    """Count deliveries to ``target`` whose signature the receiver did not accept.

    Only those that were signed after a promotion are counted.

    Args:
        connection: Transaction.
        target: Name of the target.
        started: Time at which each of the refused requests was signed.
    """
    promoted = connection.scalar(
        select(_table.promoted).where(
            _table.target == target, _table.stage == RotationStage.PROMOTED.value
        )
    )
    number = sum(promoted is not None and at > promoted for at in started)
    if not number:
        return
    connection.execute(
        update(secret_rotations)
        .where(_table.target == target, _table.promoted == promoted)
        .values(refusals=_table.refusals + number)
    )


def _columns(rotation: SecretRotation) -> dict[str, Any]:
    return {
        "target": rotation.target,
        "secret": rotation.secret,
        "stage": rotation.stage.value,
        "old_version": rotation.old_version,
        "new_version": rotation.new_version,
        "changed": rotation.changed,
        "promoted": rotation.promoted,
        "grace": rotation.grace.total_seconds(),
        "refusals": rotation.refusals,
        "moves": rotation.moves,
        "problem": rotation.problem,
    }


def _rotation(row: Any) -> SecretRotation:
    return SecretRotation(
        row.target,
        row.secret,
        RotationStage(row.stage),
        row.old_version,
        row.new_version,
        row.changed,
        row.promoted,
        timedelta(seconds=row.grace),
        row.refusals,
        row.moves,
        row.problem,
        row.revision,
    )
