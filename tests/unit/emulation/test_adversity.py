"""Failures that a client of ECS meets: throttling, stale reads, lost responses."""

from datetime import timedelta

import pytest

from controller.core.rates.ecs_rates import CATEGORIES, RATES
from controller.emulation.ecs import EcsError, NoReplyError
from controller.emulation.ecs.faults import CallFault, CallRule, ImageFault, ImageRule
from controller.emulation.ecs.operations import OPERATIONS
from tests.builders.simulated_ecs import HEALTH_CHECK, Ecs


def test_every_operation_has_a_throttling_category():
    assert OPERATIONS.keys() == CATEGORIES.keys()
    assert set(CATEGORIES.values()) <= RATES.keys()


def test_nothing_is_throttled_unless_rates_are_set():
    ecs = Ecs()

    for _ in range(300):
        ecs.call("ListClusters", {})


def test_a_burst_then_a_rate():
    ecs = Ecs()
    ecs.simulator.throttle.limit(RATES)
    for _ in range(20):
        ecs.register()

    with pytest.raises(EcsError) as refused:
        ecs.register()
    ecs.clock.advance(timedelta(seconds=1))
    ecs.register()

    assert refused.value.code == "ThrottlingException"


def test_categories_do_not_share_a_bucket():
    ecs = Ecs()
    ecs.simulator.throttle.limit(RATES)
    for _ in range(20):
        ecs.register()

    ecs.call("DescribeTaskDefinition", {"taskDefinition": "web"})


def test_reads_lag_behind_writes():
    ecs = Ecs()
    ecs.register()
    ecs.create()
    ecs.advance(3)
    ecs.simulator.read_lag = timedelta(seconds=2)

    answered = ecs.update(desiredCount=5)
    stale = ecs.service()["desiredCount"]
    ecs.advance(3)

    assert (answered["desiredCount"], stale) == (5, 1)
    assert ecs.service()["desiredCount"] == 5


def test_a_service_just_created_is_missing_to_stale_reads():
    ecs = Ecs()
    ecs.register()
    ecs.simulator.read_lag = timedelta(seconds=2)

    ecs.create()
    answer = ecs.call("DescribeServices", {"cluster": "c", "services": ["web"]})

    assert answer["failures"][0]["reason"] == "MISSING"


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        (CallFault.THROTTLE, "ThrottlingException", 400),
        (CallFault.SERVER_ERROR, "ServerException", 500),
    ],
)
def test_a_call_fails_the_given_number_of_times(fault, code, status):
    ecs = Ecs()
    ecs.simulator.faults.calls.append(CallRule("List*", fault, times=2))

    for _ in range(2):
        with pytest.raises(EcsError) as refused:
            ecs.call("ListClusters", {})
        assert (refused.value.code, refused.value.status) == (code, status)

    assert ecs.call("ListClusters", {})["clusterArns"]


@pytest.mark.parametrize(
    ("fault", "done"), [(CallFault.TIMEOUT, 0), (CallFault.LOST_REPLY, 1)]
)
def test_a_lost_reply_has_an_effect_and_a_timeout_has_none(fault, done):
    ecs = Ecs()
    ecs.simulator.faults.calls.append(CallRule("RegisterTaskDefinition", fault))

    with pytest.raises(NoReplyError):
        ecs.register()

    assert len(ecs.call("ListTaskDefinitions", {})["taskDefinitionArns"]) == done


@pytest.mark.parametrize(
    ("fault", "stop_code"),
    [
        (ImageFault.PULL_ERROR, "TaskFailedToStart"),
        (ImageFault.CRASH, "EssentialContainerExited"),
    ],
)
def test_an_image_fault_ends_its_tasks(fault, stop_code):
    ecs = Ecs()
    ecs.register()
    ecs.simulator.faults.images.append(ImageRule("web:*", fault))
    ecs.create()

    ecs.advance(2)

    assert {t["stopCode"] for t in ecs.tasks("STOPPED")} == {stop_code}


def test_an_image_exits_after_its_delay():
    ecs = Ecs()
    ecs.register()
    rule = ImageRule("web:1", ImageFault.EXIT, 7, timedelta(seconds=10))
    ecs.simulator.faults.images.append(rule)
    ecs.create()

    ecs.advance(8)
    before = ecs.tasks("STOPPED")
    ecs.advance(5)

    assert before == []
    assert ecs.tasks("STOPPED")[0]["containers"][0]["exitCode"] == 7


def test_an_image_that_hangs_stays_pending():
    ecs = Ecs()
    ecs.register()
    ecs.simulator.faults.images.append(ImageRule("web:1", ImageFault.HANG))
    ecs.create()

    ecs.advance(100)

    assert [t["lastStatus"] for t in ecs.tasks()] == ["PENDING"]


def test_an_unhealthy_image_fails_its_checks():
    ecs = Ecs()
    ecs.register(healthCheck=HEALTH_CHECK)
    ecs.simulator.faults.images.append(ImageRule("web:1", ImageFault.UNHEALTHY))
    ecs.create()

    ecs.advance(15)

    assert "UNHEALTHY" in {t["healthStatus"] for t in ecs.tasks()}


def test_once_the_faults_end_the_service_recovers():
    ecs = Ecs()
    ecs.register()
    ecs.simulator.faults.images.append(ImageRule("web:1", ImageFault.CRASH))
    ecs.create()
    ecs.advance(5)

    ecs.simulator.faults.clear()
    ecs.advance(5)

    assert ecs.service()["runningCount"] == 1
