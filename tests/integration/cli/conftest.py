"""A document in a folder of its own, and a database with recorded passes."""

import tempfile
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

import boto3
import psycopg
import pytest

from controller.app import apply
from controller.app.session import read
from controller.clients.clock import SystemClock
from controller.core.document.resource import ResourceId
from controller.core.errors import PermanentError
from controller.core.resources.condition import Condition, ConditionType, Truth
from controller.core.resources.driver import Failed
from controller.core.resources.plan import Action, Reason, Verb
from controller.emulation.ecs.timing import Timing
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from controller.engine.store_memory import StoreMemory
from controller.kinds.service.preflight.commands import TRUST, document
from controller.store.database import Database
from controller.store.heartbeat import HEART, Heartbeats
from tests.builders.command_line import DOCUMENT
from tests.builders.controller_process import ControllerProcess
from tests.fakes.postgres import postgres
from tests.fakes.silent_proxy import silent_proxy

DISCOVERED = """\
apiVersion: hokusai.ai/v1
platform:
  name: t
  environment: development
  account: "123456789012"
  region: us-east-1
  network: {{subnets: [{subnet}]}}
  roles: {{execution: "arn:aws:iam::123456789012:role/t-execution"}}
services:
  mlflow: {{image: "web:1", cpu: 256, memory: 512, discovery: mlflow, port: 80}}
  api:
    image: "web:1"
    cpu: 256
    memory: 512
    discovery: api
    port: 80
    depends_on: [service/mlflow]
"""


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    """Look again at once: the emulator is done long before a person would look."""
    monkeypatch.setattr(apply, "LONGEST_PAUSE", timedelta(seconds=0.1))


def prepared(folder, patch):
    """Work in ``folder`` with a document, and an environment that says little."""
    (folder / "hokusai.yaml").write_text(DOCUMENT)
    patch.chdir(folder)
    for name in ("ENVIRONMENT", "AWS_ENDPOINT_URL", "AWS_PROFILE", "DATABASE_URL"):
        patch.delenv(name, raising=False)
    patch.setenv("HOKUSAI_STORE_URL", f"sqlite:///{folder}/store.db")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder with a document, as the working directory."""
    prepared(tmp_path, monkeypatch)
    return tmp_path


class Recorded:
    """What a controller would have left behind."""

    def __init__(self, folder):
        self.clock = SystemClock()
        self.database = Database(f"sqlite:///{folder}/store.db", self.clock)
        self.database.upgrade()
        self.memory = StoreMemory(self.database, self.clock)

    def beat(self):
        Heartbeats(self.database).beat(HEART, "controller-1")

    def save_statuses(self, **by_name):
        """Record services by name: (Ready's status, reason, message, true ones)."""
        self.memory.save_statuses(
            {
                ResourceId("service", name): self._conditions(*told)
                for name, told in by_name.items()
            }
        )

    def failed(self, target, message):
        action = Action(target, Verb.UPDATE, Reason.DRIFTED, generation="v1:g")
        number = self.memory.started(action)
        self.memory.finished(number, action, Failed(PermanentError(message)))

    def _conditions(self, ready, reason, message, *true):
        found = dict.fromkeys(ConditionType, Truth.FALSE)
        found |= {ConditionType.READY: ready, **dict.fromkeys(true, Truth.TRUE)}
        now = self.clock.now()
        return {
            type_: Condition(type_, truth, reason, message, "v1:g", now)
            for type_, truth in found.items()
        }


@pytest.fixture
def recorded(here):
    read(here / "hokusai.yaml", None)
    found = Recorded(here)
    yield found
    found.database.close()


class World:
    """An emulated AWS with a cluster and a namespace, and a document for it."""

    def __init__(self, server, runtime, folder):
        self.server = server
        self.runtime = runtime
        self.file = folder / "hokusai.yaml"
        self.ecs = self.client("ecs")
        self.ecs.create_cluster(clusterName="t-development")
        trust = {"AssumeRolePolicyDocument": document(TRUST)}
        self.client("iam").create_role(RoleName="t-execution", **trust)
        discovery = self.client("servicediscovery")
        discovery.create_private_dns_namespace(Name="t-development.local", Vpc="v")
        subnet = self.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
        self.file.write_text(DISCOVERED.format(subnet=subnet))

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.server.url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    def edit(self, before, after):
        text = self.file.read_text()
        assert before in text
        self.file.write_text(text.replace(before, after))

    def service(self, name):
        """Return the service as ECS describes it."""
        found = self.ecs.describe_services(cluster="t-development", services=[name])
        return found["services"][0]

    def writes(self):
        """Return how many revisions there are: what a service's change makes."""
        return len(self.ecs.list_task_definitions()["taskDefinitionArns"])


@contextmanager
def reached(folder, patch):
    """Yield an emulated AWS that commands in ``folder`` reach by their environment."""
    runtime = ScriptedRuntime()
    with EmulatorServer(runtime=runtime, timing=Timing.instant()) as server:
        patch.setenv("AWS_ENDPOINT_URL", server.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "local")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "local")
        yield World(server, runtime, folder)


@pytest.fixture
def world(here, monkeypatch):
    with reached(here, monkeypatch) as found:
        yield found


@pytest.fixture(scope="session")
def emulated():
    """Return what brings up a folder with a document, and an AWS it reaches."""

    @contextmanager
    def bring_up(folder, patch):
        prepared(folder, patch)
        with reached(folder, patch) as found:
            yield found

    return bring_up


@pytest.fixture(scope="session")
def postgres_server():
    """A real PostgreSQL, in a directory that its own user may enter."""
    with (
        tempfile.TemporaryDirectory() as directory,
        postgres(Path(directory)) as server,
    ):
        yield server


@pytest.fixture
def store_proxy(postgres_server):
    """A proxy in front of PostgreSQL that can fall silent."""
    with silent_proxy(postgres_server.host, postgres_server.port) as proxy:
        yield proxy


_DATABASES = count(1)


@pytest.fixture
def far_store(postgres_server, store_proxy):
    """Return the URL of an empty database behind the proxy."""
    name = f"run_{next(_DATABASES)}"
    admin = postgres_server.url()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    near = postgres_server.url(name)
    return near.replace(f":{postgres_server.port}/", f":{store_proxy.port}/")


@pytest.fixture
def controllers(here):
    """Return a function that makes controllers; all are gone after the test."""
    made = []

    def make(name="run", **options):
        made.append(ControllerProcess(here, name=name, **options))
        return made[-1]

    yield make
    for controller in made:
        controller.kill()
