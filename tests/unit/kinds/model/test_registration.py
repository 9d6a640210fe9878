"""Who is registered beside who runs, as two looks agree on it."""

from dataclasses import replace

from controller.core.resources.kind import HealthLevel
from controller.kinds.service.compare.diff import compare
from controller.kinds.service.compare.health import health
from controller.kinds.service.discovery.registration import (
    RegisteredInstances,
    registration_of,
)
from controller.kinds.service.state.service import DiscoveryRegistration
from tests.builders.services import spec, state

FINE = RegisteredInstances({"t1": "10.0.0.1"}, frozenset({"10.0.0.1"}))
STALE = RegisteredInstances(
    {"t0": "10.0.0.9", "t1": "10.0.0.1"}, frozenset({"10.0.0.1"})
)
MISSING = replace(FINE, instances={})


def test_what_one_look_saw_is_nothing_yet():
    assert registration_of(None, STALE) == DiscoveryRegistration()
    assert registration_of(FINE, STALE) == DiscoveryRegistration()
    assert registration_of(STALE, FINE) == DiscoveryRegistration()


def test_what_two_looks_saw_is_so():
    assert registration_of(STALE, STALE).stale == (("t0", "10.0.0.9"),)
    assert registration_of(MISSING, MISSING).missing == ("10.0.0.1",)


def test_an_address_that_another_task_got_is_not_stale():
    reused = RegisteredInstances({"t0": "10.0.0.1"}, frozenset({"10.0.0.1"}))

    assert reused.is_consistent


def test_stale_instances_are_taken_out_in_place():
    seen = state(spec(), registration=DiscoveryRegistration((("t0", "10.0.0.9"),)))

    (change,) = compare(spec(), seen)

    assert (change.path, change.before) == ("discovery.instances", "10.0.0.9")


def test_a_task_that_nobody_finds_degrades_the_service():
    told = health(
        spec(), state(spec(), registration=DiscoveryRegistration(missing=("10.0.0.1",)))
    )

    assert (told.level, told.reason) == (HealthLevel.DEGRADED, "NotRegistered")
    assert "10.0.0.1" in told.message


def test_what_could_not_be_looked_at_is_said_and_changes_nothing():
    seen = state(spec(), registration=DiscoveryRegistration(unseen="AccessDenied"))

    assert compare(spec(), seen) == ()
    assert "could not be read: AccessDenied" in health(spec(), seen).message
