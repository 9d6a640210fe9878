"""Database access: short transactions, one writer, one source of time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError

from controller.core.clock import Clock
from controller.core.errors import DriverError, PermanentError, TransientError
from controller.core.values.redact import redact
from controller.store.engine import WRITING, database_engine, is_in_memory
from controller.store.schema import (
    SchemaState,
    current_state,
    require_usable,
    upgrade,
)


class Database:
    """An SQLite or PostgreSQL database, usable from several threads.

    Blocks nested in a ``writing`` block of the same thread join its transaction, so
    that rows of several tables appear together or not at all. The owner closes it.

    Args:
        url: SQLAlchemy URL: ``sqlite:///file`` or ``postgresql://…``.
        clock: Source of time on SQLite; PostgreSQL uses its own clock.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._engine = database_engine(url)
        self._clock = clock
        self._lock = threading.RLock()
        self._thread = threading.local()
        self._one_connection = is_in_memory(self._engine)
        self._fence: Callable[[Connection], None] | None = None

    def fence(self, check: Callable[[Connection], None] | None) -> None:
        """Run ``check`` at the start of every later transaction that writes.

        An exception from ``check`` refuses the transaction. A process that was
        suspended and lost the lease meanwhile therefore writes nothing when it
        continues. None removes the check.
        """
        self._fence = check

    @contextmanager
    def writing(self, *, fenced: bool = True) -> Iterator[Connection]:
        """Begin a transaction that writes, or join the one of this thread.

        The end of the outermost block commits; an exception rolls back.

        Args:
            fenced: False skips the check set by ``fence``, as the lease needs.
        """
        if (current := self._current()) is not None:
            yield current
            return
        with (
            self._lock,
            _translated("written"),
            self._engine.connect().execution_options(**{WRITING: True}) as connection,
            connection.begin(),
        ):
            if fenced and self._fence is not None:
                self._fence(connection)
            self._thread.connection = connection
            try:
                yield connection
            finally:
                self._thread.connection = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Begin a transaction that only reads, or join the one of this thread."""
        if (current := self._current()) is not None:
            yield current
            return
        exclusive = self._lock if self._one_connection else nullcontext()
        with (
            exclusive,
            _translated("read"),
            self._engine.connect() as connection,
            connection.begin(),
        ):
            yield connection

    def now(self, connection: Connection) -> datetime:
        """Return the time, in UTC, that all users of this database share."""
        if self._engine.dialect.name == "sqlite":
            return self._clock.now()
        moment: datetime = connection.scalar(text("SELECT clock_timestamp()"))
        return moment.astimezone(UTC)

    def state(self) -> SchemaState:
        """Return the state of the schema relative to this program."""
        with self.reading() as connection:
            return current_state(connection)

    def check(self) -> None:
        """Check that this program can use the schema of the database.

        Raises:
            RefusedError: The schema cannot be used; the message names the remedy.
        """
        require_usable(self.state())

    def upgrade(self) -> None:
        """Create or migrate the tables. Safe to repeat, also concurrently.

        A schema of the next version is left unchanged.
        """
        with self.writing() as connection:
            state = current_state(connection)
            require_usable(state, upgrading=True)
            if state in {SchemaState.MISSING, SchemaState.OLDER}:
                upgrade(connection)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _current(self) -> Connection | None:
        return getattr(self._thread, "connection", None)


@contextmanager
def _translated(operation: str) -> Iterator[None]:
    """Raise errors of the database as errors of ``core.errors``."""
    try:
        yield
    except DBAPIError as error:
        cause = redact(str(error.orig).strip().partition("\n")[0], ())
        name = type(error.orig).__name__
        msg = f"the store could not be {operation}: {name}: {cause}"
        raise _error_class(error)(msg) from error


def _error_class(error: DBAPIError) -> type[DriverError]:
    transient = isinstance(error, OperationalError) or error.connection_invalidated
    return TransientError if transient else PermanentError
