"""Details of an endpoint: addresses in use, their source, and the pin in force."""

from dataclasses import replace
from datetime import UTC, datetime

from controller.core.dns.health import NameReport
from controller.core.dns.pins import Pin, PinOrigin
from controller.kinds.endpoint import KIND
from controller.kinds.endpoint.spec import EndpointSpec
from controller.kinds.endpoint.state import EndpointState

SPEC = EndpointSpec(host="mlflow.internal", port=5000)
STATE = EndpointState(("10.0.0.1",), kept=("10.0.0.1", "10.0.0.2"))
END = datetime(2026, 1, 1, 14, tzinfo=UTC)
PIN = Pin(SPEC.host, ("10.0.0.9",), END, "DNS has the old task", "ada@laptop")


def sections(state):
    return {one.title: one for one in KIND.details(SPEC, state)}


def test_the_addresses_of_a_pin_are_in_use_and_those_of_dns_are_not():
    state = replace(STATE, names=NameReport(pin=PIN))

    assert sections(state)["addresses"].rows == (
        ("10.0.0.9", "pin", "yes"),
        ("10.0.0.1", "dns", "no"),
        ("10.0.0.1", "kept in the store", "no"),
        ("10.0.0.2", "kept in the store", "no"),
    )


def test_a_pin_is_shown_with_its_end_and_its_reason():
    found = sections(replace(STATE, names=NameReport(pin=PIN)))["pin"]

    assert found.columns == ("until", "origin", "by", "reason")
    assert found.rows == (
        ("2026-01-01T14:00:00+00:00", "store", "ada@laptop", "DNS has the old task"),
    )


def test_a_pin_of_the_environment_has_no_end():
    pin = Pin(SPEC.host, ("10.0.0.9",), origin=PinOrigin.ENVIRONMENT)

    (row,) = sections(replace(STATE, names=NameReport(pin=pin)))["pin"].rows

    assert row == (None, "environment", "", "")


def test_a_pin_that_replaces_a_silent_dns_is_shown_once():
    state = replace(
        STATE,
        addresses=("10.0.0.9",),
        live=False,
        source="pin",
        names=NameReport(pin=PIN),
    )

    assert sections(state)["addresses"].rows[0] == ("10.0.0.9", "pin", "yes")
    assert [row[1] for row in sections(state)["addresses"].rows].count("pin") == 1


def test_without_a_pin_the_addresses_have_their_source():
    for source in ("dns", "stale", "fallback"):
        rows = sections(replace(STATE, source=source))["addresses"].rows
        assert rows[:2] == (
            ("10.0.0.1", source, "yes"),
            ("10.0.0.1", "kept in the store", "yes"),
        )
    assert "pin" not in sections(STATE)
