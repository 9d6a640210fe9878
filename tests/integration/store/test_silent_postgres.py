"""A PostgreSQL that does not answer: each use of the store ends at its deadline."""

import contextlib
import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from controller.clients.clock import SystemClock
from controller.core.errors import TransientError
from controller.store import database as database_module
from controller.store import engine
from controller.store.database import Database
from controller.store.lease import Lease, Leases
from controller.store.triggers import Triggers
from tests.builders.waiting import eventually
from tests.fakes.silent_proxy import silent_proxy

DEADLINE = timedelta(seconds=1)
# Far below the system's keepalive of two hours, far above the deadline.
SOON = 20


@pytest.fixture(autouse=True)
def short_deadlines(monkeypatch):
    for module in (engine, database_module):
        monkeypatch.setattr(module, "LONGEST_USE", DEADLINE)
    monkeypatch.setattr(engine, "_LONGEST_PING", DEADLINE / 2)
    monkeypatch.setattr(engine, "_CONNECT_SECONDS", 2)


@pytest.fixture
def proxy(server):
    with silent_proxy(server.host, server.port) as proxy:
        yield proxy


@pytest.fixture
def connected(url, server, proxy, database):
    far = url.replace(f":{server.port}/", f":{proxy.port}/")
    made = Database(far, SystemClock())
    yield made
    made.close()


def ended(work):
    """Return the result or the error of ``work``, which must end soon."""
    results = []

    def run():
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001 - the result of the test
            results.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(SOON)
    assert results, f"still waiting after {SOON} s"
    return results[0]


def read(database):
    return Triggers(database).latest()


def write(database):
    return Triggers(database).ask("a test", SystemClock().now())


def renew(database):
    claim = Leases(database).acquire("test", "me", timedelta(seconds=15))
    assert isinstance(claim, Lease)
    return claim.token


USES = pytest.mark.parametrize("use", [read, write, renew])


@USES
def test_a_pooled_connection_that_fell_silent_is_replaced(connected, proxy, use):
    use(connected)
    proxy.silence_old()

    result = ended(lambda: use(connected))

    assert isinstance(result, int), result


@USES
def test_a_server_that_accepts_and_never_answers_is_unavailable(connected, proxy, use):
    use(connected)
    proxy.silence_all()

    result = ended(lambda: use(connected))

    assert isinstance(result, TransientError)


def test_the_first_connection_of_all_ends_at_the_deadline(connected, proxy):
    proxy.silence_all()

    assert isinstance(ended(lambda: read(connected)), TransientError)


def test_a_connection_that_falls_silent_in_a_transaction_ends_at_its_deadline(
    connected, proxy
):
    def work():
        with connected.writing() as connection:
            connection.execute(text("SELECT 1"))
            proxy.silence_all()
            connection.execute(text("SELECT 1"))

    assert isinstance(ended(work), TransientError)


def test_a_commit_that_is_not_answered_ends_at_its_deadline(connected, proxy):
    def work():
        with connected.writing() as connection:
            connection.execute(text("SELECT 1"))
            proxy.silence_all()

    assert isinstance(ended(work), TransientError)


def test_a_new_connection_that_falls_silent_after_the_login_ends_at_the_deadline(
    connected, proxy, monkeypatch
):
    # SQLAlchemy queries the server's version on its first connection.
    def initialize(self, connection):
        proxy.silence_all()
        connection.exec_driver_sql("SELECT 1")

    dialect = type(connected._engine.dialect)
    monkeypatch.setattr(dialect, "initialize", initialize)

    assert isinstance(ended(lambda: read(connected)), TransientError)


def test_the_store_is_usable_again_once_the_server_answers(connected, proxy):
    write(connected)
    proxy.silence_all()
    ended(lambda: write(connected))

    proxy.answer()

    assert isinstance(ended(lambda: write(connected)), int)


def test_a_write_does_not_wait_for_ever_for_one_that_hangs(connected, proxy):
    write(connected)
    entered, leave = threading.Event(), threading.Event()

    def hold():
        with contextlib.suppress(TransientError), connected.writing():
            entered.set()
            leave.wait(SOON)

    holder = threading.Thread(target=hold, daemon=True)
    holder.start()
    entered.wait(SOON)

    result = ended(lambda: write(connected))
    leave.set()
    holder.join(SOON)

    assert isinstance(result, TransientError)


def test_the_server_ends_a_statement_before_the_client_closes_the_connection(connected):
    def work():
        with connected.reading() as connection:
            connection.execute(text("SELECT pg_sleep(60)"))

    result = ended(work)

    assert isinstance(result, TransientError)
    assert "statement timeout" in str(result)


def test_a_client_that_is_gone_does_not_keep_the_row_of_the_lease_locked(
    connected, proxy, database
):
    """A partition in a transaction: the server notices the client only by time."""
    renew(connected)
    entered, leave = threading.Event(), threading.Event()

    def hold():
        with (
            contextlib.suppress(TransientError),
            connected.writing(longest=DEADLINE) as connection,
        ):
            connection.execute(text("SELECT * FROM hokusai.leases FOR UPDATE"))
            proxy.silence_all()
            entered.set()
            leave.wait(SOON)

    holder = threading.Thread(target=hold, daemon=True)
    holder.start()
    entered.wait(SOON)
    before = lockable(database)

    eventually(lambda: lockable(database), within=SOON)
    leave.set()
    holder.join(SOON)

    assert not before


def lockable(database):
    """Whether the row of the lease can be locked now."""
    try:
        with database.writing() as connection:
            query = "SELECT * FROM hokusai.leases FOR UPDATE NOWAIT"
            connection.execute(text(query))
    except TransientError:
        return False
    return True


def test_settings_of_a_use_do_not_outlive_its_transaction(connected):
    read(connected)
    with connected._engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        raw.rollback()
        after = raw.execute("SHOW statement_timeout").fetchone()[0]

    assert after == "0"


def test_a_primary_that_became_read_only_is_unavailable_not_broken(connected):
    write(connected)

    def work():
        with connected.writing() as connection:
            connection.execute(text("SET TRANSACTION READ ONLY"))
            connection.execute(text("DELETE FROM hokusai.triggers"))

    assert isinstance(ended(work), TransientError)
