"""A document in a folder of its own, and a store that passes were recorded in."""

import pytest

from controller.bootstrap.command import read
from controller.clients.clock import SystemClock
from controller.core.conditions import Condition, ConditionType, Truth
from controller.core.driver import Failed
from controller.core.errors import PermanentError
from controller.core.plan import Action, Reason, Verb
from controller.core.resource import ResourceId
from controller.engine.store_memory import StoreMemory
from controller.store.database import Database
from controller.store.heartbeat import HEART, Heartbeats

DOCUMENT = """\
apiVersion: hokusai.ai/v1
platform: {name: t, environment: development, account: "123456789012", region: us-east-1}
services:
  mlflow: {image: "web:1", cpu: 256, memory: 512}
  api: {image: "web:1", cpu: 256, memory: 512, depends_on: [service/mlflow]}
"""
API, MLFLOW = ResourceId("service", "api"), ResourceId("service", "mlflow")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Work in an empty folder with a document, and an environment that says little."""
    (tmp_path / "hokusai.yaml").write_text(DOCUMENT)
    monkeypatch.chdir(tmp_path)
    for name in ("ENVIRONMENT", "AWS_ENDPOINT_URL", "AWS_PROFILE", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOKUSAI_STORE_URL", f"sqlite:///{tmp_path}/store.db")
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

    def conclude(self, **by_name):
        """Record services by name: (Ready's status, reason, message, true ones)."""
        self.memory.conclude(
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
