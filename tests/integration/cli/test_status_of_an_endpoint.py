"""``status endpoint/NAME``: addresses in use, with their source and the pin."""

import json
import socket

import pytest
from jsonschema import Draft202012Validator

from controller.cli import main
from controller.cli.schemas import status_schema
from tests.builders.command_line import HEADER
from tests.fakes.chaos_dns import ChaosDns, Fault

HOST = "auth.test"
FROM_DNS, PINNED, DECLARED = "127.0.0.2", "127.0.0.9", "127.0.0.4"
DOCUMENT = f"""\
{HEADER}\
endpoints:
  auth: {{host: {HOST}, port: PORT, external: true, fallback: {{env: AUTH_FALLBACK_IP}}}}
"""


@pytest.fixture
def dns(world, recorded, monkeypatch):
    """A name server, and a recorded pass that found the endpoint ready."""
    monkeypatch.setenv("DNS_TIMEOUT", "0.5")
    with (
        ChaosDns(FROM_DNS) as server,
        socket.create_server((FROM_DNS, 0)) as listener,
    ):
        monkeypatch.setenv("HOKUSAI_DNS_SERVER", "{}:{}".format(*server.address))
        port = listener.getsockname()[1]
        world.file.write_text(DOCUMENT.replace("PORT", str(port)))
        assert main(["apply", "--yes"]) == 0
        yield server


def details(capsys):
    capsys.readouterr()
    main(["status", "endpoint/auth", "-o", "json"])
    data = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    return {one["title"]: one["rows"] for one in data["resources"][0]["details"]}


def used(capsys):
    """Return the addresses in use, with their sources."""
    rows = details(capsys)["addresses"]
    return [(r["address"], r["source"]) for r in rows if r["in use"] == "yes"]


def test_a_pin_is_shown_with_its_addresses_its_end_and_its_reason(dns, capsys):
    pin = ("dns", "pin", HOST, PINNED, "--for", "2h", "--reason", "it moved")
    assert main([*pin]) == 0

    found = details(capsys)

    assert used(capsys) == [(PINNED, "pin")]
    (row,) = found["pin"]
    assert (row["origin"], row["reason"]) == ("store", "it moved")
    assert row["until"].endswith("+00:00")


def test_a_pin_is_in_the_table_too(dns, capsys):
    pin = ("dns", "pin", HOST, PINNED, "--for", "2h", "--reason", "it moved")
    main([*pin])
    capsys.readouterr()

    main(["status", "endpoint/auth"])

    told = capsys.readouterr().out
    assert "\npin\n" in told
    assert "it moved" in told


def test_every_other_source_is_shown(dns, monkeypatch, capsys):
    assert (FROM_DNS, "dns") in used(capsys)

    dns.fault = Fault.DROP
    assert (FROM_DNS, "stale") in used(capsys)

    assert main(["dns", "flush", HOST, "--reason", "it moved"]) == 0
    monkeypatch.setenv("AUTH_FALLBACK_IP", DECLARED)
    assert used(capsys) == [(DECLARED, "fallback")]
