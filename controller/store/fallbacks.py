"""Last known good addresses of each host, kept across restarts."""

import json
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update

from controller.core.resources.fallbacks import KeptAddresses
from controller.store.database import Database
from controller.store.sql import upsert
from controller.store.tables import last_addresses

_CONFIRM = timedelta(hours=1)


class StoredFallbacks:
    """Addresses in the store; see ``core.resources.fallbacks.Fallbacks``.

    DNS servers rotate the order of addresses. They are therefore stored sorted, and
    written only when the set has changed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_good(self, host: str) -> KeptAddresses | None:
        """Return the addresses stored for ``host``; None if there are none."""
        query = select(last_addresses).where(last_addresses.c.host == host)
        with self._database.reading() as connection:
            found = connection.execute(query).first()
        if found is None:
            return None
        return KeptAddresses(tuple(json.loads(found.addresses)), found.kept)

    def keep(self, host: str, addresses: Sequence[str]) -> None:
        """Store ``addresses`` as the last good ones. Safe to repeat."""
        distinct = tuple(sorted(set(addresses)))
        kept = self.last_good(host)
        if kept is not None and distinct == kept.addresses:
            self.confirm(host, addresses)
            return
        with self._database.writing() as connection:
            row = {
                "host": host,
                "addresses": json.dumps(distinct),
                "kept": self._database.now(connection),
            }
            upsert(connection, last_addresses, [row], ["host"])

    def confirm(self, host: str, addresses: Sequence[str]) -> None:
        """Record that ``addresses`` are still valid, if they are the stored ones.

        Writes at most once an hour.
        """
        kept = self.last_good(host)
        distinct = tuple(sorted(set(addresses)))
        if kept is None or kept.addresses != distinct:
            return
        with self._database.reading() as connection:
            now = self._database.now(connection)
        if now - kept.at < _CONFIRM:
            return
        with self._database.writing() as connection:
            table = last_addresses
            # Another process may have stored others by now.
            same = table.c.addresses == json.dumps(distinct)
            connection.execute(
                update(table)
                .where(table.c.host == host, same)
                .values(kept=self._database.now(connection))
            )
