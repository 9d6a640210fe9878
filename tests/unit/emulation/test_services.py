from datetime import timedelta

import pytest

from controller.emulation.ecs import EcsError, Timing
from controller.emulation.ecs.arithmetic import limits
from controller.emulation.runtimes.scripted import Script
from tests.unit.emulation.ecs_world import HEALTH_CHECK, NETWORK, SICK, Ecs, address_of

REGISTRY = "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-1"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t/1"
BALANCER = {"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}


def running(desired=1, **fields):
    ecs = Ecs()
    ecs.register()
    ecs.create(desired=desired, **fields)
    ecs.advance(3)
    return ecs


def test_a_new_service_becomes_steady():
    ecs = running(desired=2)

    service = ecs.service()
    assert (service["runningCount"], service["pendingCount"]) == (2, 0)
    assert ecs.primary()["rolloutState"] == "COMPLETED"
    assert ecs.events()[0] == "(service web) has reached a steady state."
    assert ecs.rollouts() == ["SUCCESSFUL"]


def test_says_steady_once():
    ecs = running()

    ecs.advance(60)

    steady = [e for e in ecs.events() if "steady state" in e]
    assert len(steady) == 1


def test_a_deployment_that_ends_keeps_the_events_in_awss_order():
    ecs = running()

    events = [e.partition(")")[2].strip() for e in reversed(ecs.events())]

    assert events[0].startswith("has started 1 tasks: (task ")
    assert events[1].endswith("deployment completed.")
    assert events[2] == "has reached a steady state."


def test_a_killed_task_comes_back_with_another_address():
    ecs = running()
    (before,) = ecs.tasks()
    ecs.runtime.crash(before["taskArn"].rpartition("/")[2])

    ecs.advance(5)

    (after,) = ecs.tasks()
    (gone,) = ecs.tasks("STOPPED")
    assert address_of(after) != address_of(before)
    assert gone["containers"][0]["exitCode"] == 137
    assert ecs.service()["runningCount"] == 1


def test_a_stopped_task_is_replaced_and_does_not_count_as_failed():
    ecs = running()
    (task,) = ecs.tasks()

    ecs.call("StopTask", {"cluster": "c", "task": task["taskArn"]})
    ecs.advance(3)

    assert ecs.service()["runningCount"] == 1
    assert ecs.primary()["failedTasks"] == 0


def test_a_new_definition_replaces_every_task():
    ecs = running(desired=3)
    new = ecs.register("web:2")

    ecs.update(taskDefinition=new)
    ecs.advance(6)

    assert {t["taskDefinitionArn"] for t in ecs.tasks()} == {new}
    assert [d["status"] for d in ecs.service()["deployments"]] == ["PRIMARY"]
    reasons = {t["stoppedReason"] for t in ecs.tasks("STOPPED")}
    assert reasons == {
        f"Scaling activity initiated by (deployment {ecs.primary()['id']})"
    }


def test_the_old_deployment_is_active_while_it_is_replaced():
    ecs = running()
    ecs.register("web:2")
    ecs.runtime.scripts["web:2"] = Script(starts_after=timedelta(seconds=5))

    ecs.update(taskDefinition="web")
    ecs.advance(2)

    deployments = ecs.service()["deployments"]
    assert [d["status"] for d in deployments] == ["PRIMARY", "ACTIVE"]
    assert deployments[0]["rolloutState"] == "IN_PROGRESS"
    assert deployments[1]["runningCount"] == 1


def test_the_deployment_id_ends_in_the_service_revision():
    ecs = running()
    service = ecs.service()

    number = service["deployments"][0]["id"].removeprefix("ecs-svc/")

    assert service["currentServiceRevisions"][0]["arn"].endswith(f"/{number}")


@pytest.mark.parametrize(
    ("fields", "deploys"),
    [
        ({"desiredCount": 2}, False),
        ({"healthCheckGracePeriodSeconds": 9}, False),
        ({"enableExecuteCommand": True}, False),
        ({"deploymentConfiguration": {"maximumPercent": 150}}, False),
        ({"taskDefinition": "web:1"}, False),
        ({"networkConfiguration": NETWORK}, False),
        ({"platformVersion": "1.4.0"}, True),
        ({"serviceRegistries": [{"registryArn": REGISTRY}]}, True),
        ({"loadBalancers": [BALANCER]}, True),
        ({"forceNewDeployment": True}, True),
    ],
    ids=lambda v: next(iter(v)) if isinstance(v, dict) else str(v),
)
def test_only_some_changes_deploy(fields, deploys):
    ecs = running()
    before = ecs.primary()["id"]

    ecs.update(**fields)

    assert (ecs.primary()["id"] != before) is deploys


def test_an_update_keeps_what_it_does_not_mention():
    configuration = {"maximumPercent": 150, "minimumHealthyPercent": 50}
    ecs = running(deploymentConfiguration=configuration)

    ecs.update(deploymentConfiguration={"maximumPercent": 200})

    kept = ecs.service()["deploymentConfiguration"]
    assert (kept["maximumPercent"], kept["minimumHealthyPercent"]) == (200, 50)


def test_a_newer_deployment_supersedes_the_one_under_way():
    ecs = running()
    ecs.runtime.scripts["web:2"] = Script(starts_after=timedelta(hours=1))
    ecs.update(taskDefinition=ecs.register("web:2"))
    ecs.advance(2)

    ecs.update(taskDefinition=ecs.register("web:3"))
    ecs.advance(6)

    assert ecs.rollouts() == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]


