"""A service in Cloud Map and behind load balancers, and the health of its tasks."""

from datetime import timedelta

from tests.builders.simulated_ecs import (
    BALANCER,
    GROUP,
    HEALTH_CHECK,
    REGISTRY,
    SICK,
    Ecs,
    address_of,
    running,
)


def test_tasks_are_registered_while_they_run():
    ecs = running(serviceRegistries=[{"registryArn": REGISTRY}])
    (task,) = ecs.tasks()
    task_id = task["taskArn"].rpartition("/")[2]
    there = ecs.effects.instances[task_id]["AWS_INSTANCE_IPV4"]

    ecs.call("StopTask", {"cluster": "c", "task": task_id})

    assert there == address_of(task)
    assert ecs.effects.instances == {}


def test_container_health_is_reported_to_cloud_map():
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


def test_registration_in_a_target_group_is_announced():
    ecs = running(loadBalancers=[BALANCER])

    ecs.update(desiredCount=0)
    ecs.advance(3)

    said = "\n".join(ecs.events())
    assert f"registered 1 targets in (target-group {GROUP})" in said
    assert f"deregistered 1 targets in (target-group {GROUP})" in said
    assert "has begun draining connections on 1 tasks." in said
