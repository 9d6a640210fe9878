"""A new kind is one new folder, and nothing else is touched."""

import re
import shutil
import sys
from pathlib import Path

import jsonschema
import pytest

import controller.kinds
from controller.bootstrap.drivers import Clients, Options, drivers
from controller.core.document.resource import ResourceId
from controller.core.planning.planner import diff
from controller.core.resources.observation import Absent, ObservedState
from controller.core.resources.plan import Verb
from controller.kinds import discover
from controller.spec.document import load
from controller.spec.schema import document_schema
from tests.fakes.toy import NOON

DOCUMENT = """\
apiVersion: hokusai.ai/v1
platform:
  name: hokusai
  environment: development
  account: "123456789012"
  region: us-east-1
gadgets:
  first: {tags: {team: growth}}
  second: {depends_on: [gadget/first]}
"""


@pytest.fixture
def kinds(tmp_path, monkeypatch):
    """Return the kinds there are when a folder is copied and renamed."""
    folder = tmp_path / "gadget"
    shutil.copytree(Path(controller.kinds.__path__[0]) / "experiment", folder)
    for file in folder.glob("*.py"):
        text = file.read_text().replace("Experiment(", "Kept(")
        text = re.sub(r"kinds\.experiment", "kinds.gadget", text)
        text = text.replace('"experiments"', '"gadgets"')
        text = text.replace('"experiment"', '"gadget"').replace("Kept(", "Experiment(")
        file.write_text(text)
    path = [*controller.kinds.__path__, str(tmp_path)]
    monkeypatch.setattr(controller.kinds, "__path__", path)
    yield discover()
    for name in [n for n in sys.modules if n.startswith("controller.kinds.gadget")]:
        del sys.modules[name]


def document(kinds):
    def read(path, _most=None):
        if path == "new.yaml":
            return DOCUMENT.encode()
        raise FileNotFoundError(path)

    return load("new.yaml", environ={}, kinds=kinds, read=read)


def test_the_document_has_a_section_for_it(kinds):
    loaded = document(kinds)

    second = loaded.resources[ResourceId("gadget", "second")]
    assert second.depends_on == {ResourceId("gadget", "first")}


def test_the_schema_knows_it(kinds):
    schema = document_schema(kinds)

    assert "gadgets" in schema["properties"]
    jsonschema.Draft202012Validator.check_schema(schema)


def test_it_is_planned_in_order_of_dependency(kinds):
    loaded = document(kinds)
    observed = ObservedState(dict.fromkeys(loaded.resources, Absent()), NOON)

    plan = diff(loaded.resources, observed, kinds)

    assert [(str(a.target), a.verb) for a in plan.actions] == [
        ("gadget/first", Verb.CREATE),
        ("gadget/second", Verb.CREATE),
    ]


def test_it_has_a_driver_that_says_what_is_not_configured(kinds):
    loaded = document(kinds)
    clients = Clients(None, None, None, None, None, None)

    driver = drivers(kinds, lambda: loaded, clients, Options())["gadget"]
    seen = driver.observe(loaded.resources)

    assert {o.reason.partition(":")[0] for o in seen.values()} == {
        "MLflow is not configured"
    }