def test_scaling_in_stops_tasks_without_a_deployment():
    ecs = running(desired=3)

    ecs.update(desiredCount=1)
    ecs.advance(3)

    assert ecs.service()["runningCount"] == 1
    assert len(ecs.rollouts()) == 1


def test_scaling_to_zero_is_steady():
    ecs = running()

    ecs.update(desiredCount=0)
    ecs.advance(3)

    assert ecs.service()["runningCount"] == 0
    assert ecs.events()[0] == "(service web) has reached a steady state."


def test_tasks_are_registered_while_they_run():
    ecs = running(serviceRegistries=[{"registryArn": REGISTRY}])
    (task,) = ecs.tasks()
    task_id = task["taskArn"].rpartition("/")[2]
    there = ecs.effects.instances[task_id]["AWS_INSTANCE_IPV4"]

    ecs.call("StopTask", {"cluster": "c", "task": task_id})

    assert there == address_of(task)
    assert ecs.effects.instances == {}


def test_cloud_map_hears_of_a_containers_health():
    ecs = Ecs()
    ecs.register(healthCheck=HEALTH_CHECK)
    ecs.create(serviceRegistries=[{"registryArn": REGISTRY}])
    ecs.advance(10)
    (instance,) = ecs.effects.instances.values()
    before = instance["health"]
    ecs.runtime.scripts["web:1"] = SICK

    ecs.advance(12)

    assert before == "HEALTHY"
    assert "UNHEALTHY" in {i.get("health") for i in ecs.effects.instances.values()}


def test_a_target_drains_before_its_task_is_stopped():
    ecs = running(loadBalancers=[BALANCER])
    ecs.effects.drain = timedelta(seconds=10)
    (task,) = ecs.tasks()

    ecs.call("StopTask", {"cluster": "c", "task": task["taskArn"]})
    ecs.advance(5)
    during = ecs.tasks("STOPPED")[0]["lastStatus"]
    ecs.advance(6)

    assert during == "DEACTIVATING"
    assert ecs.tasks("STOPPED")[0]["lastStatus"] == "STOPPED"


def test_a_deployment_completes_once_the_old_tasks_have_drained():
    ecs = running(loadBalancers=[BALANCER])
    ecs.effects.drain = timedelta(seconds=10)
    ecs.update(taskDefinition=ecs.register("web:2"))

    ecs.advance(8)
    during = [d["rolloutState"] for d in ecs.service()["deployments"]]
    ecs.advance(8)

    assert during == ["IN_PROGRESS", "COMPLETED"]
    assert ecs.primary()["rolloutState"] == "COMPLETED"


def test_an_unhealthy_target_is_replaced_and_named():
    ecs = running(loadBalancers=[BALANCER])
    (target,) = ecs.effects.targets
    ecs.effects.targets[target] = "unhealthy"

    ecs.advance(5)

    (stopped,) = ecs.tasks("STOPPED")
    assert stopped["stoppedReason"] == (
        f"Task failed ELB health checks in (target-group {GROUP})"
    )
    assert ecs.service()["runningCount"] == 1


def test_the_grace_period_protects_a_task_from_its_health():
    ecs = running(loadBalancers=[BALANCER], healthCheckGracePeriodSeconds=60)
    (target,) = ecs.effects.targets
    ecs.effects.targets[target] = "unhealthy"

    ecs.advance(30)

    assert ecs.tasks("STOPPED") == []


def test_percentages_that_allow_nothing_are_announced_once():
    ecs = running(
        deploymentConfiguration={"maximumPercent": 100, "minimumHealthyPercent": 100}
    )
    ecs.update(taskDefinition=ecs.register("web:2"))

    ecs.advance(30)

    stuck = [e for e in ecs.events() if "because of the service deployment conf" in e]
    assert len(stuck) == 1
    assert ecs.primary()["rolloutState"] == "IN_PROGRESS"


def test_deleting_above_zero_needs_force():
    ecs = running()

    with pytest.raises(EcsError, match="scaled above 0"):
        ecs.call("DeleteService", {"cluster": "c", "service": "web"})


def test_a_deleted_service_drains_then_is_inactive():
    ecs = running(loadBalancers=[BALANCER])
    ecs.effects.drain = timedelta(seconds=5)

    ecs.call("DeleteService", {"cluster": "c", "service": "web", "force": True})
    ecs.advance(2)
    during = ecs.service()["status"]
    ecs.advance(8)

    assert (during, ecs.service()["status"]) == ("DRAINING", "INACTIVE")
    assert ecs.call("ListServices", {"cluster": "c"})["serviceArns"] == []


