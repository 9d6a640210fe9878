from datetime import timedelta

from controller.emulation.ecs import Timing
from controller.emulation.runtimes.scripted import Script
from tests.builders.simulated_ecs import (
    BREAKER,
    CRASHES,
    SICK,
    Ecs,
    broken_update,
)


def test_rolls_back_to_the_last_completed_deployment():
    ecs = broken_update()

    ecs.advance(10)

    primary = ecs.primary()
    assert primary["id"] == ecs.good_id
    assert primary["rolloutState"] == "COMPLETED"
    assert ecs.service()["taskDefinition"].endswith("web:1")
    assert ecs.rollouts() == ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]


def test_events_name_the_failure_and_the_rollback_target():
    ecs = broken_update()

    ecs.advance(10)

    events = ecs.events()
    failed = (
        f"(service web) (deployment {ecs.bad_id}) deployment failed: "
        "tasks failed to start."
    )
    back = f"(service web) rolling back to deployment {ecs.good_id}."
    assert events.index(back) == events.index(failed) - 1


def test_the_failed_deployment_is_listed_during_the_rollback():
    ecs = broken_update()
    statuses = set()

    for _ in range(10):
        ecs.advance(1)
        statuses |= {
            (d["status"], d["rolloutState"]) for d in ecs.service()["deployments"]
        }

    assert ("ACTIVE", "FAILED") in statuses


def test_healthy_tasks_run_during_the_rollback():
    ecs = broken_update()
    before = {t["taskArn"] for t in ecs.tasks() if t["startedBy"] == ecs.good_id}

    ecs.advance(10)

    assert {t["taskArn"] for t in ecs.tasks()} == before


def test_counts_to_the_threshold():
    ecs = broken_update()
    counts = []
    while ecs.primary()["id"] == ecs.bad_id:
        counts.append(ecs.primary()["failedTasks"])
        ecs.advance(1)

    (newest, *_) = ecs.call(
        "ListServiceDeployments", {"cluster": "c", "service": "web"}
    )["serviceDeployments"]
    arn = newest["serviceDeploymentArn"]
    answer = ecs.call("DescribeServiceDeployments", {"serviceDeploymentArns": [arn]})
    breaker = answer["serviceDeployments"][0]["deploymentCircuitBreaker"]
    assert max(counts) == 2
    assert breaker == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}


def test_a_failing_health_check_counts():
    ecs = broken_update(script=SICK)

    ecs.advance(120)

    reasons = [t["stoppedReason"] for t in ecs.tasks("STOPPED")]
    assert "Task failed container health checks" in reasons
    assert ecs.rollouts()[0] == "ROLLBACK_SUCCESSFUL"


def test_a_slow_crash_loop_is_not_detected():
    ecs = broken_update(script=Script(exits_after=timedelta(seconds=4), exit_code=1))

    ecs.advance(60)

    assert ecs.primary()["id"] == ecs.bad_id
    assert ecs.primary()["failedTasks"] == 0
    assert len(ecs.tasks("STOPPED")) > 3


def test_without_the_breaker_it_retries_indefinitely_with_backoff():
    timing = Timing.instant()
    slow = Timing(
        provisioning=timing.provisioning,
        settling=timing.settling,
        deprovisioning=timing.deprovisioning,
        first_backoff=timedelta(seconds=20),
    )
    ecs = Ecs(slow)
    ecs.register()
    ecs.runtime.scripts["web:1"] = CRASHES
    ecs.create()

    ecs.advance(60)

    assert ecs.primary()["rolloutState"] == "IN_PROGRESS"
    assert len(ecs.tasks("STOPPED")) in {4, 5}
    assert any("unable to consistently start tasks" in e for e in ecs.events())


def test_a_first_deployment_has_no_rollback_target():
    ecs = Ecs()
    ecs.register()
    ecs.runtime.scripts["web:1"] = CRASHES
    ecs.create(deploymentConfiguration=BREAKER)
    ecs.advance(10)
    started = len(ecs.runtime.launches)

    ecs.advance(60)

    primary = ecs.primary()
    assert primary["rolloutState"] == "FAILED"
    assert primary["rolloutStateReason"] == (
        "ECS deployment circuit breaker: tasks failed to start."
    )
    assert ecs.rollouts() == ["STOPPED"]
    assert len(ecs.runtime.launches) == started == 3


