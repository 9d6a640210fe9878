"""What each kind shows of one resource, and what its actions cost."""

from datetime import UTC, datetime

import pytest

from controller.core.document.platform import Platform
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import NotFoundError, PermanentError
from controller.core.models.registration import DUPLICATE_TAG, ModelVersion, TrainingRun
from controller.core.resources.cost import Cost, costs_of
from controller.core.resources.plan import Action, Change, Effect, Plan, Reason, Verb
from controller.kinds import discover
from controller.kinds.endpoint.state import EndpointState
from controller.kinds.experiment.state import ExperimentState
from controller.kinds.model.state import ModelState
from controller.kinds.service.queries.aws.details import ServiceDetails
from controller.kinds.webhook.state import DeliveryCounts, WebhookState

KINDS = discover()
PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
API = ResourceId("service", "api")
GROUP = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/api/0a1"


def spec_of(kind, **fields):
    found = KINDS[kind]
    return found.complete("api", found.spec.model_validate(fields), PLATFORM)


def service(**fields):
    return spec_of("service", **{"image": "api:1", "cpu": 256, "memory": 512, **fields})


def rows(sections):
    return {section.title: section.rows for section in sections}


def action(verb, *paths, desired=None, reason=Reason.DRIFTED, effect=Effect.IN_PLACE):
    changes = tuple(Change(path, "a", "b", effect) for path in paths)
    return Action(API, verb, reason, changes, desired)


class FakeAws:
    """Answers by operation; what has no answer is refused."""

    def __init__(self, **answers):
        self.answers = answers

    def call(self, service, operation, /, **parameters):
        answer = self.answers.get(operation)
        if answer is None:
            msg = f"{service}:{operation} was refused"
            raise PermanentError(msg)
        if isinstance(answer, Exception):
            raise answer
        return answer(parameters) if callable(answer) else answer


SERVICE = {
    "clusterArn": "arn:cluster/c",
    "serviceArn": "arn:service/c/api",
    "deployments": [],
    "loadBalancers": [{"targetGroupArn": GROUP}],
    "serviceRegistries": [{"registryArn": "arn:service/srv-1"}],
    "events": [{"createdAt": NOON, "message": "(service api) has begun."}],
}
TASK = {
    "taskArn": "arn:task/c/t1",
    "lastStatus": "STOPPED",
    "taskDefinitionArn": "arn:task-definition/api:3",
    "createdAt": NOON,
    "stoppedAt": NOON,
    "stopCode": "EssentialContainerExited",
    "stoppedReason": "Essential container in task exited",
    "containers": [{"name": "app", "exitCode": 137, "reason": "OutOfMemoryError"}],
}
ANSWERS = {
    "DescribeServices": {"services": [SERVICE]},
    "ListTasks": lambda asked: {
        "taskArns": ["t1"] if asked["desiredStatus"] == "STOPPED" else []
    },
    "DescribeTasks": {"tasks": [TASK]},
    "ListServiceDeployments": {"serviceDeployments": []},
    "DescribeTargetHealth": {
        "TargetHealthDescriptions": [
            {
                "Target": {"Id": "10.0.0.1", "Port": 80},
                "TargetHealth": {"State": "unhealthy", "Reason": "Target.Timeout"},
            }
        ]
    },
    "ListInstances": {
        "Instances": [{"Id": "t0", "Attributes": {"AWS_INSTANCE_IPV4": "10.0.0.9"}}]
    },
    "GetLogEvents": {
        "events": [{"timestamp": 0, "message": "postgresql://u:hunter22@db/x\n"}]
    },
}


def test_a_stopped_task_says_why_in_every_word_ecs_has():
    found = rows(ServiceDetails(FakeAws(**ANSWERS)).sections(service()))

    assert found["tasks"][0][-1] == (
        "EssentialContainerExited: Essential container in task exited,"
        " OutOfMemoryError, app exited with 137"
    )


def test_a_registration_without_a_task_behind_it_is_seen():
    found = rows(ServiceDetails(FakeAws(**ANSWERS)).sections(service()))

    assert found["registration"] == (("t0", "10.0.0.9", "none"),)
    assert found["target health"] == (
        ("api", "10.0.0.1", 80, "unhealthy", "Target.Timeout"),
    )


def test_a_log_line_shows_no_password():
    found = rows(ServiceDetails(FakeAws(**ANSWERS)).sections(service()))

    assert found["log"] == (("1970-01-01T00:00:00Z", "t1", "postgresql://***@db/x"),)


def test_what_is_refused_hides_nothing_else():
    answers = {k: v for k, v in ANSWERS.items() if k != "DescribeTargetHealth"}

    sections = ServiceDetails(FakeAws(**answers)).sections(service())

    problems = {s.title: s.problem for s in sections if s.problem}
    assert problems == {"target health": "elbv2:DescribeTargetHealth was refused"}


def test_a_task_that_never_wrote_has_no_log():
    answers = ANSWERS | {"GetLogEvents": NotFoundError("no such stream")}

    found = rows(ServiceDetails(FakeAws(**answers)).sections(service()))

    assert found["log"] == ()


