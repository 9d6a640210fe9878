"""``dns``, on the database and through the API of a server."""

import json
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator

from controller.app.user import person
from controller.cli import main
from controller.cli.schemas import status_schema
from controller.core.audit.entry import AuditSource
from controller.core.dns.pins import PinRequest
from controller.store.audit_log import AuditLog
from controller.store.dns_pins import StoredPinOperations
from controller.store.fallbacks import StoredFallbacks
from tests.builders.api_server import KEY, serving

HOST = "mlflow.hokusai-development.local"
WHY = ("--reason", "DNS has the old task")


@pytest.fixture(params=["database", "server"])
def where(request, recorded, here, monkeypatch):
    """The options that select the database, or a server on it."""
    StoredFallbacks(recorded.database).keep(HOST, ["10.0.1.42"])
    if request.param == "database":
        yield ()
        return
    monkeypatch.setenv("HOKUSAI_API_KEY", KEY)
    with serving(here) as url:
        yield ("--server", url)


def shown(capsys, *words):
    capsys.readouterr()
    assert main(["dns", "show", *words, "-o", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    return data


def refused(capsys, *words):
    capsys.readouterr()
    assert main(["dns", *words]) == 2
    return capsys.readouterr().err


def test_a_host_is_pinned_shown_and_unpinned(where, recorded, capsys):
    assert main(["dns", "pin", HOST, "10.0.1.9", "--for", "2h", *WHY, *where]) == 0
    assert f"{HOST} is pinned to 10.0.1.9 until" in capsys.readouterr().out

    (pin,) = shown(capsys, *where)["pins"]
    assert (pin["host"], pin["addresses"]) == (HOST, ["10.0.1.9"])
    assert (pin["by"], pin["reason"]) == (person(), WHY[1])

    assert main(["dns", "unpin", HOST, "--reason", "DNS is right", *where]) == 0
    assert shown(capsys, *where)["pins"] == []
    rows = [record.entry for record in AuditLog(recorded.database).records()]
    assert [(row.action, row.name, row.actor) for row in rows] == [
        ("pin addresses", HOST, person()),
        ("unpin addresses", HOST, person()),
    ]


def test_a_flush_forgets_the_kept_addresses(where, capsys):
    assert [one["host"] for one in shown(capsys, *where)["kept"]] == [HOST]

    assert main(["dns", "flush", HOST, "--reason", "it moved", *where]) == 0

    assert capsys.readouterr().out == f"The addresses of {HOST} are forgotten.\n"
    assert shown(capsys, *where)["kept"] == []


def test_only_the_named_host_is_shown(where, capsys):
    assert shown(capsys, "api.internal", *where)["kept"] == []
    assert main(["dns", "show", HOST, *where]) == 0
    assert "10.0.1.42" in capsys.readouterr().out


@pytest.mark.parametrize("output", ["yaml", "markdown", "table"])
def test_every_format_has_the_addresses(where, capsys, output):
    assert main(["dns", "show", *where, "-o", output]) == 0
    assert "10.0.1.42" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("pin", HOST, "10.0.0.1", *WHY), "needs a host, an address and --for"),
        (("pin", HOST, "10.0.0.1", "--for", "2h"), "needs --reason TEXT"),
        (("pin", HOST, "10.0.0", "--for", "2h", *WHY), "'10.0.0' is not an IP address"),
        (("pin", "10.0.0.1", "10.0.0.2", "--for", "2h", *WHY), "address already"),
        (("pin", HOST, "10.0.0.1", "--for", "31d", *WHY), "at most 30 days"),
        (("pin", HOST, "10.0.0.1", "--for", "0s", *WHY), "at least a second"),
        (("unpin", *WHY), "needs a host"),
        (("unpin", HOST, *WHY), "is not pinned: `hokusai dns show` prints the pins"),
        (("flush", HOST), "needs --reason TEXT"),
        (("show", HOST, "10.0.0.1"), "accepts neither"),
        (("show", *WHY), "accepts no --reason"),
    ],
)
def test_what_cannot_be_done_is_said(where, capsys, words, problem):
    assert problem in refused(capsys, *words, *where)


def test_the_cache_of_a_server_is_shown(recorded, here, monkeypatch, capsys):
    monkeypatch.setenv("HOKUSAI_API_KEY", KEY)
    with serving(here) as url:
        names = shown(capsys, "--server", url)["names"]

    assert names is not None
    assert shown(capsys)["names"] is None


def test_a_pin_that_a_process_died_in_is_there_with_its_row_or_not_at_all(
    recorded,
):
    def dies(_by):
        raise KeyboardInterrupt

    operations = StoredPinOperations(recorded.database, dies)
    request = PinRequest(HOST, ("10.0.0.1",), timedelta(days=1), "x")
    with pytest.raises(KeyboardInterrupt):
        operations.pin(request, "ada@laptop")

    whole = StoredPinOperations(recorded.database, AuditSource)
    assert whole.pins() == ()
    assert list(AuditLog(recorded.database).records()) == []


def test_pins_of_the_settings_are_shown_and_no_command_ends_them(
    recorded, here, monkeypatch, capsys
):
    (here / "hosts").write_text("10.0.1.8 api.internal\n")
    monkeypatch.setenv("HOKUSAI_DNS_PINS", f"{HOST}=10.0.1.7")
    monkeypatch.setenv("HOKUSAI_DNS_PINS_FILE", str(here / "hosts"))
    monkeypatch.setenv("HOKUSAI_API_KEY", KEY)

    with serving(here) as url:
        for words in ((), ("--server", url)):
            pins = shown(capsys, *words)["pins"]
            assert [(pin["host"], pin["origin"], pin["until"]) for pin in pins] == [
                (HOST, "environment", None),
                ("api.internal", "file", None),
            ]
            unpin = ("--reason", "x", *words)
            told = refused(capsys, "unpin", HOST, *unpin)
            assert f"{HOST} is pinned by HOKUSAI_DNS_PINS: remove it there" in told
            told = refused(capsys, "unpin", "api.internal", *unpin)
            assert "pinned by the file HOKUSAI_DNS_PINS_FILE" in told


def test_a_mistake_in_the_file_of_pins_is_shown_with_its_line(
    recorded, here, monkeypatch, capsys
):
    (here / "hosts").write_text("# ours\n10.0.1 api.internal\n")
    monkeypatch.setenv("HOKUSAI_DNS_PINS_FILE", str(here / "hosts"))

    assert "hosts:2: '10.0.1' is not an IP address" in refused(capsys, "show")
