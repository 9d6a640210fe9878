"""What it means that a part is well."""

import pytest

from controller.api.health.checks import ComponentStatus
from controller.api.health.health_checks import dns_look, mlflow_look, store_look
from controller.bootstrap.controller import NoFallbacks
from controller.core.dns.answers import Failure, FailureKind, Found
from controller.core.dns.pins import Pin
from controller.core.dns.rollout import Consumer, ResolverMode
from controller.core.errors import RefusedError, TransientError
from controller.resolver import PinBoard, Resolver
from controller.resolver.consumer import ConsumerResolver
from tests.fakes.stopped_clock import StoppedClock

HOST = "mlflow.local"


class Away:
    """An MLflow that does not answer."""

    def ping(self):
        message = "away"
        raise TransientError(message)


TIMEOUT = Failure(FailureKind.TIMEOUT, "silence")
FOUND = Found(("10.0.0.1",), 60)


def look_at(
    *answers,
    mode=ResolverMode.ON,
    machine=lambda _host: (),
    spawn=lambda work: work(),
    **options,
):
    script, clock = list(answers), StoppedClock()
    resolver = Resolver(
        NoFallbacks(),
        clock,
        query=lambda _: script.pop(0) if len(script) > 1 else script[0],
        spawn=spawn,
        **options,
    )
    names = ConsumerResolver(
        Consumer.API,
        resolver,
        mode,
        clock,
        machine=machine,
        spawn=lambda work: work(),
    )
    return dns_look(names, lambda: [HOST]), clock


def test_a_name_from_dns_is_healthy_and_tells_its_age():
    look, clock = look_at(FOUND)
    look()
    clock.forward(5)

    component = look()

    details = component.details["names"][HOST]
    assert component.status is ComponentStatus.HEALTHY
    assert 43 <= details.pop("next_refresh_seconds") <= 49
    assert details == {
        "status": "healthy",
        "source": "dns",
        "addresses": ["10.0.0.1"],
        "age_seconds": 5,
        "ttl_seconds": 60,
        "failures": 0,
        "problem": "",
        "success_rate": 1.0,
    }


def test_a_name_from_memory_is_degraded():
    look, clock = look_at(FOUND, TIMEOUT)
    look()
    clock.forward(70)

    component = look()

    assert component.status is ComponentStatus.DEGRADED
    assert component.message == f"DNS fails for {HOST}"


@pytest.mark.parametrize("answer", [FOUND, TIMEOUT])
def test_a_name_whose_first_query_has_not_ended_is_starting(answer):
    queries = []
    look, _ = look_at(answer, spawn=queries.append, last_resort={HOST: ["10.0.0.9"]})

    first = look()
    queries.pop()()
    second = look()

    assert first.status is ComponentStatus.STARTING
    assert first.message == f"DNS has not answered yet for {HOST}"
    assert first.details["names"][HOST]["addresses"] == ["10.0.0.9"]
    assert second.status is not ComponentStatus.STARTING


def test_a_pin_is_no_start():
    pin = Pin(HOST, ("10.0.0.9",))
    pins = PinBoard(StoppedClock(), fixed=[pin])
    look, _ = look_at(FOUND, spawn=lambda _work: None, pins=pins)

    assert look().status is ComponentStatus.DEGRADED


def test_a_name_that_recovered_is_degraded_until_the_window_has_passed():
    look, clock = look_at(FOUND, *[TIMEOUT] * 10, FOUND)
    look()
    for _ in range(12):
        clock.forward(60)
        look()

    recovering = look()
    for _ in range(8):
        clock.forward(60)
        look()

    assert recovering.status is ComponentStatus.DEGRADED
    assert recovering.message == f"DNS failed for {HOST} in the last minutes"
    assert look().status is ComponentStatus.HEALTHY


def test_a_name_without_an_address_is_unhealthy_until_it_has_one():
    look, clock = look_at(Failure(FailureKind.NXDOMAIN, "it does not exist"), FOUND)

    component = look()
    clock.forward(60)

    assert component.status is ComponentStatus.UNHEALTHY
    assert component.message == f"{HOST} does not resolve: it does not exist"
    assert look().status is not ComponentStatus.UNHEALTHY


def test_a_pinned_name_is_degraded():
    pin = Pin(HOST, ("10.0.0.9",))
    look, _ = look_at(TIMEOUT, pins=PinBoard(StoppedClock(), fixed=[pin]))

    component = look()

    assert component.status is ComponentStatus.DEGRADED
    assert component.message == f"{HOST} is pinned to 10.0.0.9"


def test_a_resolver_that_fails_where_the_machine_does_not_is_degraded_and_not_used():
    look, _ = look_at(TIMEOUT, machine=lambda _host: ("10.0.0.1",))
    for _ in range(5):
        look()

    component = look()

    assert component.status is ComponentStatus.DEGRADED
    assert component.details["mode"] == {"declared": "on", "effective": "observe"}
    assert "api uses the machine's resolver" in component.message


def test_an_mlflow_that_does_not_answer_is_left_to_the_checks():
    with pytest.raises(TransientError):
        mlflow_look(Away())()


def test_a_store_we_cannot_work_with_is_left_to_the_checks():
    def check():
        message = "the store's schema is older"
        raise RefusedError(message)

    with pytest.raises(RefusedError):
        store_look(check)()
