"""What we set out to do, written down before it is done.

A creation that the backend cannot make idempotent is preceded by an intent. One
that was begun and never finished tells the next pass to look before it repeats.
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
    """One thing we set out to do.

    Attributes:
        id: Grows with time.
        target: What is acted on.
        verb: What is done.
        generation: Of the declared spec.
        plan: Fingerprint of the plan it belongs to.
        details: Whatever helps to find the effect again; holds no secret.
        begun: When it was written down, before the effect.
        ended: When the outcome was known; None as long as it is not.
        outcome: One word, as in ``Applied``; empty as long as it is not known.
        message: One sentence for a person.
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
    """Intents and what became of them."""

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
        """Write an intent down and return its id; it is durable on return."""
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

    def finish(self, id_: int, outcome: str, message: str, now: datetime) -> None:
        """Write down what became of an intent; what is finished stays as it is."""
        with self._database.writing() as connection:
            connection.execute(
                update(intents)
                .where(intents.c.id == id_, intents.c.ended.is_(None))
                .values(outcome=outcome, message=message, ended=now)
            )

    def unfinished(self) -> tuple[Intent, ...]:
        """Return the intents whose outcome nobody wrote down, oldest first."""
        query = select(intents).where(intents.c.ended.is_(None)).order_by(intents.c.id)
        return self._intents(query)

    def history(self, target: ResourceId, limit: int) -> tuple[Intent, ...]:
        """Return what was last set out to do with ``target``, the latest first."""
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
