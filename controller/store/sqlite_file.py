"""The file of an SQLite store: creation, loss, damage, and access without writing."""

import errno
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from controller.core.errors import RefusedError, StoreLostError


def file_of(url: URL) -> str:
    """Return the path of the database file; empty for a database in memory."""
    return "" if url.database in {None, "", ":memory:"} else str(url.database)


def prepare(file: Path) -> None:
    """Create the directory and the file, readable only by their owner.

    Raises:
        RefusedError: They cannot be created, or the file cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _create(file)
    except OSError as error:
        msg = (
            f"the store {file} cannot be opened for writing: {error.strerror}; set"
            " HOKUSAI_STORE_URL to a file in a directory that this user can write"
        )
        raise RefusedError(msg) from error


def _create(file: Path) -> None:
    """Create the file if there is none; never open one that exists.

    POSIX drops all locks of this process on a file when it closes any descriptor of it,
    also those of SQLite's open connections. Another process could then take the file for
    unused and damage it (sqlite.org/howtocorrupt.html, section 2.2).
    """
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if file.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)) from None
        if not os.access(file, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None


def is_writable(file: str) -> bool:
    """Return True if SQLite can write the file and its journal, or creates them."""
    path = Path(file)
    return not path.exists() or (
        os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    )


@dataclass(frozen=True, slots=True)
class StoreFile:
    """A database file as it was when it was opened.

    SQLite keeps using a file that was deleted, and another process creates a new one in
    its place: both would hold a lease.

    Attributes:
        path: Path of the file.
        identity: Device and inode number.
    """

    path: str
    identity: tuple[int, int]

    @classmethod
    def of(cls, engine: Engine) -> "StoreFile | None":
        """Return the file behind ``engine``, or None if it has none."""
        if engine.dialect.name != "sqlite" or not (path := file_of(engine.url)):
            return None
        return cls(path, _identity(path))

    def check(self) -> None:
        """Check that the path still names this file.

        Raises:
            StoreLostError: The file was deleted or replaced.
        """
        try:
            found = _identity(self.path)
        except OSError as error:
            msg = f"the store {self.path} was deleted while it was in use"
            raise StoreLostError(msg) from error
        if found != self.identity:
            msg = f"the store {self.path} was replaced while it was in use"
            raise StoreLostError(msg)


def connection_to_read(file: Path) -> sqlite3.Connection:
    """Return a connection that writes nothing, not even the files of the journal.

    Without write access, SQLite opens a database in WAL mode only if the files of its
    journal exist, or if the file is declared immutable (sqlite.org/wal.html, "Read-Only
    Databases"). A journal that exists holds later transactions, so it is read if
    possible.
    """
    uri = file.absolute().as_uri()
    connection = _connect(f"{uri}?mode=ro")
    try:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").close()
    except sqlite3.OperationalError:
        connection.close()
        return _connect(f"{uri}?mode=ro&immutable=1")
    return connection


def is_damaged(error: BaseException | None) -> bool:
    """Return True if SQLite found that its file is not an intact database."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def damage_of(engine: Engine, cause: str) -> str:
    """Return the problem and the remedy for a damaged file."""
    file = file_of(engine.url)
    return (
        f"the store {file} is damaged: {cause}; stop the controller, move the file away"
        f" with `mv {file} {file}.damaged`, and start the controller again: it creates a"
        " new store, and only history is lost"
    )


def _connect(uri: str) -> sqlite3.Connection:
    # Otherwise the sqlite3 module begins transactions implicitly.
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)


def _identity(path: str) -> tuple[int, int]:
    found = os.stat(path)  # noqa: PTH116 - each use of the store comes here
    return found.st_dev, found.st_ino
