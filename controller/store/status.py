"""Conditions of each resource, kept between passes."""

from collections.abc import Collection, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import and_, bindparam, delete, select

from controller.core.document.resource import ResourceId
from controller.core.resources.condition import (
    Condition,
    Conditions,
    Truth,
)
from controller.store.database import Database
from controller.store.sql import upsert
from controller.store.tables import conditions

_KEYS = ("kind", "name", "type")
# A row being written takes ten times the memory of a stored one, and Python seldom
# returns memory to the operating system.
_BATCH = 300
_DELETE = delete(conditions).where(
    and_(conditions.c.kind == bindparam("of"), conditions.c.name == bindparam("called"))
)


class StatusTable:
    """Conditions of every resource."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[ResourceId, dict[str, Condition]]:
        """Return the conditions of every resource that has some."""
        found: dict[ResourceId, dict[str, Condition]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(select(conditions)):
                condition = _condition(row)
                resource = ResourceId(row.kind, row.name)
                found.setdefault(resource, {})[condition.type] = condition
        return found

    def save(
        self,
        changed: Mapping[ResourceId, Conditions],
        removed: Collection[ResourceId] = (),
    ) -> None:
        """Replace the conditions of ``changed`` and delete those of ``removed``."""
        if not changed and not removed:
            return
        with self._database.writing() as connection:
            old = [{"of": r.kind, "called": r.name} for r in (*removed, *changed)]
            connection.execute(_DELETE, old)
            rows = (
                _row(resource, condition)
                for resource, by_type in changed.items()
                for condition in by_type.values()
            )
            while batch := list(islice(rows, _BATCH)):
                upsert(connection, conditions, batch, _KEYS)


def _row(resource: ResourceId, condition: Condition) -> dict[str, Any]:
    return {
        "kind": resource.kind,
        "name": resource.name,
        "type": str(condition.type),
        "status": condition.status.value,
        "reason": condition.reason,
        "message": condition.message,
        "observed_generation": condition.observed_generation,
        "last_transition": condition.last_transition,
    }


def _condition(row: Any) -> Condition:
    return Condition(
        type=row.type,
        status=Truth(row.status),
        reason=row.reason,
        message=row.message,
        observed_generation=row.observed_generation,
        last_transition=row.last_transition,
    )
