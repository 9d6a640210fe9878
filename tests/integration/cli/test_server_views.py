"""Questions to one server: they change nothing, so all of them share it."""

import json
import os

import pytest
from jsonschema import Draft202012Validator

from controller.cli import main
from controller.cli.schemas import status_schema
from controller.emulation.runtimes.scripted import Script
from tests.builders.api_server import AWS, KEY, printed, serving

SHARED = (*AWS, "HOKUSAI_API_KEY", "HOKUSAI_STORE_URL")


@pytest.fixture(scope="module")
def converged(tmp_path_factory, emulated):
    """A folder, the environment and the URL of a server that reaches AWS."""
    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch, emulated(folder, patch) as world:
        patch.setenv("HOKUSAI_API_KEY", KEY)
        says = Script(says=("ready", "password=hunter2 is bad"))
        world.runtime.scripts["web:1"] = says
        assert main(["apply", "--yes"]) == 0
        variables = {name: os.environ[name] for name in SHARED}
        with serving(folder) as url:
            patch.undo()
            yield folder, variables, url


@pytest.fixture
def server(converged, monkeypatch):
    """The URL of the server; commands run in its folder, and reach AWS as well."""
    folder, variables, url = converged
    monkeypatch.chdir(folder)
    monkeypatch.delenv("ENVIRONMENT", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return url


@pytest.mark.parametrize(
    "words", [("history", "service/api"), ("logs", "service/api")], ids=" ".join
)
@pytest.mark.parametrize("output", ["table", "json", "yaml", "markdown"])
def test_the_server_sees_what_aws_shows(server, capsys, monkeypatch, words, output):
    near = printed(capsys, *words, "-o", output)
    for name in AWS:
        monkeypatch.delenv(name)

    far = printed(capsys, *words, "-o", output, "--server", server)

    assert far == near
    assert "hunter2" not in far
    if output == "json":
        data = json.loads(far)
        assert [*Draft202012Validator(status_schema()).iter_errors(data)] == []


def test_the_details_of_one_resource_are_the_same(server, capsys, monkeypatch):
    near = json.loads(printed(capsys, "status", "service/api", "-o", "json"))
    for name in AWS:
        monkeypatch.delenv(name)

    words = ("status", "service/api", "-o", "json", "--server", server)
    far = json.loads(printed(capsys, *words))

    assert far == near
    assert far["resources"][0]["details"] != []
    assert [*Draft202012Validator(status_schema()).iter_errors(far)] == []


def test_a_resource_that_the_server_does_not_declare_is_refused(server, capsys):
    assert main(["history", "service/other", "--server", server]) == 2

    told = capsys.readouterr().err
    assert "service/other is not declared in hokusai.yaml of the server" in told
