"""Readers of published addresses: the addresses that their running tasks hold."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core.document.platform import Platform
from controller.core.document.resource import Mode, Resource, ResourceId, Suspension
from controller.kinds.endpoint.aws import PublishedReaders, PublishedSet
from controller.kinds.service import KIND
from controller.kinds.service.spec.service import ServiceSpec
from tests.fakes.stopped_clock import NOON, StoppedClock

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
PATH, API = "/hokusai/mlflow-ip", ResourceId("service", "api")
SPEC = KIND.complete(
    "api",
    ServiceSpec.model_validate(
        {"image": "api:1", "secrets": {"MLFLOW_FALLBACK_IP": {"ssm": PATH}}}
    ),
    PLATFORM,
)
OWNED = [{"key": "hokusai.ai/managed-by", "value": PLATFORM.owner}]


def at(minutes):
    return NOON + timedelta(minutes=minutes)


def version(number, value, minutes):
    return {"Version": number, "Value": value, "LastModifiedDate": at(minutes)}


class Ecs:
    """ECS and SSM with one service; counts calls.

    Attributes:
        begun: Minutes at which each task was created and started.
        deployed: Minutes at which the deployments began.
        history: Versions of the parameter.
        tags: Tags of the service.
    """

    def __init__(self, *begun, deployed=(0,), tags=OWNED):
        self.begun = begun
        self.deployed = deployed
        self.tags = tags
        self.history = [version(1, "10.0.0.1", -60), version(2, "10.0.0.2", 10)]
        self.calls = Counter()
        self.updates = []

    def call(self, _service, operation, /, **asked):
        self.calls[operation] += 1
        return getattr(self, operation)(asked)

    def ListTasks(self, _asked):
        return {"taskArns": [f"t/{n}" for n, _ in enumerate(self.begun)]}

    def DescribeTasks(self, _asked):
        return {
            "tasks": [
                {"taskArn": "t", "createdAt": at(created), "startedAt": at(started)}
                for created, started in self.begun
            ]
        }

    def DescribeServices(self, _asked):
        deployments = [{"createdAt": at(minutes)} for minutes in self.deployed]
        service = {"status": "ACTIVE", "deployments": deployments, "tags": self.tags}
        return {"services": [service]}

    def GetParameterHistory(self, _asked):
        return {"Parameters": self.history}

    def UpdateService(self, asked):
        self.updates.append(asked)
        return {}


def readers_of(ecs, **fields):
    resource = replace(Resource(API, SPEC), **fields)
    return PublishedReaders(
        ecs, PLATFORM.owner, StoppedClock(), lambda: {API: resource}
    )


def published(ecs):
    last = ecs.history[-1]
    return PublishedSet(
        tuple(last["Value"].split(",")), last["Version"], last["LastModifiedDate"]
    )


def holding(ecs, **fields):
    return readers_of(ecs, **fields).holding(PATH, published(ecs))


def test_a_task_holds_the_addresses_that_were_published_when_it_started():
    (reader,) = holding(Ecs((0, 1)))

    assert (reader.service, reader.held) == ("service/api", ("10.0.0.1",))


def test_a_task_that_started_after_the_change_holds_the_current_addresses():
    assert holding(Ecs((11, 12))) == ()


def test_the_oldest_task_counts_during_a_rollout():
    (reader,) = holding(Ecs((11, 12), (0, 1)))

    assert reader.held == ("10.0.0.1",)


def test_a_change_while_a_task_starts_leaves_both_addresses_possible():
    (reader,) = holding(Ecs((9, 11)))

    assert reader.held == ("10.0.0.1", "10.0.0.2")


def test_a_task_older_than_the_parameter_holds_none_of_its_addresses():
    assert holding(Ecs((-90, -80))) == ()


def test_the_first_version_of_a_parameter_takes_no_call():
    ecs = Ecs((0, 1))
    ecs.history = ecs.history[:1]

    assert holding(ecs) == ()
    assert not ecs.calls


def test_readers_that_have_restarted_take_no_further_call():
    ecs = Ecs((11, 12))
    readers = readers_of(ecs)
    for _ in range(2):
        readers.holding(PATH, published(ecs))
    ecs.calls.clear()

    assert readers.holding(PATH, published(ecs)) == ()
    assert not ecs.calls


def test_a_read_without_tasks_does_not_end_the_search_for_readers():
    ecs = Ecs()
    readers = readers_of(ecs)
    for _ in range(3):
        readers.holding(PATH, published(ecs))
    ecs.begun = ((0, 1),)

    assert [r.held for r in readers.holding(PATH, published(ecs))] == [("10.0.0.1",)]


def test_one_read_of_newer_tasks_does_not_end_the_search_for_readers():
    ecs = Ecs((11, 12))
    readers = readers_of(ecs)
    readers.holding(PATH, published(ecs))
    ecs.begun = ((0, 1),)

    assert [r.held for r in readers.holding(PATH, published(ecs))] == [("10.0.0.1",)]


@pytest.mark.parametrize(
    ("ecs", "fields", "allowed"),
    [
        (Ecs((0, 1)), {}, True),
        (Ecs((0, 1), deployed=(11,)), {}, False),
        (Ecs((0, 1), deployed=(0, 5)), {}, False),
        (Ecs((0, 1), tags=[]), {}, False),
        (Ecs((0, 1)), {"mode": Mode.OBSERVE}, False),
        (Ecs((0, 1)), {"suspend": Suspension("ops", "drill")}, False),
    ],
    ids=[
        "nothing forbids it",
        "a deployment began since the change",
        "a rollout is in progress",
        "the service lacks the tag of the owner",
        "the service is only observed",
        "the service is suspended",
    ],
)
def test_a_restart_needs_an_owned_service_without_a_newer_deployment(
    ecs, fields, allowed
):
    (reader,) = holding(ecs, **fields)

    assert reader.can_restart is allowed


def test_a_restart_replaces_the_tasks_of_the_running_revision():
    ecs = Ecs((0, 1))
    readers = readers_of(ecs)
    (reader,) = readers.holding(PATH, published(ecs))

    readers.restart(reader)

    assert ecs.updates == [
        {"cluster": SPEC.cluster, "service": SPEC.name, "forceNewDeployment": True}
    ]
