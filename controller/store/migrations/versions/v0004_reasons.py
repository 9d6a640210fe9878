"""Reasons of conditions and events that have a new word.

Only rows change. The version before runs on them: it writes its own words again, which
no decision reads. A later migration renames what it leaves behind, if that matters.
"""

import json
from hashlib import sha256
from typing import Any

from alembic import op
from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Integer,
    MetaData,
    Table,
    Text,
    delete,
    select,
    update,
)

revision = "4"
down_revision = "3"
branch_labels = None
depends_on = None

# The old word and the new one, as in `Reason`, `Hold` and the conditions.
RENAMED = {
    "AskedFor": "UserRequested",
    "Backlog": "BacklogLimitExceeded",
    "BudgetSpent": "DisruptionBudgetExceeded",
    "Contested": "WriteConflict",
    "Frozen": "ChangeFreeze",
    "Moving": "NotStalled",
    "NotOurs": "NotManaged",
    "NothingToSelect": "NoMatchingRun",
    "Outdated": "TasksOutdated",
    "OwnServiceLast": "SelfUpdateDeferred",
    "OwnedByAnother": "OwnershipConflict",
    "Preflight": "PreflightFailed",
    "PruneHeld": "PruneBlocked",
    "RestartedLately": "RestartedRecently",
    "Unannounced": "AnnouncementPending",
    "Unresolved": "ResolutionFailed",
}
# Reasons that one kind alone gives; see the kind's `health` module.
RENAMED_BY_KINDS: dict[str, str] = {}

# The tables as they are at this revision, independent of `controller.store.tables`.
_metadata = MetaData()
_conditions = Table("conditions", _metadata, Column("reason", Text))
_events = Table(
    "events",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", Text),
    Column("kind", Text),
    Column("name", Text),
    Column("type", Text),
    Column("reason", Text),
    Column("message", Text),
    Column("count", Integer),
    Column("first_seen", DateTime(timezone=True)),
    Column("last_seen", DateTime(timezone=True)),
)


def upgrade() -> None:
    """Rename the reasons. Safe to repeat."""
    connection = op.get_bind()
    for old, new in (RENAMED | RENAMED_BY_KINDS).items():
        connection.execute(
            update(_conditions).where(_conditions.c.reason == old).values(reason=new)
        )
        query = select(_events).where(_events.c.reason == old)
        for row in connection.execute(query).all():
            _rename(connection, row, new)


def _rename(connection: Connection, row: Any, reason: str) -> None:
    """Give one event its new reason, or count it with the event that has it already.

    The digest identifies an event: with the old one, the next event of the same words
    would be added instead of counted.
    """
    digest = _digest(row, reason)
    same = connection.execute(select(_events).where(_events.c.digest == digest)).first()
    if same is None:
        values = {"reason": reason, "digest": digest}
        _update(connection, row.id, values)
        return
    connection.execute(delete(_events).where(_events.c.id == row.id))
    values = {
        "count": same.count + row.count,
        "first_seen": min(same.first_seen, row.first_seen),
        "last_seen": max(same.last_seen, row.last_seen),
    }
    _update(connection, same.id, values)


def _update(connection: Connection, id_: int, values: dict[str, Any]) -> None:
    connection.execute(update(_events).where(_events.c.id == id_).values(values))


def _digest(row: Any, reason: str) -> str:
    """Return the digest that the event log computes at this revision."""
    parts = [f"{row.kind}/{row.name}", row.type, reason, row.message]
    text = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()
