"""The store: short transactions, one writer, one source of time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError

from controller.core.clock import Clock
from controller.core.errors import DriverError, PermanentError, TransientError
from controller.core.values.redact import redact
from controller.store.engine import WRITING, engine_for, in_memory
from controller.store.schema import SchemaState, refuse, state_of, upgrade


class Database:
    """SQLite or PostgreSQL. Safe to use from several threads; close it.

    Within a ``writing`` block the same thread's other blocks join its
    transaction, so that rows of several tables appear at once or not at all.

    Args:
        url: As SQLAlchemy writes it: ``sqlite:///file`` or ``postgresql://…``.
        clock: Tells the time on SQLite; PostgreSQL has its own.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._engine = engine_for(url)
        self._clock = clock
        self._lock = threading.RLock()
        self._own = threading.local()
        self._one_connection = in_memory(self._engine)
        self._fence: Callable[[Connection], None] | None = None

    def fence(self, check: Callable[[Connection], None] | None) -> None:
        """Have ``check`` look first at every transaction that writes from now on.

        What it raises refuses the transaction: so that whoever lost the lease while
        it slept changes nothing when it goes on.
        """
        self._fence = check

    @contextmanager
    def writing(self, *, fenced: bool = True) -> Iterator[Connection]:
        """Begin a transaction that writes, or join the thread's own.

        Commits at the end of the outermost block; what is raised rolls it back.
        Without ``fenced`` the fence does not look: for the lease itself.
        """
        if (own := self._current()) is not None:
            yield own
            return
        with (
            self._lock,
            _translated("written"),
            self._engine.connect().execution_options(**{WRITING: True}) as connection,
            connection.begin(),
        ):
            if fenced and self._fence is not None:
                self._fence(connection)
            self._own.connection = connection
            try:
                yield connection
            finally:
                self._own.connection = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Begin a transaction that only reads, or join the thread's own."""
        if (own := self._current()) is not None:
            yield own
            return
        alone = self._lock if self._one_connection else nullcontext()
        with (
            alone,
            _translated("read"),
            self._engine.connect() as connection,
            connection.begin(),
        ):
            yield connection

    def now(self, connection: Connection) -> datetime:
        """Return the time that all who share this store agree on, in UTC."""
        if self._engine.dialect.name == "sqlite":
            return self._clock.now()
        moment: datetime = connection.scalar(text("SELECT clock_timestamp()"))
        return moment.astimezone(UTC)

    def state(self) -> SchemaState:
        """Return how the tables that are there relate to this program."""
        with self.reading() as connection:
            return state_of(connection)

    def check(self) -> None:
        """Return if this program can work with the tables that are there.

        Raises RefusedError, which says what to do, if it cannot.
        """
        refuse(self.state())

    def upgrade(self) -> None:
        """Bring the tables up to date. Safe to repeat, also at the same time.

        Tables of the next version are left as they are.
        """
        with self.writing() as connection:
            state = state_of(connection)
            refuse(state, upgrading=True)
            if state in {SchemaState.MISSING, SchemaState.OLDER}:
                upgrade(connection)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _current(self) -> Connection | None:
        return getattr(self._own, "connection", None)


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Raise the database's errors as ours."""
    try:
        yield
    except DBAPIError as error:
        why = redact(str(error.orig).strip().partition("\n")[0], ())
        msg = f"the store could not be {what}: {type(error.orig).__name__}: {why}"
        raise _kind_of(error)(msg) from error


def _kind_of(error: DBAPIError) -> type[DriverError]:
    passing = isinstance(error, OperationalError) or error.connection_invalidated
    return TransientError if passing else PermanentError
