"""``keys``, on the database and through the API of a server."""

import json
import urllib.error
import urllib.request

import pytest
from jsonschema import Draft202012Validator

from controller.cli import main
from controller.cli.schemas import status_schema
from controller.core.access.api_key import parsed
from controller.store.audit_log import AuditLog
from tests.builders.api_server import KEY, serving

PEPPER = "a-random-text-of-32-characters-or-more"
WHY = ("--reason", "dashboard of the team")
READER = ("--scope", "status:read")


@pytest.fixture(params=["database", "server"])
def where(request, recorded, here, monkeypatch):
    """The options that select the database, or a server on it; with its URL."""
    monkeypatch.setenv("HOKUSAI_KEY_PEPPER", PEPPER)
    with serving(here) as url:
        if request.param == "database":
            yield (), url
            return
        monkeypatch.setenv("HOKUSAI_API_KEY", KEY)
        yield ("--server", url), url


def output(capsys, *words):
    capsys.readouterr()
    assert main(["keys", *words, "-o", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    return data


def status(url, key, path="/api/v1/status"):
    request = urllib.request.Request(url + path, headers={"X-API-Key": key})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_key_is_created_used_rotated_and_revoked(where, recorded, capsys):
    options, url = where
    created = output(capsys, "create", "dashboard", *READER, *WHY, *options)
    first = created["key"]
    assert (status(url, first), status(url, first, "/api/v1/events")) == (200, 403)

    second = output(capsys, "rotate", "dashboard", "--overlap", "1h", *WHY, *options)[
        "key"
    ]
    assert (status(url, first), status(url, second)) == (200, 200)

    revoked = output(capsys, "revoke", created["record"]["id"], *WHY, *options)
    again = output(capsys, "revoke", created["record"]["id"], *WHY, *options)
    assert (revoked["changed"], again["changed"]) == (True, False)

    listed = output(capsys, "list", *options)["keys"]
    states = {key["lastFour"]: key["state"] for key in listed}
    assert states == {first[-4:]: "revoked", second[-4:]: "active"}
    actions = [row.entry.action for row in AuditLog(recorded.database).records()]
    assert actions == ["create key", "rotate key", "revoke key"]


def test_a_new_key_is_printed_alone_and_nothing_else_contains_it(where, here, capsys):
    options, url = where
    assert main(["keys", "create", "dashboard", *READER, *WHY, *options]) == 0
    key = capsys.readouterr().out.strip()

    assert parsed(key) is not None
    assert status(url, key) == 200
    assert main(["keys", "list", *options]) == 0
    assert key not in capsys.readouterr().out
    for file in here.rglob("*"):
        assert not file.is_file() or key.encode() not in file.read_bytes(), file


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("create",), "`keys create` needs a name"),
        (("create", "me", *WHY), "a key needs at least one scope"),
        (("create", "me", *READER), "`keys create` needs --reason TEXT"),
        (("create", "me", "--scope", "status", *WHY), "is no scope"),
        (("create", "me", *READER, "--rate", "predict", *WHY), "predict=600/min"),
        (("create", "me", *READER, "--rate", "x=1/s", *WHY), "x is no class"),
        (("create", "me", *READER, "--for", "9999d", *WHY), "at most 730 days"),
        (("rotate", "nobody", *WHY), "there is no key nobody"),
        (("revoke", *WHY), "`keys revoke` needs KEY"),
        (("list", "me"), "accepts neither a key nor --reason"),
        (("list", *READER), "accepts neither --scope"),
        (("revoke", "me", "--overlap", "1h", *WHY), "does not accept --overlap"),
    ],
)
def test_a_wrong_command_is_explained(recorded, capsys, monkeypatch, words, message):
    monkeypatch.setenv("HOKUSAI_KEY_PEPPER", PEPPER)

    assert main(["keys", *words]) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_keys_are_not_created_without_a_pepper(recorded, capsys):
    assert main(["keys", "create", "me", *READER, *WHY]) == 2

    assert "set HOKUSAI_KEY_PEPPER" in capsys.readouterr().err


def test_a_key_of_another_pepper_is_listed_as_such(recorded, capsys, monkeypatch):
    monkeypatch.setenv("HOKUSAI_KEY_PEPPER", PEPPER)
    output(capsys, "create", "dashboard", *READER, *WHY)

    monkeypatch.setenv("HOKUSAI_KEY_PEPPER", f"{PEPPER}-next, {PEPPER}")
    (changing,) = output(capsys, "list")["keys"]
    monkeypatch.setenv("HOKUSAI_KEY_PEPPER", f"{PEPPER}-next")
    (changed,) = output(capsys, "list")["keys"]

    assert (changing["state"], changed["state"]) == ("active", "other pepper")


def test_one_of_several_keys_with_a_name_is_chosen_by_its_id(
    recorded, capsys, monkeypatch
):
    monkeypatch.setenv("HOKUSAI_KEY_PEPPER", PEPPER)
    ids = [
        output(capsys, "create", "ci", *READER, *WHY)["record"]["id"] for _ in range(2)
    ]

    assert main(["keys", "revoke", "ci", *WHY]) == 2
    said = capsys.readouterr().err
    assert all(id_ in said for id_ in ids)
    assert output(capsys, "revoke", ids[0], *WHY)["changed"]
    assert output(capsys, "revoke", "ci", *WHY)["id"] == ids[1]
