"""Write-ahead journal of actions.

An intent is recorded before each creation that the backend cannot make idempotent.
An unfinished intent tells the next pass to search for the effect before it repeats
the action.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, desc, insert, select, update

from controller.core.document.resource import ResourceId
from controller.core.resources.plan import Verb
from controller.core.values.identity import canonical_json
from controller.store.database import Database
from controller.store.tables import intents


@dataclass(frozen=True, slots=True)
class Intent:
    """An action recorded before it is carried out.

    Attributes:
        id: Number that increases with time.
        target: Resource that is acted on.
        verb: Action on the resource.
        generation: Generation of the declared spec.
        plan: Fingerprint of the plan that contains the action.
        details: Values that help to find the effect again; no secrets.
        begun: Time of recording, before the effect.
        ended: Time at which the outcome was recorded; None before.
        outcome: One word, as in ``Applied``; empty until it is recorded.
        message: One sentence for the user.
    """

    id: int
    target: ResourceId
    verb: Verb
    generation: str
    plan: str
    details: Mapping[str, Any]
    begun: datetime
    ended: datetime | None = None
    outcome: str = ""
    message: str = ""


class IntentJournal:
    """Intents and their outcomes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self,
        target: ResourceId,
        verb: Verb,
        generation: str,
        plan: str,
        details: Mapping[str, Any],
        now: datetime,
    ) -> int:
        """Record an intent and return its id; it is durable on return."""
        statement = (
            insert(intents)
            .values(
                kind=target.kind,
                name=target.name,
                verb=verb.value,
                generation=generation,
                plan=plan,
                details=canonical_json(dict(details)),
                begun=now,
            )
            .returning(intents.c.id)
        )
        with self._database.writing() as connection:
            return int(connection.execute(statement).scalar_one())

    def finish(self, id_: int, outcome: str, message: str, now: datetime) -> bool:
        """Record the outcome of an intent; a recorded outcome never changes.

        Returns:
            False if an outcome was recorded before.
        """
        with self._database.writing() as connection:
            closed = connection.execute(
                update(intents)
                .where(intents.c.id == id_, intents.c.ended.is_(None))
                .values(outcome=outcome, message=message, ended=now)
            )
        return bool(closed.rowcount)

    def unfinished(self) -> tuple[Intent, ...]:
        """Return the intents without a recorded outcome, oldest first."""
        query = select(intents).where(intents.c.ended.is_(None)).order_by(intents.c.id)
        return self._intents(query)

    def history(self, target: ResourceId, limit: int) -> tuple[Intent, ...]:
        """Return the latest intents for ``target``, newest first."""
        query = (
            select(intents)
            .where(intents.c.kind == target.kind, intents.c.name == target.name)
            .order_by(desc(intents.c.id))
            .limit(limit)
        )
        return self._intents(query)

    def _intents(self, query: Select[Any]) -> tuple[Intent, ...]:
        with self._database.reading() as connection:
            return tuple(_intent(row) for row in connection.execute(query))


def _intent(row: Any) -> Intent:
    return Intent(
        id=row.id,
        target=ResourceId(row.kind, row.name),
        verb=Verb(row.verb),
        generation=row.generation,
        plan=row.plan,
        details=json.loads(row.details),
        begun=row.begun,
        ended=row.ended,
        outcome=row.outcome,
        message=row.message,
    )
