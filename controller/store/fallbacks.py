"""Last known good addresses of each host, kept across restarts."""

import json
from collections.abc import Sequence

from sqlalchemy import select

from controller.store.database import Database
from controller.store.sql import upsert
from controller.store.tables import last_addresses


class StoredFallbacks:
    """Addresses in the store; see ``core.resources.fallbacks.Fallbacks``.

    DNS servers rotate the order of addresses. They are therefore stored sorted, and
    written only when the set has changed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_good(self, host: str) -> tuple[str, ...]:
        """Return the addresses stored for ``host``, or an empty tuple."""
        query = select(last_addresses.c.addresses).where(last_addresses.c.host == host)
        with self._database.reading() as connection:
            found = connection.scalar(query)
        return () if found is None else tuple(json.loads(found))

    def keep(self, host: str, addresses: Sequence[str]) -> None:
        """Store ``addresses`` as the last good ones. Safe to repeat."""
        distinct = tuple(sorted(set(addresses)))
        if distinct == self.last_good(host):
            return
        with self._database.writing() as connection:
            row = {
                "host": host,
                "addresses": json.dumps(distinct),
                "kept": self._database.now(connection),
            }
            upsert(connection, last_addresses, [row], ["host"])
