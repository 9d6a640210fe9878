"""A changed health check of the target group never takes down the running version."""

from datetime import timedelta

import pytest

from controller.core.resources.condition import ConditionType, Truth
from controller.core.resources.driver import Progressing, Waiting
from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from tests.builders.emulated_routes import Routed

ROUTE = {"host": "api.hokus.ai", "path": "/*", "listeners": [80]}
# A command of its own, so that the path is a setting of the target group only.
OWN_CHECK = ["CMD", "true"]
PASSES = 60
# Seconds between two looks; a target changes its state at a check, every five or more.
STEP = 2
# Passes after which nothing more is expected to happen.
SETTLED = 3


class Watched(Routed):
    """Services whose images answer some paths; notes when none is healthy.

    Attributes:
        answers: Paths that the tasks of each image answer.
        outages: Times at which no target was healthy, after the first healthy one.
        outcomes: Outcomes of all actions.
    """

    answers: dict[str, set[str]]

    def __init__(self, server, runtime):
        self.outages = []
        self.outcomes = []
        self.began = False
        super().__init__(server, runtime)

    def image_at(self, address):
        return next(
            launch.containers[0].image
            for launch in reversed(self.runtime.launches)
            if launch.address == address
        )

    def group(self):
        groups = self.aws.call("elbv2", "DescribeTargetGroups")["TargetGroups"]
        named = (g for g in groups if g["TargetGroupName"] == "hokusai-api-local")
        return next(named, None)

    def watch(self):
        with self.server.lock:
            backend = self.server.place.backend("elbv2")
            arns = [
                arn
                for arn, group in backend.target_groups.items()
                if group.name == "hokusai-api-local"
            ]
            states = [
                health.state
                for arn in arns
                for health in self.server.targets.of_group(arn).values()
            ]
        self.began = self.began or "healthy" in states
        if self.began and "healthy" not in states:
            self.outages.append((self.clock.now(), states))

    def run(self, *resources, passes=PASSES, seconds=10, restarted=False, until=None):
        """Do passes until three in a row say that all is done, or ``until`` is true."""
        ended = until or (lambda result: result.converged)
        done = 0
        for _ in range(passes):
            if restarted:
                self.restart()
            result = self.machine.run(*resources)
            self.outcomes += result.outcomes.values()
            done = done + 1 if ended(result) else 0
            if done == SETTLED:
                break
            self.watch()
            for _ in range(seconds // STEP):
                self.server.advance(timedelta(seconds=STEP))
                self.clock.advance(timedelta(seconds=STEP))
                self.watch()
        return result

    def images(self):
        """Return the images of the tasks that run."""
        arns = self.aws.call("ecs", "ListTasks", cluster=self.service()["clusterArn"])[
            "taskArns"
        ]
        if not arns:
            return set()
        tasks = self.aws.call(
            "ecs", "DescribeTasks", cluster=self.service()["clusterArn"], tasks=arns
        )["tasks"]
        return {task["containers"][0]["image"] for task in tasks}


@pytest.fixture
def world():
    answers = {"api:1": {"/health"}}
    runtime = ScriptedRuntime()
    found = []

    def probe(target, check):
        return check.path in answers[found[0].image_at(target.address)]

    clock = SteppedClock()
    with EmulatorServer(runtime=runtime, clock=clock, probe=probe) as server:
        found.append(Watched(server, runtime))
        found[0].answers = answers
        found[0].balancer()
        yield found[0]


def before(world, **health):
    first = world.api("api:1", routes=[ROUTE], health={"path": "/health", **health})
    assert world.run(first, passes=20).converged
    return first


def rejected(resource):
    def ended(result):
        synced = truth(result, resource, ConditionType.SYNCED)
        healthy = truth(result, resource, ConditionType.HEALTHY)
        return synced.reason == "RevisionRejected" and healthy.status is Truth.TRUE

    return ended


def truth(result, resource, type_):
    return result.statuses[resource.id][type_]


@pytest.mark.parametrize("restarted", [False, True], ids=["one", "killed"])
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    "paths",
    [
        pytest.param({"/health", "/ready"}, id="both paths"),
        pytest.param({"/ready"}, id="the new path only"),
    ],
)
def test_a_version_that_answers_the_new_path_replaces_the_old_one(
    world, paths, count, restarted
):
    world.answers["api:2"] = paths
    first = world.api(
        "api:1", routes=[ROUTE], desired_count=count, health={"path": "/health"}
    )
    assert world.run(first, passes=20).converged

    second = world.api(
        "api:2", routes=[ROUTE], desired_count=count, health={"path": "/ready"}
    )
    result = world.run(second, restarted=restarted)

    assert world.outages == []
    assert result.converged
    assert world.images() == {"api:2"}
    assert world.group()["HealthCheckPath"] == "/ready"
    assert world.group()["UnhealthyThresholdCount"] == 3
    assert world.service()["healthCheckGracePeriodSeconds"] == 120
    assert world.groups() == ["hokusai-api-local"]
    assert world.rules() == [(80, "api.hokus.ai", "/*")]


