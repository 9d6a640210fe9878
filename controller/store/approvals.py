"""Approvals of model versions; see ``core.models.approvals``.

Rows are kept for ever: they are the only proof of an approval.
"""

from typing import Any

from sqlalchemy import select

from controller.core.models.approvals import VersionApproval
from controller.store.database import Database
from controller.store.sql import insert_new
from controller.store.tables import approvals

_IDENTITY = ("registry", "model", "number", "created_ms")


class StoredApprovals:
    """Approvals in the store, one for each version."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, registry: str) -> tuple[VersionApproval, ...]:
        """Return all approvals of versions in ``registry``."""
        query = select(approvals).where(approvals.c.registry == registry)
        with self._database.reading() as connection:
            return tuple(_approval(row) for row in connection.execute(query))

    def approve(self, registry: str, approval: VersionApproval) -> VersionApproval:
        """Record ``approval`` unless the version has one; return the recorded one."""
        row = {
            "registry": registry,
            "model": approval.model,
            "number": approval.number,
            "created_ms": approval.created_ms,
            "approved_by": approval.by,
            "reason": approval.reason,
            "approved": approval.at,
        }
        query = select(approvals).where(
            *(approvals.c[name] == row[name] for name in _IDENTITY)
        )
        with self._database.writing() as connection:
            insert_new(connection, approvals, [row], _IDENTITY)
            return _approval(connection.execute(query).one())


def _approval(row: Any) -> VersionApproval:
    return VersionApproval(
        row.model,
        row.number,
        row.created_ms,
        row.approved_by,
        row.reason,
        row.approved,
    )