def test_an_inactive_service_can_be_created_anew_but_not_updated():
    ecs = running()
    ecs.call("DeleteService", {"cluster": "c", "service": "web", "force": True})
    ecs.advance(3)

    with pytest.raises(EcsError) as refused:
        ecs.update(desiredCount=1)
    created = ecs.create()

    assert refused.value.code == "ServiceNotActiveException"
    assert created["status"] == "ACTIVE"


def test_all_fields_of_a_creation_come_back():
    fields = {
        "deploymentConfiguration": {"maximumPercent": 150, "minimumHealthyPercent": 50},
        "healthCheckGracePeriodSeconds": 30,
        "enableECSManagedTags": True,
        "enableExecuteCommand": True,
        "availabilityZoneRebalancing": "DISABLED",
        "propagateTags": "SERVICE",
        "platformVersion": "1.4.0",
    }
    ecs = Ecs()
    ecs.register()

    service = ecs.create(tags=[{"key": "owner", "value": "me"}], **fields)

    configuration = service.pop("deploymentConfiguration")
    assert fields.pop("deploymentConfiguration").items() <= configuration.items()
    assert fields.items() <= service.items()
    assert service["tags"] == [{"key": "owner", "value": "me"}]


def test_tags_reach_the_tasks_when_propagated():
    ecs = running(
        tags=[{"key": "owner", "value": "me"}],
        propagateTags="SERVICE",
        enableECSManagedTags=True,
    )
    arns = ecs.call("ListTasks", {"cluster": "c"})["taskArns"]

    body = {"cluster": "c", "tasks": arns, "include": ["TAGS"]}
    tags = ecs.call("DescribeTasks", body)["tasks"][0]["tags"]

    assert {"key": "owner", "value": "me"} in tags
    assert {"key": "aws:ecs:serviceName", "value": "web"} in tags


def test_a_task_moves_through_pending_counts():
    ecs = Ecs(Timing(provisioning=timedelta(seconds=5), settling=timedelta(0)))
    ecs.register()
    ecs.create(desired=2)

    ecs.advance(2)

    assert ecs.service()["pendingCount"] == 2
    assert ecs.primary()["pendingCount"] == 2


def test_coming_and_going_behind_a_load_balancer_is_announced():
    ecs = running(loadBalancers=[BALANCER])

    ecs.update(desiredCount=0)
    ecs.advance(3)

    said = "\n".join(ecs.events())
    assert f"registered 1 targets in (target-group {GROUP})" in said
    assert f"deregistered 1 targets in (target-group {GROUP})" in said
    assert "has begun draining connections on 1 tasks." in said


def test_a_capacity_provider_is_changed_without_a_deployment():
    ecs = running()

    service = ecs.update(
        capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    )

    assert "launchType" not in service
    assert len(ecs.rollouts()) == 1


@pytest.mark.parametrize("desired", [1, 3, 4])
@pytest.mark.parametrize(
    ("least", "most"), [(100, 200), (50, 100), (0, 100), (50, 150), (100, 150)]
)
def test_a_rolling_update_keeps_within_its_percentages(desired, least, most):
    configuration = {"minimumHealthyPercent": least, "maximumPercent": most}
    ecs = running(desired, deploymentConfiguration=configuration)
    ecs.runtime.scripts["web:2"] = Script(starts_after=timedelta(seconds=3))
    ecs.update(taskDefinition=ecs.register("web:2"))
    seen = []

    for _ in range(60):
        ecs.advance(1)
        service = ecs.service()
        seen.append((service["runningCount"], service["pendingCount"]))

    allowed = limits(desired, configuration)
    assert min(running for running, _ in seen) >= allowed.least
    assert max(running + pending for running, pending in seen) <= allowed.most
    stuck = allowed.least == allowed.most
    assert ecs.primary()["rolloutState"] == ("IN_PROGRESS" if stuck else "COMPLETED")


def test_the_youngest_tasks_of_a_surplus_are_stopped():
    ecs = running()
    (oldest,) = ecs.tasks()
    ecs.update(desiredCount=3)
    ecs.advance(3)

    ecs.update(desiredCount=1)
    ecs.advance(3)

    assert [t["taskArn"] for t in ecs.tasks()] == [oldest["taskArn"]]


def test_a_task_stopped_on_its_way_up_has_not_failed():
    ecs = Ecs(Timing(provisioning=timedelta(seconds=30)))
    ecs.register()
    ecs.create(desired=3)
    ecs.advance(2)

    ecs.update(desiredCount=1)
    ecs.advance(5)

    assert len(ecs.tasks("STOPPED")) == 2
    assert ecs.primary()["failedTasks"] == 0


def test_the_last_hundred_events_are_kept():
    ecs = running()

    for _ in range(60):
        for count in (2, 1):
            ecs.update(desiredCount=count)
            ecs.advance(2)

    assert len(ecs.events()) == 100
