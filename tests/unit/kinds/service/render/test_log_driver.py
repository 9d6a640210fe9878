"""Log drivers: each has options of its own, and only awslogs needs a log group."""

from types import SimpleNamespace

import pytest

from controller.core.errors import NotFoundError
from controller.core.planning.preflight import CheckSkipped
from controller.core.resources.observation import Present
from controller.kinds.service.logs.aws.groups import LogGroups
from controller.kinds.service.logs.aws.lines import LogLines, last_events
from controller.kinds.service.preflight.checks.rollout import logged
from controller.kinds.service.render.complete import complete
from controller.kinds.service.render.task_definition import managed_log_group, render
from controller.kinds.service.spec.aws_schema import shapes
from controller.kinds.service.spec.service import ServiceSpec
from tests.builders.services import PLATFORM
from tests.builders.services import spec as api
from tests.fakes.stopped_clock import StoppedClock

NAME = "hokusai-api-development"
ROUTER = {
    "name": "log_router",
    "image": "fluent-bit:3",
    "firelensConfiguration": {"type": "fluentbit"},
}
DRIVERS = shapes()["task"]["fields"]["containerDefinitions"]["list"]["fields"][
    "logConfiguration"
]["fields"]["logDriver"]
OTHERS = [driver for driver in DRIVERS if driver != "awslogs"]


class NoCalls:
    """AWS that must not be called."""

    def call(self, service, operation, /, **_):
        message = f"{service}:{operation} was called"
        raise AssertionError(message)


def logging_to(driver: str, **configuration) -> ServiceSpec:
    own = {"name": NAME, "logConfiguration": {"logDriver": driver, **configuration}}
    task = {"containerDefinitions": [own, ROUTER], "requiresCompatibilities": ["EC2"]}
    return api(task=task)


def log_configuration(spec: ServiceSpec):
    return render(spec)["containerDefinitions"][0]["logConfiguration"]


@pytest.mark.parametrize("driver", OTHERS)
def test_another_log_driver_gets_no_option_of_awslogs(driver):
    secrets = [{"name": "token", "valueFrom": "arn:secret"}]
    options = {"Name": "datadog", "TLS": "on"}

    found = log_configuration(
        logging_to(driver, options=options, secretOptions=secrets)
    )

    assert found == {
        "logDriver": driver,
        "options": options,
        "secretOptions": secrets,
    }
    assert log_configuration(logging_to(driver)) == {"logDriver": driver}


@pytest.mark.parametrize("driver", [{}, {"logDriver": "awslogs"}])
def test_options_of_the_same_log_driver_are_merged(driver):
    mode = {"mode": "non-blocking"}
    own = {"name": NAME, "logConfiguration": {**driver, "options": mode}}
    spec = ServiceSpec.model_validate(
        {"image": "a:1", "task": {"containerDefinitions": [own]}}
    )

    found = log_configuration(complete("api", spec, PLATFORM))

    assert found["options"] == {
        "awslogs-group": f"/ecs/{NAME}",
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "ecs",
        "mode": "non-blocking",
    }


@pytest.mark.parametrize("driver", OTHERS)
def test_a_service_without_awslogs_needs_no_log_group(driver):
    spec = logging_to(driver)
    groups = LogGroups(NoCalls(), "hokusai/development", StoppedClock())
    facts = SimpleNamespace(live={NAME: Present(None)})

    groups.prepare(spec)

    assert managed_log_group(spec) is None
    assert groups.retentions([spec]) == {}
    (result,) = logged(SimpleNamespace(spec=spec, facts=facts, check="log_group"))
    assert isinstance(result, CheckSkipped)
    with pytest.raises(NotFoundError):
        last_events(NoCalls(), spec, "task", 20)


def test_the_logs_of_a_service_without_awslogs_are_named_as_elsewhere():
    spec = logging_to("splunk")

    with pytest.raises(NotFoundError, match="log driver splunk"):
        list(LogLines(NoCalls()).since(spec, None, ""))


def test_the_default_log_group_of_a_service_is_managed():
    assert managed_log_group(api()) == f"/ecs/{NAME}"
