"""Services on the emulated ECS, over HTTP; time moves only when told."""

from datetime import timedelta

import pytest

from controller.clients.aws import BotoAws, CountingAws, Credentials
from controller.clients.clock import SystemClock
from controller.core.conditions import ConditionType, Truth
from controller.core.errors import ConflictError
from controller.core.identity import DEPLOYMENT_TAG, OWNER_TAG
from controller.core.plan import Hold, Reason
from controller.core.safety import Limits
from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.scripted import Script, ScriptedRuntime
from controller.emulation.server import EmulatorServer
from controller.kinds.service.driver import ServiceDriver
from tests.integration.kinds.machine import PLATFORM, Machine, declared

CRASHES = Script(
    exits_after=timedelta(seconds=1), exit_code=3, says=("no such table: users",)
)


class World:
    """An emulated AWS with a cluster and a namespace, and a controller of it."""

    def __init__(self, server, runtime):
        self.server = server
        self.runtime = runtime
        boto = BotoAws(
            "us-east-1",
            endpoint_url=server.url,
            credentials=Credentials("test", "test"),
            light=True,
        )
        self.aws = CountingAws(boto)
        self.aws.call("ecs", "CreateCluster", clusterName=PLATFORM.cluster)
        self.aws.call(
            "servicediscovery",
            "CreatePrivateDnsNamespace",
            Name=PLATFORM.namespace,
            Vpc="vpc-1",
        )
        subnets = self.aws.call("ec2", "DescribeSubnets")["Subnets"]
        self.network = {"subnets": [subnets[0]["SubnetId"]]}
        self.restart()

    def restart(self):
        """Forget everything, as a controller that was killed does."""
        self.machine = Machine({"service": self.driver()})

    def driver(self):
        return ServiceDriver(self.aws, PLATFORM, SystemClock())

    def api(self, image="api:1", **more):
        meta = {k: more.pop(k) for k in ("adopt", "mode") if k in more}
        fields = {
            "image": image,
            "port": 8001,
            "discovery": "api",
            "network": self.network,
            **more,
        }
        return declared(
            "service", "api", fields, generation=f"v1:{fields}"[:40], **meta
        )

    def run(self, *resources, passes=8, seconds=30, limits=None):
        """Do passes with time between them, and return the last result."""
        for _ in range(passes):
            self.machine.run(*resources, limits=limits)
            self.server.advance(timedelta(seconds=seconds))
        return self.machine.run(*resources, limits=limits)

    def service_of(self, name):
        return declared("service", name, {"image": "api:1", "network": self.network})

    def service(self, key="api"):
        answer = self.aws.call(
            "ecs",
            "DescribeServices",
            cluster=PLATFORM.cluster,
            services=[f"hokusai-{key}-local"],
        )
        return answer["services"][0]

    def tags(self):
        arn = self.service()["serviceArn"]
        answer = self.aws.call("ecs", "ListTagsForResource", resourceArn=arn)
        return {tag["key"]: tag["value"] for tag in answer["tags"]}

    def revisions(self):
        answer = self.aws.call(
            "ecs", "ListTaskDefinitions", familyPrefix="hokusai-api-local"
        )
        return answer["taskDefinitionArns"]


@pytest.fixture
def world():
    runtime = ScriptedRuntime({"api:bad": CRASHES})
    with EmulatorServer(runtime=runtime, clock=SteppedClock()) as server:
        yield World(server, runtime)


def test_a_service_is_created_registered_and_followed_to_its_end(world):
    result = world.run(world.api())

    assert result.converged
    service = world.service()
    assert service["runningCount"] == 1
    assert len(service["serviceRegistries"]) == 1


def test_a_service_nobody_declares_any_more_goes_only_with_prune_and_seen_twice(world):
    web = world.service_of("web")
    world.run(world.api(), web)
    told = world.run(world.api(), passes=1)
    kept = world.service("web")["status"]

    held = world.machine.run(world.api(), limits=Limits(prune=True))
    world.machine.reconciler.memory.doomed = frozenset({web.id})
    world.run(world.api(), passes=2, limits=Limits(prune=True))

    assert [str(a.target) for a in told.left.advice] == ["service/web"]
    assert kept == "ACTIVE"
    assert [b.hold for b in held.left.blocked] == [Hold.PRUNE_HELD]
    assert world.service("web")["status"] == "INACTIVE"
    assert world.service()["status"] == "ACTIVE"


def test_a_service_that_lost_our_tag_meanwhile_is_not_deleted(world):
    web = world.service_of("web")
    world.run(world.api(), web)
    world.run(world.api(), passes=1)
    arn = world.service("web")["serviceArn"]
    world.aws.call("ecs", "UntagResource", resourceArn=arn, tagKeys=[OWNER_TAG])
    world.machine.reconciler.memory.doomed = frozenset({web.id})

    result = world.machine.run(world.api(), limits=Limits(prune=True))

    assert "does not carry our tag" in str(result.outcomes[web.id].error)
    assert world.service("web")["status"] == "ACTIVE"