def test_without_rollback_the_old_tasks_stay_and_nothing_new_starts():
    ecs = Ecs()
    ecs.register()
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    ecs.create(deploymentConfiguration=breaker)
    ecs.advance(3)
    ecs.runtime.scripts["bad:1"] = CRASHES
    ecs.update(taskDefinition=ecs.register("bad:1"))

    ecs.advance(60)

    assert ecs.primary()["rolloutState"] == "FAILED"
    assert ecs.service()["runningCount"] == 1
    assert ecs.rollouts()[0] == "STOPPED"


def test_a_failed_rollback_is_final():
    ecs = Ecs()
    ecs.register()
    percents = {"maximumPercent": 100, "minimumHealthyPercent": 0}
    ecs.create(deploymentConfiguration=BREAKER | percents)
    ecs.advance(3)
    ecs.runtime.scripts["bad:1"] = CRASHES
    ecs.update(taskDefinition=ecs.register("bad:1"))
    ecs.runtime.scripts["web:1"] = CRASHES

    ecs.advance(30)

    assert ecs.rollouts()[0] == "ROLLBACK_FAILED"
    assert ecs.primary()["rolloutState"] == "FAILED"


def test_a_failed_service_can_be_deployed_again():
    ecs = Ecs()
    ecs.register()
    ecs.runtime.scripts["web:1"] = CRASHES
    ecs.create(deploymentConfiguration=BREAKER)
    ecs.advance(10)

    ecs.update(taskDefinition=ecs.register("web:2"))
    ecs.advance(5)

    assert ecs.primary()["rolloutState"] == "COMPLETED"


def test_deployment_state_changes_are_published():
    ecs = broken_update()

    ecs.advance(10)

    names = [
        detail["eventName"].removeprefix("SERVICE_DEPLOYMENT_")
        for kind, detail in ecs.effects.published
        if kind == "ECS Deployment State Change"
    ]
    assert names == [
        "IN_PROGRESS",
        "COMPLETED",
        "IN_PROGRESS",
        "FAILED",
        "IN_PROGRESS",
        "COMPLETED",
    ]


def test_a_rollback_restores_every_field_of_the_revision():
    ecs = Ecs()
    ecs.register()
    ecs.create(deploymentConfiguration=BREAKER)
    ecs.advance(3)
    ecs.runtime.scripts["bad:1"] = CRASHES
    connect = {"enabled": True, "namespace": "n"}
    ecs.update(
        taskDefinition=ecs.register("bad:1"),
        platformVersion="1.3.0",
        serviceConnectConfiguration=connect,
    )

    ecs.advance(10)

    service = ecs.service()
    assert service["platformVersion"] == "LATEST"
    redeployed = ecs.update(forceNewDeployment=True)
    assert "serviceConnectConfiguration" not in redeployed["deployments"][0]


def test_failures_accumulate_unless_a_healthy_task_resets_them():
    ecs = Ecs()
    ecs.register()
    breaker = {"enable": True, "rollback": False, "resetOnHealthyTask": False}
    threshold = {"thresholdConfiguration": {"type": "COUNT", "value": 3}}
    ecs.create(
        desired=2,
        deploymentConfiguration={"deploymentCircuitBreaker": breaker | threshold},
    )
    ecs.runtime.scripts["web:1"] = CRASHES
    ecs.advance(2)
    ecs.runtime.scripts["web:1"] = Script()
    ecs.advance(3)

    assert ecs.service()["runningCount"] == 2
    assert ecs.primary()["failedTasks"] == 2


def test_a_healthy_task_resets_the_failures():
    ecs = Ecs()
    ecs.register()
    ecs.runtime.scripts["web:1"] = CRASHES
    ecs.create(desired=2, deploymentConfiguration=BREAKER)
    ecs.advance(2)
    before = ecs.primary()["failedTasks"]
    ecs.runtime.scripts["web:1"] = Script()

    ecs.advance(3)

    assert (before, ecs.primary()["failedTasks"]) == (2, 0)


def test_the_failed_deployment_stays_listed_until_the_rollback_is_over():
    ecs = Ecs()
    ecs.register()
    percents = {"maximumPercent": 100, "minimumHealthyPercent": 0}
    ecs.create(deploymentConfiguration=BREAKER | percents)
    ecs.advance(3)
    ecs.runtime.scripts["web:1"] = Script(starts_after=timedelta(seconds=10))
    ecs.runtime.scripts["bad:1"] = CRASHES
    ecs.update(taskDefinition=ecs.register("bad:1"))

    ecs.advance(10)
    during = [d["rolloutState"] for d in ecs.service()["deployments"]]
    ecs.advance(20)

    assert during == ["IN_PROGRESS", "FAILED"]
    assert len(ecs.service()["deployments"]) == 1
