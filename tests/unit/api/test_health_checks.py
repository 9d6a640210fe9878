"""What it means that a part is well."""

import pytest

from controller.api.health.checks import ComponentStatus
from controller.api.health.health_checks import dns_look, mlflow_look, store_look
from controller.core.errors import RefusedError, TransientError
from controller.resolver import Resolver
from controller.resolver.resolution import Found, Missing, NoAnswer
from tests.fakes.stopped_clock import StoppedClock

HOST = "mlflow.local"


class Nothing:
    """Remembers no addresses."""

    def last_good(self, _host):
        return ()

    def keep(self, _host, _addresses):
        pass


class Away:
    """An MLflow that does not answer."""

    def ping(self):
        message = "away"
        raise TransientError(message)


def look_at(*answers):
    script, clock = list(answers), StoppedClock()
    resolver = Resolver(Nothing(), clock, query=lambda _: script.pop(0))
    return dns_look(resolver, lambda: [HOST]), clock


def test_a_name_from_dns_is_healthy_and_tells_its_age():
    look, clock = look_at(Found(("10.0.0.1",), 60))
    look()
    clock.forward(5)

    component = look()

    assert component.status is ComponentStatus.HEALTHY
    assert component.details["names"][HOST] == {
        "source": "dns",
        "addresses": ["10.0.0.1"],
        "age_seconds": 5,
        "ttl_seconds": 60,
        "failures": 0,
        "problem": "",
    }


def test_a_name_from_memory_is_degraded():
    look, clock = look_at(Found(("10.0.0.1",), 60), NoAnswer("silence"))
    look()
    clock.forward(70)

    component = look()

    assert component.status is ComponentStatus.DEGRADED
    assert component.message == f"DNS fails for {HOST}"


def test_a_name_without_an_address_is_unhealthy():
    look, _ = look_at(Missing("it does not exist"))

    component = look()

    assert component.status is ComponentStatus.UNHEALTHY
    assert component.message == f"without an address: {HOST}"


def test_an_mlflow_that_does_not_answer_is_left_to_the_checks():
    with pytest.raises(TransientError):
        mlflow_look(Away())()


def test_a_store_we_cannot_work_with_is_left_to_the_checks():
    def check():
        message = "the store's schema is older"
        raise RefusedError(message)

    with pytest.raises(RefusedError):
        store_look(check)()
