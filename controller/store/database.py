"""Database access: short transactions, one writer, one source of time."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from controller.core.clock import Clock
from controller.core.errors import (
    DriverError,
    PermanentError,
    RefusedError,
    StoreLostError,
    StoreUnavailableError,
)
from controller.core.values.redact import redact
from controller.store.deadlines import Deadlines
from controller.store.engine import (
    LONGEST,
    LONGEST_MIGRATION,
    LONGEST_USE,
    WRITING,
    database_engine,
    is_in_memory,
)
from controller.store.outage import READ, WRITTEN, StoreOutage
from controller.store.schema import (
    SchemaState,
    current_state,
    require_usable,
    upgrade,
)
from controller.store.sqlite_file import StoreFile, damage_of, is_damaged

# SQLSTATE codes that pass, although psycopg gives them another class: a former primary
# that only reads during a failover, and a transaction that the server has ended.
_PASSING = frozenset({"25006", "25P03"})


class Database:
    """An SQLite or PostgreSQL database, usable from several threads.

    Blocks nested in a ``writing`` block of the same thread join its transaction, so
    that rows of several tables appear together or not at all. The owner closes it.

    Args:
        url: SQLAlchemy URL: ``sqlite:///file`` or ``postgresql://…``.
        clock: Source of time on SQLite; PostgreSQL uses its own clock.
        outage: Receives the result of each use; by default, nothing is reported.
        read_only: True if nothing is written; an SQLite file may then be on a
            read-only file system.
        reopens: True to use the file that is there after the loss of the present one;
            for processes that hold no lease.

    Raises:
        RefusedError: The database is neither SQLite nor PostgreSQL, or its file cannot
            be created.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        outage: StoreOutage | None = None,
        read_only: bool = False,
        reopens: bool = False,
    ) -> None:
        self._deadlines = Deadlines(clock)
        self._engine = database_engine(url, self._deadlines, read_only=read_only)
        self._file = None if read_only else StoreFile.of(self._engine)
        self._reopens = reopens
        self._outage = outage
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
    def writing(
        self, *, fenced: bool = True, longest: timedelta = LONGEST_USE
    ) -> Iterator[Connection]:
        """Begin a transaction that writes, or join the one of this thread.

        The end of the outermost block commits; an exception rolls back. A block on
        PostgreSQL that takes longer than ``longest`` loses its connection.

        Args:
            fenced: False skips the check set by ``fence``, as the lease needs.
            longest: Deadline of the block, from the use of a connection on.

        Raises:
            StoreUnavailableError: The database does not answer, or other writers of
                this process take too long. A commit may have had its effect.
            StoreLostError: The file was deleted or replaced.
            RefusedError: The file is damaged.
        """
        if (current := self._current()) is not None:
            yield current
            return
        with (
            _held(self._lock),
            self._translated(WRITTEN),
            self._deadlines.within(longest),
            self._engine.connect().execution_options(
                **{WRITING: True, LONGEST: longest}
            ) as connection,
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
        """Begin a transaction that only reads, or join the one of this thread.

        Raises:
            StoreUnavailableError: The database does not answer within the deadline.
            StoreLostError: The file was deleted or replaced.
            RefusedError: The file is damaged.
        """
        if (current := self._current()) is not None:
            yield current
            return
        exclusive = _held(self._lock) if self._one_connection else nullcontext()
        with (
            exclusive,
            self._translated(READ),
            self._deadlines.within(LONGEST_USE),
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
        state = self.state()
        require_usable(state, upgrading=True)
        if state not in {SchemaState.MISSING, SchemaState.OLDER}:
            return
        with self.writing(longest=LONGEST_MIGRATION) as connection:
            # Another process may have migrated it meanwhile.
            state = current_state(connection)
            require_usable(state, upgrading=True)
            if state in {SchemaState.MISSING, SchemaState.OLDER}:
                upgrade(connection)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
        self._deadlines.close()

    def _current(self) -> Connection | None:
        return getattr(self._thread, "connection", None)

    def _reopen(self) -> None:
        """Let the next use open the file that is there, if there is one."""
        with contextlib.suppress(FileNotFoundError):
            self._file = StoreFile.of(self._engine)
            self._engine.dispose()

    @contextmanager
    def _translated(self, operation: str) -> Iterator[None]:
        """Raise errors of the database as errors of ``core.errors``."""
        try:
            with _translated(operation, self._engine):
                if self._file is not None:
                    self._file.check()
                yield
        except StoreLostError:
            if self._reopens:
                self._reopen()
            raise
        except StoreUnavailableError as error:
            if self._outage is not None:
                self._outage.failed(operation, error)
            raise
        if self._outage is not None:
            self._outage.succeeded(operation)


@contextmanager
def _held(lock: "threading.RLock") -> Iterator[None]:
    """Hold ``lock``, or give up after the longest use of the database."""
    if not lock.acquire(timeout=LONGEST_USE.total_seconds()):
        msg = "the store could not be written: another write of this process takes long"
        raise StoreUnavailableError(msg)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _translated(operation: str, engine: Engine) -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        msg = f"the store could not be {operation}: all connections are in use"
        raise StoreUnavailableError(msg) from error
    except DBAPIError as error:
        cause = redact(str(error.orig).strip().partition("\n")[0], ())
        if is_damaged(error.orig):
            raise RefusedError(damage_of(engine, cause)) from error
        name = type(error.orig).__name__
        msg = f"the store could not be {operation}: {name}: {cause}"
        raise _error_class(error)(msg) from error


def _error_class(error: DBAPIError) -> type[DriverError]:
    transient = (
        isinstance(error, OperationalError)
        or error.connection_invalidated
        or getattr(error.orig, "sqlstate", None) in _PASSING
    )
    return StoreUnavailableError if transient else PermanentError
