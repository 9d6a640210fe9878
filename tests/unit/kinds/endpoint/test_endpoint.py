"""What is kept of an address, and what is told of it."""

from dataclasses import replace

import pytest

from controller.core.dns.health import NameReport
from controller.core.resources.condition import Truth
from controller.core.resources.kind import HealthLevel
from controller.core.resources.plan import Hold
from controller.kinds.endpoint import KIND
from controller.kinds.endpoint.spec import EndpointSpec
from controller.kinds.endpoint.state import EndpointState

SPEC = EndpointSpec.model_validate(
    {
        "host": "mlflow.hokusai-local.local",
        "port": 5000,
        "fallback": {"env": "MLFLOW_FALLBACK_IP", "publish": {"ssm": "/mlflow/ip"}},
    }
)
GOOD = EndpointState(("127.0.0.2",), kept=("127.0.0.2",), published="127.0.0.2")


def paths(state: EndpointState) -> list[str]:
    return [change.path for change in KIND.compare(SPEC, state)]


def test_what_is_kept_and_published_is_in_sync():
    assert paths(GOOD) == []
    assert KIND.health(SPEC, GOOD).level is HealthLevel.HEALTHY


def test_a_moved_address_is_kept_and_published_anew():
    moved = EndpointState(("127.0.0.3",), kept=("127.0.0.2",), published="127.0.0.2")

    assert paths(moved) == ["fallback.kept", "fallback.published"]


def test_the_order_of_addresses_changes_nothing():
    swapped = EndpointState(
        ("127.0.0.3", "127.0.0.2"),
        kept=("127.0.0.2", "127.0.0.3"),
        published="127.0.0.2",
    )

    assert paths(swapped) == []


def test_without_a_store_what_is_kept_is_not_compared():
    left_out = EndpointState(("127.0.0.3",), kept=None, published="127.0.0.3")

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
    (condition,) = KIND.conditions(SPEC, replace(GOOD, **fields))
    return condition


def test_a_name_that_resolves_has_a_true_condition():
    condition = resolution()

    assert (condition.type, condition.status) == ("NameResolution", Truth.TRUE)
    assert condition.reason == "Resolved"


def test_repeated_failures_are_a_condition_and_another_event():
    failing = NameReport(3, "no name server answered within 10 s")
    stale = {"live": False, "source": "stale", "names": failing}

    condition = resolution(**stale)

    assert (condition.status, condition.reason) == (Truth.FALSE, "RepeatedFailures")
    assert condition.message == (
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


def test_a_pinned_name_names_the_command_that_lists_it():
    condition = resolution(names=NameReport(pinned=("10.0.0.9",)))

    assert condition.reason == "Pinned"
    assert "hokusai dns show" in condition.message
    assert (
        KIND.health(SPEC, replace(GOOD, names=NameReport(pinned=("10.0.0.9",)))).reason
        == "Pinned"
    )


def test_a_pin_does_not_hide_that_dns_fails():
    pinned = NameReport(pinned=("10.0.0.9",))

    health = KIND.health(SPEC, replace(GOOD, live=False, source="stale", names=pinned))

    assert (health.reason, health.message) == (
        "Stale",
        "DNS fails; mlflow.hokusai-local.local:5000 uses its pinned address.",
    )