MIGRATE = ({"name": "migrate", "command": ["alembic", "upgrade", "head"]},)


def finishes(code):
    """Return how a one-off task of an image ends."""
    return Script(exits_after=timedelta(seconds=5), exit_code=code)


def one_off_tasks(world):
    tasks = world.server.simulator.world.clusters[PLATFORM.cluster].tasks.values()
    return [task for task in tasks if task.service is None]


def test_a_rollout_waits_for_the_steps_before_it_and_each_runs_once(world):
    world.run(world.api())
    world.runtime.scripts["api:2"] = finishes(0)
    stepped = world.api("api:2", before=MIGRATE)

    first = world.machine.run(stepped)
    meanwhile = world.service()["taskDefinition"]
    world.server.advance(timedelta(seconds=10))
    world.runtime.scripts.pop("api:2")
    for _ in range(4):
        world.restart()
        result = world.machine.run(stepped)
        world.server.advance(timedelta(seconds=30))
    result = world.run(stepped)

    assert "Step migrate was started" in first.outcomes[stepped.id].message
    assert meanwhile.endswith(":1")
    assert result.converged
    assert world.service()["taskDefinition"].endswith(":2")
    assert len(one_off_tasks(world)) == 1


def test_a_service_is_not_even_made_before_its_steps_have_succeeded(world):
    world.runtime.scripts["api:1"] = finishes(0)
    stepped = world.api(before=MIGRATE)

    world.machine.run(stepped)
    nothing = world.aws.call("ecs", "ListServices", cluster=PLATFORM.cluster)
    world.server.advance(timedelta(seconds=10))
    world.runtime.scripts.pop("api:1")

    assert nothing["serviceArns"] == []
    assert world.run(stepped).converged


def test_in_sync_one_call_looks_and_none_writes(world):
    world.run(world.api())
    before = dict(world.aws.counts), dict(world.aws.writes)

    for _ in range(3):
        assert world.machine.run(world.api()).converged

    counts = {k: n - before[0].get(k, 0) for k, n in world.aws.counts.items()}
    assert {k: n for k, n in counts.items() if n} == {"ecs:DescribeServices": 3}
    assert dict(world.aws.writes) == before[1]


def test_going_back_to_an_earlier_image_registers_nothing_anew(world):
    for image in ("api:1", "api:2", "api:1"):
        assert world.run(world.api(image)).converged

    assert len(world.revisions()) == 2
    assert world.service()["taskDefinition"].endswith(":1")


def test_an_image_that_crashes_is_rolled_back_and_not_tried_again(world):
    world.run(world.api())

    result = world.run(world.api("api:bad"), passes=30)
    writes = dict(world.aws.writes)
    world.restart()
    again = world.run(world.api("api:bad"), passes=3)

    (blocked,) = result.left.blocked
    assert blocked.hold is Hold.REVISION_REJECTED
    assert "exited with 3" in blocked.message
    assert 'its last line was "no such table: users"' in blocked.message
    assert world.service()["taskDefinition"].endswith(":1")
    assert [b.hold for b in again.left.blocked] == [Hold.REVISION_REJECTED]
    assert dict(world.aws.writes) == writes


def test_a_corrected_image_is_rolled_out_after_a_rejected_one(world):
    world.run(world.api())
    world.run(world.api("api:bad"), passes=30)

    assert world.run(world.api("api:3")).converged


def test_a_first_image_that_crashes_is_given_up_with_the_reason(world):
    result = world.run(world.api("api:bad"), passes=40)

    (blocked,) = result.left.blocked
    assert blocked.hold is Hold.REVISION_REJECTED
    assert "exited with 3" in blocked.message


def test_a_service_deleted_by_hand_is_made_again(world):
    world.run(world.api())
    world.aws.call(
        "ecs",
        "DeleteService",
        cluster=PLATFORM.cluster,
        service="hokusai-api-local",
        force=True,
    )

    assert world.run(world.api(), passes=12).converged
    assert world.service()["status"] == "ACTIVE"


def test_a_service_of_somebody_else_is_reported_and_then_adopted(world):
    world.aws.call(
        "ecs",
        "RegisterTaskDefinition",
        family="by-hand",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "web", "image": "api:0"}],
    )
    world.aws.call(
        "ecs",
        "CreateService",
        cluster=PLATFORM.cluster,
        serviceName="hokusai-api-local",
        taskDefinition="by-hand",
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": world.network},
    )

    reported = world.run(world.api(), passes=1)
    adopted = world.run(world.api(adopt=True), passes=12)

    assert [a.reason for a in reported.left.advice] == [Reason.NOT_OURS]
    assert adopted.converged
    assert "hokusai-api-local" in world.service()["taskDefinition"]