def test_a_model_shows_its_versions_and_the_best_runs_first():
    spec = spec_of(
        "model",
        id="27",
        benchmark={"metric": "accuracy", "baseline": 0.6},
        versions=[{"select": {"experiment": "lead", "metric": "accuracy"}}],
        aliases={"production": "latest-passing"},
    )
    state = ModelState(
        aliases={"production": 1},
        versions=(
            ModelVersion("api", 1, "models:/m-1"),
            ModelVersion("api", 2, "models:/m-1", tags={DUPLICATE_TAG: "1"}),
        ),
        runs={
            "lead": (
                TrainingRun("r1", {"accuracy": 0.7}, ""),
                TrainingRun("r2", {"accuracy": 0.9}, "m"),
            )
        },
    )

    found = rows(KINDS["model"].details(spec, state))

    assert [row[0] for row in found["versions"]] == [2, 1]
    assert (found["versions"][0][-1], found["versions"][1][3]) == ("1", "production")
    assert [row[1] for row in found["runs"]] == ["r2", "r1"]


def test_an_endpoint_shows_every_address_and_who_says_so():
    publish = {"env": "FALLBACK", "publish": {"ssm": "/t/ip"}}
    spec = spec_of("endpoint", host="a.local", port=80, fallback=publish)
    state = EndpointState(("10.0.0.1",), kept=("10.0.0.2",), published=("10.0.0.1",))

    found = rows(KINDS["endpoint"].details(spec, state))

    assert found["addresses"] == (
        ("10.0.0.1", "dns", "yes"),
        ("10.0.0.2", "kept in the store", "no"),
        ("10.0.0.1", "published in /t/ip", "yes"),
    )
    assert found["probe"] == (("a.local:80", "ok"),)


def test_an_experiment_and_a_webhook_show_what_they_know():
    experiment = KINDS["experiment"].details(
        spec_of("experiment"), ExperimentState("7")
    )
    target = spec_of("webhook", url="https://a.example/h", secrets=[{"env": "S"}])
    state = WebhookState(
        "site", "r", NOON, deliveries=DeliveryCounts(delivered=3, dead=1)
    )

    assert rows(experiment)["experiment"][0] == ("id", "7")
    webhook = rows(KINDS["webhook"].details(target, state))
    assert webhook["target"] == (("https://a.example/h", 0, 0, 3, 1),)


@pytest.mark.parametrize(
    ("kind", "done", "cost"),
    [
        pytest.param(
            "service", action(Verb.CREATE, desired=service()), Cost(4, 0, 40), id="new"
        ),
        pytest.param(
            "service",
            action(Verb.CREATE, desired=service(discovery="api")),
            Cost(5, 0, 40),
            id="new and discovered",
        ),
        pytest.param(
            "service",
            action(Verb.UPDATE, "task.cpu", desired=service(), effect=Effect.RESTART),
            Cost(4, 1, 40),
            id="new revision",
        ),
        pytest.param(
            "service",
            action(Verb.UPDATE, "service.deploymentConfiguration.x", desired=service()),
            Cost(2, 0, 2),
            id="settings",
        ),
        pytest.param(
            "service",
            action(Verb.UPDATE, "ownership", desired=service()),
            Cost(1, 0, 2),
            id="tags only",
        ),
        pytest.param("service", action(Verb.DELETE), Cost(1, 1, 2), id="deletion"),
        pytest.param(
            "service",
            action(Verb.REPLACE, "x", desired=service()),
            Cost(5, 1, 40),
            id="replacement",
        ),
        pytest.param(
            "endpoint",
            action(Verb.UPDATE, "fallback.kept", "fallback.published"),
            Cost(1, 0, 1),
            id="keeping is ours",
        ),
        pytest.param(
            "model",
            action(Verb.UPDATE, "versions[0]", "aliases.p", reason=Reason.CHANGED),
            Cost(3, 0, 1),
            id="a stamp goes along",
        ),
        pytest.param("experiment", action(Verb.CREATE), Cost(1, 0, 1), id="experiment"),
        pytest.param(
            "webhook",
            action(Verb.ANNOUNCE, "announced.m/1", "stamped.m/0"),
            Cost(1, 0, 1),
            id="announcing is ours",
        ),
    ],
)
def test_what_an_action_costs(kind, done, cost):
    assert KINDS[kind].cost(done) == cost


def test_calls_add_up_and_time_runs_along_dependencies():
    mlflow, other = ResourceId("service", "mlflow"), ResourceId("service", "other")
    actions = tuple(
        Action(id_, Verb.CREATE, Reason.MISSING, desired=service())
        for id_ in (mlflow, other, API)
    )
    desired = {
        mlflow: Resource(mlflow, None),
        other: Resource(other, None),
        API: Resource(API, None, depends_on=frozenset({mlflow})),
    }

    found = costs_of(Plan(actions), KINDS, desired)

    assert found.total == Cost(12, 0, 80)
    assert found.by_target[other] == Cost(4, 0, 40)
