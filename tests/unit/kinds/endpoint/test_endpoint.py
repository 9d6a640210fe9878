"""What is kept of an address, and what is told of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.core.dns.agreement import Disagreement, DisagreementReason
from controller.core.dns.health import NameReport
from controller.core.dns.pins import Pin, PinOrigin
from controller.core.resources.condition import Truth
from controller.core.resources.kind import HealthLevel
from controller.core.resources.plan import Effect, Hold
from controller.core.values.certificate import ServerCertificate
from controller.kinds.endpoint import KIND
from controller.kinds.endpoint.spec import EndpointSpec
from controller.kinds.endpoint.state import EndpointState, Reader

SPEC = EndpointSpec.model_validate(
    {
        "host": "mlflow.hokusai-local.local",
        "port": 5000,
        "fallback": {"env": "MLFLOW_FALLBACK_IP", "publish": {"ssm": "/mlflow/ip"}},
    }
)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
GOOD = EndpointState(
    ("127.0.0.2",),
    kept=("127.0.0.2",),
    published=("127.0.0.2",),
    answering=frozenset({"127.0.0.2", "127.0.0.3"}),
)


def paths(state: EndpointState) -> list[str]:
    return [change.path for change in KIND.compare(SPEC, state)]


def test_what_is_kept_and_published_is_in_sync():
    assert paths(GOOD) == []
    assert KIND.health(SPEC, GOOD).level is HealthLevel.HEALTHY


def test_a_moved_address_whose_predecessor_is_dead_is_kept_and_published_anew():
    moved = replace(GOOD, addresses=("127.0.0.3",), answering=frozenset({"127.0.0.3"}))

    assert paths(moved) == ["fallback.kept", "fallback.published"]


def test_an_address_that_still_answers_is_replaced_only_after_a_while():
    moved = replace(GOOD, addresses=("127.0.0.3",))

    assert paths(moved) == []
    assert paths(replace(moved, steady=timedelta(minutes=2))) == [
        "fallback.kept",
        "fallback.published",
    ]


def test_the_whole_set_is_kept_and_published():
    both = replace(
        GOOD, addresses=("127.0.0.3", "127.0.0.2"), steady=timedelta(minutes=2)
    )

    assert [change.after for change in KIND.compare(SPEC, both)] == [
        ["127.0.0.2", "127.0.0.3"],
        ["127.0.0.2", "127.0.0.3"],
    ]


def test_an_address_that_does_not_answer_is_neither_kept_nor_published():
    dead = replace(GOOD, addresses=("127.0.0.9",), steady=timedelta(hours=1))

    assert paths(dead) == []


def test_the_order_of_addresses_changes_nothing():
    swapped = replace(
        GOOD,
        addresses=("127.0.0.3", "127.0.0.2"),
        kept=("127.0.0.2", "127.0.0.3"),
        published=("127.0.0.3", "127.0.0.2"),
        steady=timedelta(hours=1),
    )

    assert paths(swapped) == []


def test_without_a_store_what_is_kept_is_not_compared():
    left_out = replace(GOOD, kept=None)

    assert paths(left_out) == []


def test_an_outage_overwrites_no_memory():
    stale = EndpointState(("127.0.0.9",), live=False, source="fallback")

    assert paths(stale) == []
    assert KIND.health(SPEC, stale).reason == "Stale"


def test_a_name_that_leads_nowhere_waits_for_whoever_registers_it():
    nowhere = EndpointState(live=False, problem="NXDOMAIN")

    held = KIND.hold_reason(SPEC, nowhere, ())

    assert held is not None
    assert held.hold is Hold.RESOLUTION_FAILED
    assert "NXDOMAIN" in held.message


@pytest.mark.parametrize("problem", ["it answered 500", "connection refused"])
def test_a_failed_probe_degrades_it(problem):
    health = KIND.health(SPEC, EndpointState(("127.0.0.2",), problem=problem))

    assert (health.level, health.reason) == (HealthLevel.DEGRADED, "ProbeFailed")
    assert problem in health.message


def resolution(**fields):
    return condition("NameResolution", **fields)


def condition(type_, spec=SPEC, **fields):
    """Return the condition of a type; None if the endpoint has none."""
    found = {one.type: one for one in KIND.conditions(spec, replace(GOOD, **fields))}
    return found.get(type_)


def test_a_name_that_resolves_has_a_true_condition():
    found = resolution()

    assert (found.type, found.status) == ("NameResolution", Truth.TRUE)
    assert found.reason == "Resolved"


def test_repeated_failures_are_a_condition_and_another_event():
    failing = NameReport(3, "no name server answered within 10 s")
    stale = {"live": False, "source": "stale", "names": failing}

    found = resolution(**stale)

    assert (found.status, found.reason) == (Truth.FALSE, "RepeatedFailures")
    assert found.message == (
        "3 DNS queries in a row failed: no name server answered within 10 s. In use: "
        "127.0.0.2 (stale)."
    )
    assert KIND.health(SPEC, replace(GOOD, **stale)).reason == "RepeatedFailures"


def test_one_failure_is_no_repeated_failure():
    once = {"live": False, "source": "stale", "names": NameReport(2, "silence")}

    assert resolution(**once).status is Truth.TRUE
    assert KIND.health(SPEC, replace(GOOD, **once)).reason == "Stale"


def test_a_resolver_that_stepped_back_is_a_condition():
    report = NameReport(stepped_back="controller uses the machine's resolver: x")

    assert resolution(names=report).reason == "SteppedBack"


PINNED = NameReport(pin=Pin(SPEC.host, ("10.0.0.9",)))


def test_a_pinned_name_names_the_command_that_lists_it():
    found = resolution(names=PINNED)

    assert found.reason == "Pinned"
    assert "hokusai dns show" in found.message
    assert KIND.health(SPEC, replace(GOOD, names=PINNED)).reason == "Pinned"


@pytest.mark.parametrize(
    ("pin", "told"),
    [
        (
            Pin(SPEC.host, ("::1",), NOON, "old\x1btask"),
            "is pinned to ::1 until 2026-01-01T12:00:00+00:00: old\\u001btask.",
        ),
        (
            Pin(SPEC.host, ("::1", "10.0.0.9"), origin=PinOrigin.FILE),
            "is pinned to ::1, 10.0.0.9 by the file HOKUSAI_DNS_PINS_FILE.",
        ),
        (
            Pin(SPEC.host, ("::1",), origin=PinOrigin.ENVIRONMENT),
            "is pinned to ::1 by HOKUSAI_DNS_PINS.",
        ),
    ],
    ids=["user", "file", "environment"],
)
def test_a_pin_is_a_condition_with_its_addresses_and_its_end(pin, told):
    message = resolution(names=NameReport(pin=pin)).message

    assert message.startswith(f"{SPEC.host} {told}")


def test_a_pin_does_not_hide_that_dns_fails():
    pinned = PINNED

    health = KIND.health(SPEC, replace(GOOD, live=False, source="stale", names=pinned))

    assert (health.reason, health.message) == (
        "Stale",
        "DNS fails; mlflow.hokusai-local.local:5000 uses its pinned address.",
    )


HTTPS = EndpointSpec.model_validate(
    {"host": "auth.hokus.ai", "port": 443, "protocol": "https"}
)


def certified(days, version="1.3", spec=HTTPS):
    certificate = ServerCertificate(NOON + timedelta(days=days), version)
    return condition("Certificate", spec, certificate=certificate, at=NOON)


@pytest.mark.parametrize(
    ("days", "declared", "reason"),
    [
        (15, None, "Valid"),
        (13, None, "ExpiresSoon"),
        (29, {"expires_after": "30d"}, "ExpiresSoon"),
        (31, {"expires_after": "30d"}, "Valid"),
    ],
)
def test_a_certificate_that_expires_soon_is_a_condition(days, declared, reason):
    fields = {"tls": declared} if declared else {}
    spec = EndpointSpec.model_validate(
        HTTPS.model_dump(include={"host", "port", "protocol"}) | fields
    )

    assert certified(days, spec=spec).reason == reason


def test_a_certificate_that_expires_soon_leaves_the_endpoint_healthy():
    soon = replace(GOOD, certificate=ServerCertificate(NOON, "1.3"), at=NOON)

    assert KIND.health(HTTPS, soon).level is HealthLevel.HEALTHY


def test_a_version_of_tls_older_than_declared_is_a_failed_probe():
    spec = EndpointSpec.model_validate(
        {
            "host": "a.hokus.ai",
            "port": 443,
            "protocol": "https",
            "tls": {"minimum_version": "1.3"},
        }
    )
    old = replace(GOOD, certificate=ServerCertificate(NOON, "1.2"), at=NOON)

    health = KIND.health(spec, old)

    assert health.reason == "ProbeFailed"
    assert "TLS 1.2, older than 1.3" in health.message
    assert KIND.health(HTTPS, old).level is HealthLevel.HEALTHY


def test_a_broken_contract_is_degraded_with_each_request():
    broken = replace(GOOD, broken=("GET /a answered 500", "GET /b answered 404"))

    health = KIND.health(SPEC, broken)

    assert (health.level, health.reason) == (HealthLevel.DEGRADED, "ContractBroken")
    assert "GET /a answered 500; GET /b answered 404" in health.message


@pytest.mark.parametrize("reason", DisagreementReason)
def test_each_disagreement_is_a_reason_of_the_condition(reason):
    found = condition(
        "AddressesAgree", disagreement=Disagreement(reason, ("10.0.0.1",), "a.b")
    )

    assert (found.status, found.reason) == (Truth.FALSE, reason.value)


def test_agreement_is_a_true_condition_and_a_failed_read_an_unknown_one():
    assert condition("AddressesAgree", is_compared=True).reason == "Agree"
    unread = condition("AddressesAgree", not_compared="ecs:ListTasks was refused")
    assert (unread.status, unread.message) == (
        Truth.UNKNOWN,
        "ecs:ListTasks was refused.",
    )
    assert condition("AddressesAgree") is None


def test_a_failed_probe_names_the_disagreement():
    stale = Disagreement(DisagreementReason.STALE_RECORD, ("127.0.0.2",))

    health = KIND.health(SPEC, replace(GOOD, problem="refused", disagreement=stale))

    assert "DNS returns 127.0.0.2, which Cloud Map does not list" in health.message


READER = Reader("service/api", "hokusai-api", "hokusai", ("10.0.0.9",), True)
RESTARTING = EndpointSpec.model_validate(
    {
        **SPEC.model_dump(exclude={"fallback"}, exclude_defaults=True),
        "fallback": {
            "env": "MLFLOW_FALLBACK_IP",
            "publish": {"ssm": "/mlflow/ip", "restart_readers": True},
        },
    }
)


def test_a_reader_of_a_dead_address_is_reported_and_not_restarted():
    found = condition("ReadersCurrent", readers=(READER,))

    assert (found.status, found.reason) == (Truth.FALSE, "DeadAddress")
    assert "service/api: 10.0.0.9" in found.message
    assert "hokusai restart service/api --reason TEXT" in found.message
    assert paths(replace(GOOD, readers=(READER,))) == []


def restarts(**fields):
    state = replace(GOOD, readers=(READER,))
    return [
        (change.path, change.effect)
        for change in KIND.compare(RESTARTING, replace(state, **fields))
    ]


def test_a_reader_of_a_dead_address_is_restarted_by_declaration():
    assert restarts() == [("readers.service/api", Effect.RESTART)]
    (change,) = KIND.compare(RESTARTING, replace(GOOD, readers=(READER,)))
    assert KIND.unedited(change)


@pytest.mark.parametrize(
    "fields",
    [
        {"readers": (replace(READER, can_restart=False),)},
        {"live": False},
        {"published": ("10.0.0.8",), "kept": ("127.0.0.2",), "addresses": ()},
    ],
    ids=["it may not be restarted", "DNS fails", "no published address answers"],
)
def test_a_restart_that_would_not_help_is_not_planned(fields):
    assert restarts(**fields) == []
