"""Readiness of services after a completed rollout."""

import pytest

from controller.core.errors import TransientError
from controller.kinds.service.aws.tasks import ClusterTasks
from controller.kinds.service.rollout.aws.readiness import Readiness
from controller.kinds.service.state.service import Deployment
from tests.builders.services import spec, state
from tests.fakes.stopped_clock import StoppedClock

GROUP = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/hokusai-api/abc"
BALANCED = {"loadBalancers": [{"targetGroupArn": GROUP}]}
NAME = spec().name


class Aws:
    """A cluster with one task of one service, and its target group."""

    def __init__(self, health="HEALTHY", targets=(("10.0.0.1", "healthy"),)):
        self.health, self.targets, self.down = health, targets, ""
        self.asked = []

    def call(self, _service, operation, /, **_asked):
        self.asked.append(operation)
        if operation == self.down:
            msg = f"{operation} failed"
            raise TransientError(msg)
        match operation:
            case "ListTasks":
                return {"taskArns": ["arn:task/one"]}
            case "DescribeTasks":
                return {"tasks": [self._task()]}
            case _:
                return {"TargetHealthDescriptions": [*map(self._target, self.targets)]}

    def _task(self):
        interface = {"privateIpv4Address": "10.0.0.1"}
        return {
            "taskArn": "arn:task/one",
            "lastStatus": "RUNNING",
            "healthStatus": self.health,
            "group": f"service:{NAME}",
            "containers": [{"networkInterfaces": [interface]}],
        }

    def _target(self, target):
        address, told = target
        words = {"Reason": "Target.Timeout", "Description": "Request timed out"}
        health = {"State": told} | (words if told == "unhealthy" else {})
        return {"Target": {"Id": address, "Port": 8001}, "TargetHealth": health}


class Resolver:
    def resolve(self, host):
        return type("Answer", (), {"addresses": ("127.0.0.1",)})


class Probe:
    def __init__(self, problem):
        self.problem = problem

    def request(self, url, address, **_more):
        return self.problem


def readiness(aws, problem="", clock=None):
    clock = clock or StoppedClock()
    return Readiness(aws, ClusterTasks(aws), clock, Resolver(), Probe(problem))


def seen(rollout="COMPLETED", settings=None, id_="ecs-svc/1"):
    deployment = Deployment(id_, "PRIMARY", rollout, "", "arn:x:1", 1, 1)
    return state(spec(), deployments=(deployment,), settings=settings or {})


def unready(aws, of=None, there=None, problem=""):
    looked = readiness(aws, problem).of("c", {NAME: (of or spec(), there or seen())})
    return looked[NAME]


def test_a_task_that_is_healthy_and_a_target_that_is_served_are_ready():
    assert unready(Aws(), there=seen(settings=BALANCED)) == ()


def test_a_task_that_fails_its_own_check_does_not_serve():
    told = unready(Aws(health="UNHEALTHY"))

    assert told == ("task one has the health status UNHEALTHY",)


def test_a_task_without_a_check_needs_none():
    assert unready(Aws(health="UNKNOWN"), of=spec(health=None)) == ()


@pytest.mark.parametrize(
    ("targets", "told"),
    [
        pytest.param(
            (("10.0.0.1", "unhealthy"),),
            "target 10.0.0.1 of hokusai-api is unhealthy: Request timed out",
            id="unhealthy",
        ),
        pytest.param(
            (("10.0.0.1", "initial"),),
            "target 10.0.0.1 of hokusai-api is initial",
            id="not yet",
        ),
        pytest.param(
            (("10.0.0.9", "healthy"),),
            "10.0.0.1 is not registered in hokusai-api",
            id="missing, whoever else is there",
        ),
    ],
)
def test_a_target_that_gets_no_requests_does_not_serve(targets, told):
    assert unready(Aws(targets=targets), there=seen(settings=BALANCED)) == (told,)


def test_a_target_of_a_task_that_is_gone_does_not_count():
    targets = (("10.0.0.1", "healthy"), ("10.0.0.8", "draining"))

    assert unready(Aws(targets=targets), there=seen(settings=BALANCED)) == ()


def test_a_declared_address_must_answer():
    url = "http://api.hokusai-development.local:8001/ready"
    of = spec(health={"path": "/health", "url": url})

    assert unready(Aws(), of=of, problem="GET /ready answered 503") == (
        f"{url} does not respond: GET /ready answered 503",
    )
    assert unready(Aws(), of=of) == ()


@pytest.mark.parametrize("down", ["ListTasks", "DescribeTasks", "DescribeTargetHealth"])
def test_what_could_not_be_seen_is_not_called_ready(down):
    aws = Aws()
    aws.down = down

    (told,) = unready(aws, there=seen(settings=BALANCED))

    assert "could not be read" in told


def test_nothing_is_asked_again_until_a_minute_is_over_or_something_moves():
    aws, clock = Aws(), StoppedClock()
    looking = readiness(aws, clock=clock)

    def asks(there):
        aws.asked.clear()
        looking.of("c", {NAME: (spec(), there)})
        return bool(aws.asked)

    first, again = asks(seen()), asks(seen())
    moving, done = (
        asks(seen("IN_PROGRESS", id_="ecs-svc/2")),
        asks(seen(id_="ecs-svc/2")),
    )
    settled = asks(seen(id_="ecs-svc/2"))
    clock.forward(60)

    assert (first, again, moving, done, settled) == (True, False, True, True, False)
    assert asks(seen(id_="ecs-svc/2"))


def test_what_did_not_serve_is_asked_about_each_time():
    aws = Aws(health="UNHEALTHY")
    looking, of = readiness(aws), {NAME: (spec(), seen())}
    looking.of("c", of)

    aws.health = "HEALTHY"

    assert looking.of("c", of) == {NAME: ()}


def test_a_task_without_a_result_is_starting():
    assert unready(Aws(health="UNKNOWN")) == (
        "task one is starting: its health check has no result yet",
    )


def test_a_rollout_in_progress_has_the_last_result_of_its_targets():
    aws = Aws(targets=(("10.0.0.1", "unhealthy"),))

    told = unready(aws, there=seen("IN_PROGRESS", settings=BALANCED, id_=""))

    assert told == ("target 10.0.0.1 of hokusai-api is unhealthy: Request timed out",)


def test_tasks_of_earlier_deployments_are_counted_during_a_rollout():
    assert unready(Aws(), there=seen("IN_PROGRESS")) == (
        "1 earlier task must be drained and stopped",
    )


def test_an_event_of_ecs_makes_the_tasks_due():
    aws, clock = Aws(), StoppedClock()
    looking = readiness(aws, clock=clock)
    event = {"id": "1", "message": "(service api) has started 1 tasks: (task two)."}
    looking.of("c", {NAME: (spec(), seen())})
    aws.health = "UNKNOWN"

    found = looking.of("c", {NAME: (spec(), seen(settings={"events": [event]}))})

    assert "starting" in found[NAME][0]
