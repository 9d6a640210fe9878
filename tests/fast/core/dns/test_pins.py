"""Pins from the environment and from hosts files."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.core.dns.pins import (
    Pin,
    PinOrigin,
    environment_pins,
    hosts_file_pins,
    pinned_host,
    pins_in_force,
    refusal,
)

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_the_environment_names_hosts_and_addresses():
    pins = environment_pins("MLflow.internal.=10.0.1.42, ::1; api.internal=10.0.1.7;")

    assert [(pin.host, pin.addresses) for pin in pins] == [
        ("mlflow.internal", ("10.0.1.42", "::1")),
        ("api.internal", ("10.0.1.7",)),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mlflow.internal", "not HOST=ADDRESS"),
        ("mlflow.internal=10.0.1", "'10.0.1' is not an IP address"),
        ("mlflow.internal=169.254.169.254", "a link-local or metadata address"),
        ("mlflow.internal=::ffff:169.254.169.254", "a link-local or metadata address"),
        ("mlflow.internal=::ffff:a9fe:aafe", "a link-local or metadata address"),
        ("mlflow.internal=fe80::1", "a link-local or metadata address"),
        ("mlflow.internal=fd00:ec2::254", "a link-local or metadata address"),
        ("mlflow.internal=::ffff:224.0.0.1", "not the address of a host"),
        ("mlflow.internal=0.0.0.0", "not the address of a host"),
        ("10.0.0.1=10.0.0.2", "'10.0.0.1' is an address already"),
        ("localhost=10.0.0.2", "is an address already"),
        ("a..b=10.0.0.2", "'a..b' is not the name of a host"),
        ("a b=10.0.0.2", "is not the name of a host"),
    ],
)
def test_a_mistake_in_the_environment_is_described(text, problem):
    with pytest.raises(ValueError, match=problem):
        environment_pins(text)


def test_a_hosts_file_has_several_addresses_of_a_host():
    text = (
        "# ours\n10.0.0.1 mlflow.internal mlflow # first\n\n10.0.0.2\tMLFLOW.internal\n"
    )

    pins = {pin.host: pin.addresses for pin in hosts_file_pins(text, "hosts")}

    assert pins == {
        "mlflow.internal": ("10.0.0.1", "10.0.0.2"),
        "mlflow": ("10.0.0.1",),
    }


@pytest.mark.parametrize(
    "line", ["mlflow.internal 10.0.0.1", "10.0.0.1", "10.0.0.1 a_b!"]
)
def test_a_mistake_in_a_hosts_file_has_its_line(line):
    with pytest.raises(ValueError, match=r"^/etc/pins:2: "):
        hosts_file_pins(f"10.0.0.1 ok.internal\n{line}\n", "/etc/pins")


def test_the_hosts_file_of_a_machine_is_read_as_far_as_possible():
    text = "127.0.0.1 localhost\nfe80::1%lo0 localhost\nnonsense\n10.0.0.1 db\n"

    assert [p.host for p in hosts_file_pins(text, "/etc/hosts", strict=False)] == ["db"]


def test_a_pin_of_a_user_comes_before_the_environment_and_the_file():
    pins = [
        Pin("a", ("10.0.0.3",), origin=PinOrigin.FILE),
        Pin("a", ("10.0.0.2",), origin=PinOrigin.ENVIRONMENT),
        Pin("a", ("10.0.0.1",), NOW + HOUR),
    ]

    assert pins_in_force(pins, NOW)["a"].addresses == ("10.0.0.1",)
    assert pins_in_force(pins, NOW + HOUR)["a"].addresses == ("10.0.0.2",)


def test_a_host_is_canonical():
    assert pinned_host("MLflow.Internal.") == "mlflow.internal"


@pytest.mark.parametrize(
    ("duration", "reason", "problem"),
    [
        (HOUR, " ", "needs a reason"),
        (timedelta(), "x", "at least a second"),
        (timedelta(days=31), "x", "at most 30 days"),
        (timedelta(days=30), "x", ""),
    ],
)
def test_a_pin_has_a_reason_and_an_end(duration, reason, problem):
    found = refusal("a", duration, reason)

    assert problem in found if problem else found == ""