def test_an_unknown_cluster_is_unknown_with_the_command_that_makes_it(world):
    result = world.machine.run(world.api(cluster="nowhere"))

    ready = next(iter(result.statuses.values()))[ConditionType.READY]
    assert ready.status is Truth.UNKNOWN
    assert "aws ecs create-cluster --cluster-name nowhere" in ready.message


def test_a_missing_namespace_fails_with_the_command_that_makes_it(world):
    elsewhere = world.api()
    spec = elsewhere.spec.model_copy(update={"namespace": "other.local"})
    broken = type(elsewhere)(elsewhere.id, spec, elsewhere.generation)

    result = world.run(broken, passes=1)

    ready = next(iter(result.statuses.values()))[ConditionType.READY]
    assert "create-private-dns-namespace" in ready.message


def test_what_is_put_on_the_service_by_others_stays(world):
    world.run(world.api())
    world.aws.call(
        "ecs",
        "UpdateService",
        cluster=PLATFORM.cluster,
        service="hokusai-api-local",
        desiredCount=3,
        enableExecuteCommand=True,
    )

    result = world.run(world.api())

    assert result.converged
    assert world.service()["desiredCount"] == 3
    assert world.service()["enableExecuteCommand"] is True


def test_a_log_group_that_is_there_is_left_as_it_is(world):
    group = "/ecs/hokusai-api-local"
    world.aws.call("logs", "CreateLogGroup", logGroupName=group)
    world.aws.call(
        "logs", "PutRetentionPolicy", logGroupName=group, retentionInDays=365
    )

    world.run(world.api())

    (found,) = world.aws.call("logs", "DescribeLogGroups")["logGroups"]
    assert found["retentionInDays"] == 365
    with pytest.raises(ConflictError):
        world.aws.call("logs", "CreateLogGroup", logGroupName=group)


def test_more_disruptive_changes_than_allowed_wait(world):
    world.run(world.api())

    result = world.machine.run(
        world.api("api:2"), limits=Limits(max_disruptive_actions=0)
    )

    assert [b.hold for b in result.left.blocked] == [Hold.BUDGET_SPENT]


def test_a_controller_that_is_killed_amid_a_rollout_follows_it_to_its_end(world):
    world.run(world.api())
    world.machine.run(world.api("api:2"))
    ours = world.tags()[DEPLOYMENT_TAG]
    writes = dict(world.aws.writes)

    for _ in range(8):
        world.restart()
        result = world.machine.run(world.api("api:2"))
        world.server.advance(timedelta(seconds=30))

    assert result.converged
    assert world.service()["deployments"][0]["id"] == ours
    assert dict(world.aws.writes) == writes


def test_a_deployment_that_only_moved_tasks_and_was_rolled_back_is_not_repeated(world):
    world.run(world.api())
    world.runtime.scripts["api:1"] = CRASHES
    subnets = world.aws.call("ec2", "DescribeSubnets")["Subnets"]
    elsewhere = {"subnets": [subnets[1]["SubnetId"]]}

    result = world.run(world.api(network=elsewhere), passes=30)
    writes = dict(world.aws.writes)
    world.run(world.api(network=elsewhere), passes=5)

    (blocked,) = result.left.blocked
    assert blocked.hold is Hold.REVISION_REJECTED
    assert "was rolled back" in blocked.message
    assert dict(world.aws.writes) == writes


def test_a_deployment_somebody_began_after_ours_is_told_apart_and_left_alone(world):
    world.run(world.api())
    world.run(world.api("api:2"))
    service = world.service()
    world.aws.call(
        "ecs",
        "UpdateService",
        cluster=PLATFORM.cluster,
        service=service["serviceName"],
        forceNewDeployment=True,
    )

    under_way = world.machine.run(world.api("api:2"))
    result = world.run(world.api("api:2"))

    (blocked,) = under_way.left.blocked
    assert "Another deployment than ours" in blocked.message
    assert result.converged


def test_a_rollout_stopped_by_hand_is_rejected_and_told_so(world):
    world.run(world.api())
    world.runtime.scripts["api:2"] = Script(starts_after=timedelta(hours=1))
    world.machine.run(world.api("api:2"))
    world.server.advance(timedelta(seconds=30))
    world.aws.call(
        "ecs",
        "StopServiceDeployment",
        serviceDeploymentArn=world.service()["currentServiceDeployment"],
    )

    result = world.run(world.api("api:2"), passes=10)

    (blocked,) = result.left.blocked
    assert blocked.hold is Hold.REVISION_REJECTED
    assert world.service()["taskDefinition"].endswith(":1")
