"""Models on an MLflow server whose database is PostgreSQL, shared with our store."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from controller.clients.http import http_client
from controller.clients.mlflow import MlflowApi
from controller.core.errors import PermanentError, TransientError
from controller.core.resources.plan import Hold
from controller.emulation.mlflow import MlflowServer
from controller.store.announcements import AnnouncementLedger
from controller.store.database import Database
from tests.builders.mlflow_registry import MlflowRegistry
from tests.builders.outbox import event
from tests.fakes.postgres import postgres
from tests.fakes.stopped_clock import NOON, StoppedClock

CALLERS = 24


def on(server):
    """Return the environment of an MLflow server on a PostgreSQL."""
    url = server.url().replace("postgresql:", "postgresql+psycopg:")
    return {"_MLFLOW_SERVER_FILE_STORE": url, "_MLFLOW_SERVER_REGISTRY_STORE": url}


@contextmanager
def new_postgres():
    """Yield a PostgreSQL in a folder that its own user may enter."""
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres(Path(folder)) as server,
    ):
        yield server


@pytest.fixture(scope="module")
def database_server():
    with new_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def mlflow_url(database_server, tmp_path_factory):
    folder, variables = tmp_path_factory.mktemp("mlflow"), on(database_server)
    with MlflowServer(folder, variables=variables) as server:
        yield server.url


@pytest.fixture
def registry(mlflow_url):
    with http_client(mlflow_url) as http:
        yield MlflowRegistry(http)


def test_our_schema_and_the_tables_of_mlflow_share_a_database(
    registry, database_server
):
    database = Database(database_server.url(), StoppedClock())
    database.upgrade()
    model = registry.model(aliases={"production": "latest"})

    registry.machine.settle(model)
    AnnouncementLedger(database).announce("site", "webhook", [event()], NOON)
    result = registry.machine.run(model)

    assert result.outcomes == {}
    assert len(registry.versions()) == 1
    assert len(AnnouncementLedger(database).announced("site")) == 1
    database.close()


def test_parallel_writes_of_one_alias_succeed_or_may_be_repeated(registry):
    registry.machine.settle(registry.model())
    number = registry.versions()[0].number

    def write(_caller):
        with http_client(str(registry.http.base_url)) as http:
            try:
                MlflowApi(http).set_alias(registry.name, "production", number)
            except TransientError as error:
                return error
        return None

    with ThreadPoolExecutor(CALLERS) as pool:
        errors = [*filter(None, pool.map(write, range(CALLERS)))]

    assert len(errors) < CALLERS
    model = next(m for m in registry.api.models() if m.name == registry.name)
    assert model.aliases == {"production": number}


def test_a_name_that_is_taken_meanwhile_is_a_conflict_and_no_copy(registry):
    def create(_caller):
        with http_client(str(registry.http.base_url)) as http:
            try:
                MlflowApi(http).create_model(registry.name, {})
            except (PermanentError, TransientError):
                return 0
        return 1

    with ThreadPoolExecutor(CALLERS) as pool:
        created = sum(pool.map(create, range(CALLERS)))

    assert created == 1


def test_without_its_database_mlflow_makes_everything_unknown_for_now(
    tmp_path_factory,
):
    lost = ExitStack()
    with ExitStack() as kept:
        server = lost.enter_context(new_postgres())
        place = tmp_path_factory.mktemp("mlflow")
        mlflow = kept.enter_context(MlflowServer(place, variables=on(server)))
        registry = MlflowRegistry(kept.enter_context(http_client(mlflow.url)))
        registry.machine.settle(registry.model())

        lost.close()
        result = registry.machine.run(registry.model())

    (blocked,) = result.left.blocked
    assert blocked.hold is Hold.UNKNOWN
    assert blocked.temporary
    assert "SELECT" not in blocked.message