@pytest.mark.parametrize("restarted", [False, True], ids=["one", "killed"])
@pytest.mark.parametrize("paths", [set(), {"/other"}], ids=["none", "another"])
def test_a_version_that_answers_neither_path_is_rejected(world, paths, restarted):
    world.answers["api:2"] = paths
    before(world)

    second = world.api("api:2", routes=[ROUTE], health={"path": "/ready"})
    until = rejected(second)
    result = world.run(second, passes=260, restarted=restarted, until=until)

    assert world.outages == []
    assert world.images() == {"api:1"}
    assert world.group()["HealthCheckPath"] == "/health"
    assert truth(result, second, ConditionType.SYNCED).reason == "RevisionRejected"
    assert truth(result, second, ConditionType.HEALTHY).status is Truth.TRUE
    assert world.groups() == ["hokusai-api-local"]


def test_a_version_rejected_after_the_switch_gets_the_old_check_back(world):
    world.answers["api:2"] = {"/ready"}
    before(world)
    second = world.api("api:2", routes=[ROUTE], health={"path": "/ready"})
    for _ in range(PASSES):
        world.run(second, passes=1, seconds=2)
        if world.group()["HealthCheckPath"] == "/ready":
            break
    assert world.images() == {"api:1", "api:2"}

    world.answers["api:2"] = set()
    result = world.run(second, passes=260, until=rejected(second))
    world.run(second, passes=30, until=lambda _result: False)

    assert world.images() == {"api:1"}
    assert world.group()["HealthCheckPath"] == "/health"
    assert world.healthy() == ["healthy"]
    assert truth(result, second, ConditionType.SYNCED).reason == "RevisionRejected"
    assert world.groups() == ["hokusai-api-local"]


@pytest.mark.parametrize("restarted", [False, True], ids=["one", "killed"])
@pytest.mark.parametrize(
    "changed",
    [{"path": "/ready"}, {"matcher": "200-299"}, {"interval": 10}, {"timeout": 4}],
    ids=str,
)
def test_settings_that_the_tasks_answer_are_changed_without_a_restart(
    world, changed, restarted
):
    world.answers["api:1"] = {"/health", "/ready"}
    before(world, command=OWN_CHECK)
    deployed = world.service()["deployments"][0]["id"]

    health = {"path": "/health", "command": OWN_CHECK, **changed}
    after = world.api("api:1", routes=[ROUTE], health=health)
    result = world.run(after, restarted=restarted)

    assert world.outages == []
    assert result.converged
    assert world.groups() == ["hokusai-api-local"]
    if set(changed) <= {"path", "matcher"}:
        assert world.service()["deployments"][0]["id"] == deployed
    group = world.group()
    assert group["HealthCheckPath"] == changed.get("path", "/health")
    assert group["Matcher"]["HttpCode"] == changed.get("matcher", "200")
    assert group["HealthCheckIntervalSeconds"] == changed.get("interval", 30)


def test_a_path_that_the_running_tasks_do_not_answer_is_not_set(world):
    before(world, command=OWN_CHECK)

    health = {"path": "/ready", "command": OWN_CHECK}
    after = world.api("api:1", routes=[ROUTE], health=health)
    result = world.run(after, passes=20)

    assert world.outages == []
    assert world.group()["HealthCheckPath"] == "/health"
    stalled = truth(result, after, ConditionType.STALLED)
    assert stalled.status is Truth.TRUE
    assert "/ready" in stalled.message
    assert "/health" in stalled.message
    assert truth(result, after, ConditionType.HEALTHY).status is Truth.TRUE


def test_waiting_for_new_tasks_is_not_a_repair(world):
    world.answers["api:2"] = set()
    before(world)
    world.outcomes.clear()

    second = world.api("api:2", routes=[ROUTE], health={"path": "/ready"})
    world.run(second, passes=8)

    begun = [outcome for outcome in world.outcomes if isinstance(outcome, Progressing)]
    waits = [outcome for outcome in world.outcomes if isinstance(outcome, Waiting)]
    assert len(begun) == 1
    assert "Waiting for the health check /ready (200)" in waits[-1].message
    assert "0 of 1 healthy" in waits[-1].message
    assert "keeps /health (200)" in waits[-1].message


def test_a_path_that_was_withdrawn_leaves_nothing_behind(world):
    first = before(world, command=OWN_CHECK)
    health = {"path": "/ready", "command": OWN_CHECK}
    world.run(world.api("api:1", routes=[ROUTE], health=health), passes=6)

    result = world.run(first, passes=6)

    assert result.converged
    assert world.groups() == ["hokusai-api-local"]
    assert world.rules() == [(80, "api.hokus.ai", "/*")]
