"""Checks of a rollout: it can complete, and its logs can be written."""

from collections.abc import Iterator

from controller.core.planning.preflight import CheckSkipped, Result
from controller.core.resources.observation import Absent
from controller.kinds.service.preflight.commands import aws
from controller.kinds.service.preflight.service_case import ServiceCase, of, state
from controller.kinds.service.render.task_definition import managed_log_group
from controller.kinds.service.spec.checks import no_room


def ends(case: ServiceCase) -> Iterator[Result]:
    """Yield each setting with which a rollout may never complete."""
    spec = case.spec
    live = state(of(case.facts.live, spec.name))
    count = spec.desired_count
    if count is None:
        count = live.desired if live else 1
    if what := no_room(spec, count):
        yield case.warns("deployment", f"The deployment {what}.")
    if not spec.deployment.circuit_breaker:
        message = (
            "The circuit breaker is off: ECS would start failing tasks again "
            "indefinitely."
        )
        yield case.warns("deployment.circuit_breaker", message)


def logged(case: ServiceCase) -> Iterator[Result]:
    """Yield a finding if the log group of a running service is missing."""
    spec = case.spec
    if managed_log_group(spec) is None:
        yield CheckSkipped(case.check, "no container writes to this log group")
        return
    if state(of(case.facts.live, spec.name)) is None:
        yield CheckSkipped(case.check, "it is created together with the service")
        return
    seen = of(case.facts.log_groups, spec.log_group)
    yield from case.unreadable(seen)
    if isinstance(seen, Absent):
        message = f"Log group {spec.log_group} is missing: new tasks cannot start."
        words = ("logs", "create-log-group", "--log-group-name", spec.log_group)
        yield case.warns("log_group", message, aws(spec.region, *words))
