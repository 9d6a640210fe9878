"""The real store on SQLite in memory, with every transaction on the wire."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from controller.core.clock import Clock
from controller.store.database import Database
from controller.store.engine import LONGEST_USE
from controller.store.tables import metadata
from tests.fakes.sim_faults import FaultKind
from tests.fakes.sim_wire import Wire


class SimulatedStore(Database):
    """A store whose transactions may fail before they begin or after the commit.

    All worlds of a process share one connection; loading a world replaces all tables.

    Attributes:
        name: Name of the backend.
    """

    name = "store"

    def __init__(self, clock: Clock) -> None:
        super().__init__("sqlite://", clock)
        self.wire = Wire()
        with super().writing() as connection:
            metadata.create_all(connection)
        raw: Any = self._engine.raw_connection().driver_connection
        self._raw = raw
        self._empty = self.saved()

    def use(self, wire: Wire, clock: Clock) -> None:
        """Serve another world with empty tables."""
        self.wire, self._clock = wire, clock
        self.fence(None)
        self.load(self._empty)

    def saved(self) -> bytes:
        """Return all tables as bytes."""
        saved: bytes = self._raw.serialize()
        return saved

    def load(self, saved: bytes) -> None:
        """Replace all tables."""
        # After `deserialize` SQLite 3.40 crashes in a statement that reads JSON rows.
        with closing(sqlite3.connect(":memory:")) as source:
            source.deserialize(saved)
            source.backup(self._raw)

    @contextmanager
    def writing(
        self, *, fenced: bool = True, longest: timedelta = LONGEST_USE
    ) -> Iterator[Connection]:
        """Write in one transaction, which is one call on the wire."""
        if self._current() is not None or self.wire.aside:
            with super().writing(fenced=fenced, longest=longest) as connection:
                yield connection
            return
        after = self._pass_wire("write", writes=True)
        with super().writing(fenced=fenced, longest=longest) as connection:
            yield connection
        after()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read in one transaction, which is one call on the wire."""
        if self._current() is None and not self.wire.aside:
            self._pass_wire("read", writes=False)()
        with super().reading() as connection:
            yield connection

    def _pass_wire(self, operation: str, *, writes: bool) -> Callable[[], None]:
        """Announce a transaction; return a function to call after the commit."""
        fault = self.wire.next_fault()
        late = fault in _AFTERWARDS
        call = self.wire.call
        if not late:
            call(self, operation, writes=writes, perform=lambda: None)
            return lambda: None

        def struck() -> None:
            call(self, operation, writes=writes, perform=lambda: None)

        return struck


_AFTERWARDS = frozenset(
    {FaultKind.CRASH_AFTER, FaultKind.CRASH_AFTER_INTENT, FaultKind.LOST_REPLY}
)
