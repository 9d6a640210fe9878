"""An error in the step of one task, service or target does not stop the others."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from controller.emulation.clocks import SteppedClock
from controller.emulation.ecs.effects import TargetRegistration
from controller.emulation.targets import TargetBoard
from tests.builders.simulated_ecs import BALANCER, HEALTH_CHECK, REGISTRY, Ecs

BAD = "bad:1"
EFFECTS = (
    "open_log",
    "write_log",
    "secret",
    "register_instance",
    "set_instance_health",
    "deregister_instance",
    "register_target",
    "deregister_target",
    "target_health",
    "deregistration_delay",
    "publish",
)
RUNTIME = (
    "start",
    "poll",
    "lines",
    "begin_check",
    "check_result",
    "stop",
    "forget",
)
LOGS = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": "/ecs/x", "awslogs-stream-prefix": "e"},
}
SECRET = [{"name": "KEY", "valueFrom": "arn:secret"}]


class Failing:
    """An object of which one method fails for the tasks of one service."""

    def __init__(self, inner, method, applies):
        self._inner, self._method, self._applies = inner, method, applies

    def __getattr__(self, name):
        found = getattr(self._inner, name)
        if name != self._method:
            return found

        def call(*arguments, **named):
            if self._applies(arguments):
                raise KeyError(self._method)
            return found(*arguments, **named)

        return call


def of_the_bad_service(ecs):
    """Return a predicate of arguments that belong to a task of service ``bad``."""

    def applies(arguments):
        tasks = ecs.simulator.world.clusters["c"].tasks.values()
        bad = [task for task in tasks if task.service == "bad"]
        marks = {task.id for task in bad} | {task.address for task in bad} - {None}
        marks |= {task.arn for task in bad} | {"arn:secret", "/ecs/x", "bad"}
        text = repr(arguments)
        return any(mark in text for mark in marks)

    return applies


def two_services(side, method):
    ecs = Ecs()
    ecs.register(
        BAD,
        family="bad",
        healthCheck=HEALTH_CHECK,
        logConfiguration=LOGS,
        secrets=SECRET,
    )
    ecs.register("web:1", family="web")
    ecs.create(
        "bad",
        taskDefinition="bad",
        loadBalancers=[{**BALANCER, "targetGroupArn": "arn:bad"}],
        serviceRegistries=[{"registryArn": REGISTRY}],
    )
    context = ecs.simulator._context
    if side == "effects":
        wrapped = Failing(ecs.effects, method, of_the_bad_service(ecs))
    else:
        wrapped = Failing(context.runtime, method, of_the_bad_service(ecs))
    object.__setattr__(context, side, wrapped)
    return ecs


@pytest.mark.parametrize(
    ("side", "method"),
    [("effects", name) for name in EFFECTS] + [("runtime", name) for name in RUNTIME],
)
def test_a_service_starts_although_the_task_of_another_fails(side, method):
    ecs = two_services(side, method)
    ecs.advance(12)
    ecs.create("web", taskDefinition="web")
    ecs.advance(20)

    ecs.call("DeleteService", {"cluster": "c", "service": "bad", "force": True})
    ecs.advance(60)

    assert ecs.service("web")["runningCount"] == 1
    assert ecs.tasks(serviceName="bad") == []
    stopped = [t for t in ecs.tasks("STOPPED") if t["group"] == "service:bad"]
    assert stopped
    assert {t["lastStatus"] for t in stopped} == {"STOPPED"}


def test_the_error_of_a_task_is_its_stop_reason():
    ecs = two_services("runtime", "start")

    ecs.advance(3)
    failures = ecs.simulator.step()

    task = next(t for t in ecs.tasks("STOPPED") if t["group"] == "service:bad")
    assert task["stopCode"] == "TaskFailedToStart"
    assert "KeyError: 'start'" in task["stoppedReason"]
    assert all(
        "bad" in failure.subject or "task" in failure.subject for failure in failures
    )


def group_of(**more):
    """Return a target group of moto, as far as the board reads it."""
    return SimpleNamespace(
        **{
            "target_type": "ip",
            "targets": {},
            "attributes": {},
            "matcher": {"HttpCode": "200"},
            "health_check_protocol": "HTTP",
            "health_check_path": "/",
            "health_check_interval_seconds": 5,
            "health_check_timeout_seconds": 2,
            "healthy_threshold_count": 2,
            "unhealthy_threshold_count": 2,
            "port": 80,
            **more,
        }
    )


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"health_check_interval_seconds": None}, id="no interval"),
        pytest.param(
            {"targets": {"127.0.0.3": {"Id": "127.0.0.3", "Port": "x"}}}, id="no port"
        ),
    ],
)
def test_a_target_is_probed_although_another_cannot_be(bad):
    groups = {
        "bad": group_of(
            **{"targets": {"127.0.0.3": {"Id": "127.0.0.3", "Port": 1}}, **bad}
        ),
        "good": group_of(targets={"127.0.0.2": {"Id": "127.0.0.2", "Port": 80}}),
    }
    board = TargetBoard(SteppedClock(), lambda: groups, lambda _target, _check: True)

    failures = board.step()

    good = TargetRegistration("good", "127.0.0.2", 80)
    assert board.health(good).state == "healthy"
    assert [failure.subject for failure in failures] == ["bad"]


def test_a_target_without_a_port_has_that_of_its_group():
    target = {"127.0.0.2": {"Id": "127.0.0.2"}}
    groups = {"good": group_of(targets=target)}
    board = TargetBoard(SteppedClock(), lambda: groups, lambda _target, _check: True)

    board.step()

    assert board.health(TargetRegistration("good", "127.0.0.2", 80)).state == "healthy"


def test_a_probe_that_fails_unexpectedly_is_a_failed_check():
    target = {"127.0.0.2": {"Id": "127.0.0.2", "Port": 80}}
    clock = SteppedClock()
    groups = {"good": group_of(targets=target)}

    def probe(_target, _check):
        msg = "the matcher is no number"
        raise ValueError(msg)

    board = TargetBoard(clock, lambda: groups, probe)
    for _ in range(4):
        board.step()
        clock.advance(timedelta(seconds=6))

    health = board.health(TargetRegistration("good", "127.0.0.2", 80))
    assert health.state == "unhealthy"
