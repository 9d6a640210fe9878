from datetime import timedelta

import pytest

from controller.emulation.ecs import EcsError, Timing
from tests.builders.simulated_ecs import (
    BALANCER,
    Ecs,
    address_of,
    running,
)


def test_a_new_service_becomes_steady():
    ecs = running(desired=2)

    service = ecs.service()
    assert (service["runningCount"], service["pendingCount"]) == (2, 0)
    assert ecs.primary()["rolloutState"] == "COMPLETED"
    assert ecs.events()[0] == "(service web) has reached a steady state."
    assert ecs.rollouts() == ["SUCCESSFUL"]


def test_the_steady_state_is_announced_once():
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


def test_a_killed_task_is_replaced_at_another_address():
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


def test_an_inactive_service_can_be_created_again_but_not_updated():
    ecs = running()
    ecs.call("DeleteService", {"cluster": "c", "service": "web", "force": True})
    ecs.advance(3)

    with pytest.raises(EcsError) as refused:
        ecs.update(desiredCount=1)
    created = ecs.create()

    assert refused.value.code == "ServiceNotActiveException"
    assert created["status"] == "ACTIVE"


def test_all_fields_of_a_creation_are_returned():
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


def test_the_newest_tasks_of_a_surplus_are_stopped():
    ecs = running()
    (oldest,) = ecs.tasks()
    ecs.update(desiredCount=3)
    ecs.advance(3)

    ecs.update(desiredCount=1)
    ecs.advance(3)

    assert [t["taskArn"] for t in ecs.tasks()] == [oldest["taskArn"]]


def test_a_task_stopped_while_starting_has_not_failed():
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
