"""What the repository promises about its own documents."""

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from controller.core.document.platform import ENVIRONMENTS
from controller.core.document.resource import ResourceId
from controller.core.errors import SpecError
from controller.kinds import discover
from controller.settings import VARIABLES, reference
from controller.spec import schema
from controller.spec.common import Common
from controller.spec.document import load

ROOT = Path(__file__).resolve().parents[2]
INVALID = sorted((ROOT / "specs/invalid").glob("*.yaml"))
KINDS = discover()


def read(file):
    return (ROOT / file).read_bytes()


def test_the_schema_is_fresh():
    assert schema.is_fresh(ROOT, KINDS), "run `python -m controller schema --write`"


def test_the_schema_is_written_once(tmp_path):
    first = schema.write(tmp_path, KINDS)
    again = schema.write(tmp_path, KINDS)

    assert (first, again) == (True, False)
    assert schema.is_fresh(tmp_path, KINDS)
    assert (
        json.loads((tmp_path / schema.FILE).read_text())["$comment"] == schema.COMMENT
    )


def test_the_schema_is_a_schema_of_its_draft():
    found = json.loads((ROOT / schema.FILE).read_text())

    jsonschema.Draft202012Validator.check_schema(found)
    assert found["$schema"] == schema.DIALECT


def test_every_field_is_described():
    definitions = schema.document_schema(KINDS)["$defs"]

    bare = [
        f"{name}.{field}"
        for name, definition in definitions.items()
        for field, entry in definition.get("properties", {}).items()
        if not (entry.get("description") or _described(entry, definitions))
    ]
    assert bare == []


def _described(entry, definitions):
    """Return the description of what ``entry`` refers to, when they say the same."""
    name = entry.get("$ref", "").rpartition("/")[2]
    return definitions.get(name, {}).get("description")


def test_no_kind_has_a_field_that_all_resources_have():
    for kind in KINDS.values():
        assert not kind.spec.model_fields.keys() & Common.model_fields.keys()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_sample_is_valid_in_every_environment(environment):
    document = load(
        "hokusai.yaml", environment=environment, environ={}, kinds=KINDS, read=read
    )

    assert document.platform.environment == environment
    assert document.files[1:] == (f"specs/environments/{environment}.yaml",)
    with_section = {name for name, kind in KINDS.items() if kind.section}
    assert with_section <= {id_.kind for id_ in document.resources} <= set(KINDS)
    service = document.resources[ResourceId("service", "mlflow")].spec
    assert service.name == f"hokusai-mlflow-{environment}"


def test_the_sample_obeys_the_schema():
    validator = jsonschema.Draft202012Validator(schema.document_schema(KINDS))

    sample = yaml.safe_load((ROOT / "hokusai.yaml").read_text())

    assert [e.message for e in validator.iter_errors(sample)] == []


def test_the_local_overlay_names_nothing_outside_this_machine():
    document = load(
        "hokusai.yaml", environment="local", environ={}, kinds=KINDS, read=read
    )

    text = "\n".join(
        f"{r.id} {r.spec.model_dump_json()}" for r in document.resources.values()
    )
    assert "hokus.ai/" not in text.replace("hokusai.ai/", "")
    assert "hokusai-development" not in text
    assert document.local is not None
    images = {
        r.spec.image for r in document.resources.values() if r.id.kind == "service"
    }
    assert images <= document.local.images.keys()


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_each_invalid_document_gets_the_message_beside_it(file):
    name = file.relative_to(ROOT).as_posix()
    expected = file.with_suffix(".expected.txt").read_text().strip()

    with pytest.raises(SpecError) as refused:
        load(name, environ={}, kinds=KINDS, read=read)

    assert str(refused.value) == expected
    assert expected.startswith(f"{name}:")


def test_invalid_documents_make_one_mistake_each():
    assert len(INVALID) >= 30
    for file in INVALID:
        text = file.with_suffix(".expected.txt").read_text()
        assert text.count("\n") == 1, file


def test_every_variable_is_in_the_reference():
    text = reference()

    for variable in VARIABLES.values():
        for name in (variable.name, *variable.aliases):
            assert f"`{name}`" in text


def test_a_kind_is_one_folder(tmp_path, monkeypatch):
    """A copied folder is a kind: in the document, in the schema, in the messages."""
    package = tmp_path / "kinds_copied"
    shutil.copytree(ROOT / "controller/kinds", package)
    shutil.copytree(package / "experiment", package / "trial")
    for file in package.rglob("*.py"):
        source = file.read_text().replace("controller.kinds.", "kinds_copied.")
        if file.parent.name == "trial":
            source = source.replace("experiment", "trial")
        file.write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    kinds = importlib.import_module("kinds_copied").discover()
    sample = read("hokusai.yaml") + b"trials: {first: {}}\n"

    document = load("hokusai.yaml", environ={}, kinds=kinds, read=lambda _: sample)

    assert ResourceId("trial", "first") in document.resources
    assert "trials" in schema.document_schema(kinds)["properties"]


def test_validating_imports_no_sdk_no_database_and_no_web_framework():
    program = (
        "import sys\n"
        "from controller.kinds import discover\n"
        "from controller.spec.document import load\n"
        "load('hokusai.yaml', environ={}, kinds=discover())\n"
        "heavy = {'boto3', 'botocore', 'sqlalchemy', 'fastapi', 'mlflow', 'httpx',"
        " 'aiohttp', 'alembic', 'jsonschema'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
