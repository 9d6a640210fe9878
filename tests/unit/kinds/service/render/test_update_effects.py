"""Effects of changed fields, and the parameters of their update."""

from dataclasses import replace

import pytest

from controller.core.document.platform import Platform
from controller.core.document.resource import ResourceId
from controller.core.resources.plan import Action, Change, Effect, Reason, Verb
from controller.kinds.service import KIND
from controller.kinds.service.compare.diff import tags_by_key
from controller.kinds.service.compare.update import update_parameters
from controller.kinds.service.discovery.aws.cloud_map import CloudMap
from controller.kinds.service.normalize import canonical, managed_paths
from controller.kinds.service.render.fingerprint import unnamed_arns
from controller.kinds.service.render.service import creation, settings
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.render.update_effects import changed_fields
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
LATER = "in place, for tasks that start afterwards"
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/1"

# Field, a value, and what a change to it does to the tasks that run.
EFFECTS = [
    ("networkConfiguration", {"awsvpcConfiguration": {"subnets": ["s"]}}, "restart"),
    ("platformVersion", "1.4.0", "restart"),
    ("loadBalancers", [{"targetGroupArn": ARN, "containerPort": 80}], "restart"),
    ("serviceRegistries", [{"registryArn": "arn:registry"}], "restart"),
    ("serviceConnectConfiguration", {"enabled": True}, "restart"),
    ("volumeConfigurations", [{"name": "data"}], "restart"),
    (
        "vpcLatticeConfigurations",
        [{"roleArn": "r", "targetGroupArn": "t", "portName": "p"}],
        "restart",
    ),
    ("capacityProviderStrategy", [{"capacityProvider": "FARGATE_SPOT"}], "restart"),
    ("deploymentConfiguration", {"bakeTimeInMinutes": 5}, "in place"),
    ("deploymentController", {"type": "EXTERNAL"}, "in place"),
    ("availabilityZoneRebalancing", "DISABLED", "in place"),
    ("healthCheckGracePeriodSeconds", 90, "in place"),
    ("gatewayConnectors", [{"portName": "http"}], "in place"),
    (
        "monitoring",
        {"metricConfigurations": [{"metricNames": [], "resolutionSeconds": 20}]},
        "in place",
    ),
    ("tags", [{"key": "team", "value": "growth"}], "in place"),
    ("placementConstraints", [{"type": "distinctInstance"}], LATER),
    ("placementStrategy", [{"type": "random"}], LATER),
    ("enableExecuteCommand", True, LATER),
    ("enableECSManagedTags", True, LATER),
    ("propagateTags", "SERVICE", LATER),
    ("launchType", "EC2", "replace"),
    ("schedulingStrategy", "DAEMON", "replace"),
    ("role", "arn:aws:iam::123456789012:role/mine", "replace"),
]

# A volume and a port that fields of the service may name.
NAMED = {
    "volumes": [{"name": "data"}],
    "containerDefinitions": [
        {
            "name": "hokusai-api-development",
            "portMappings": [{"containerPort": 80, "name": "p"}],
        }
    ],
}


def spec(**fields) -> ServiceSpec:
    declared = {"image": "hokusai/api:1", "task": NAMED, **fields}
    return KIND.complete("api", ServiceSpec.model_validate(declared), PLATFORM)


def state(of: ServiceSpec, **live) -> ServiceState:
    definition = canonical(render(of))
    return ServiceState("arn", "ACTIVE", definition, "td:1", {**settings(of), **live})


@pytest.mark.parametrize(("field", "value", "effect"), EFFECTS)
def test_changing_a_field_does_what_aws_says_it_does(field, value, effect):
    declared = spec(service={field: value})

    changes = KIND.compare(declared, state(spec()))

    assert {change.effect for change in changes} == {Effect(effect)}
    assert all(change.path.startswith(f"service.{field}") for change in changes)


@pytest.mark.parametrize(("field", "value", "effect"), EFFECTS)
def test_an_update_sends_the_field_unless_none_can(field, value, effect):
    changes = KIND.compare(spec(service={field: value}), state(spec()))

    sent = changed_fields(changes)

    replaced = {c.path for c in changes} & KIND.immutable
    assert sent == (set() if replaced or field == "tags" else {field})
    assert bool(replaced) is (effect == "replace")


@pytest.mark.parametrize(("field", "value", "_effect"), EFFECTS)
def test_a_field_that_is_not_declared_is_not_managed(field, value, _effect):
    paths = [c.path for c in KIND.compare(spec(), state(spec(), **{field: value}))]

    ours = {"deploymentConfiguration"}
    assert paths == [] or field in ours


SPOT = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
MIXED = [*SPOT, {"capacityProvider": "FARGATE", "base": 1}]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({}, SPOT, id="to a strategy"),
        pytest.param({"capacityProviderStrategy": SPOT}, MIXED, id="within"),
        pytest.param({"capacityProviderStrategy": MIXED}, [], id="away, declared"),
        pytest.param({"capacityProviderStrategy": MIXED}, None, id="away, removed"),
    ],
)
def test_a_changed_capacity_provider_strategy_forces_a_deployment(before, after):
    """ECS refuses the update otherwise, and the running tasks are replaced."""
    declared = spec(
        service={} if after is None else {"capacityProviderStrategy": after}
    )
    word = {"capacityProviderStrategy"} if before else set()
    seen = replace(state(spec(), **before), managed=frozenset(word))

    changes = KIND.compare(declared, seen)
    action = Action(
        ResourceId("service", "api"), Verb.UPDATE, Reason.CHANGED, changes, declared
    )

    assert {change.effect for change in changes} == {Effect.RESTART}
    assert action.disruptive
    assert update_parameters(action, declared, "td:1") == {
        "capacityProviderStrategy": after or [],
        "forceNewDeployment": True,
    }


def test_other_changes_force_no_deployment():
    declared = spec(service={"enableExecuteCommand": True, "platformVersion": "1.4.0"})

    changes = KIND.compare(declared, state(spec()))
    action = Action(
        ResourceId("service", "api"), Verb.UPDATE, Reason.CHANGED, changes, declared
    )

    assert "forceNewDeployment" not in update_parameters(action, declared, "td:1")


def test_one_field_of_a_name_is_not_another_that_it_begins():
    change = Change("service.placementStrategy[0].type", "random", "spread")

    assert changed_fields([change]) == {"placementStrategy"}


def test_only_what_stops_something_is_disruptive():
    for field, value, effect in EFFECTS:
        changes = KIND.compare(spec(service={field: value}), state(spec()))
        action = Action(
            ResourceId("service", "api"), Verb.UPDATE, Reason.DRIFTED, changes
        )
        assert action.disruptive is (effect in {"restart", "replace"}), field


def test_an_empty_list_asks_for_nothing_to_be_there():
    live = {"loadBalancers": [{"targetGroupArn": ARN, "containerPort": 80}]}

    (change,) = KIND.compare(spec(service={"loadBalancers": []}), state(spec(), **live))

    assert change.path == "service.loadBalancers"
    assert change.after is None
    assert KIND.compare(spec(service={"loadBalancers": []}), state(spec())) == ()


def test_what_is_settled_is_spelled_as_in_changes():
    declared = spec(
        service={"tags": [{"key": "team", "value": "x"}], "loadBalancers": []},
    )

    paths = {*managed_paths(tags_by_key(settings(declared)))}

    assert paths == {
        "tags.team",
        "loadBalancers",
        "deploymentConfiguration.maximumPercent",
        "deploymentConfiguration.minimumHealthyPercent",
        "deploymentConfiguration.deploymentCircuitBreaker.enable",
        "deploymentConfiguration.deploymentCircuitBreaker.rollback",
    }


def test_a_number_of_tasks_in_awss_words_is_the_number_of_tasks():
    assert spec(service={"desiredCount": 3}).desired_count == 3
    assert "desiredCount" not in settings(spec(service={"desiredCount": 3}))


def test_a_new_service_runs_on_fargate_unless_it_says_where():
    spot = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    on_ec2 = {"requiresCompatibilities": ["EC2"], "networkMode": "bridge"}

    assert creation(spec())["launchType"] == "FARGATE"
    assert creation(spec(task=on_ec2))["launchType"] == "EC2"
    assert "launchType" not in creation(
        spec(service={"capacityProviderStrategy": spot})
    )


def test_without_an_address_of_its_own_a_task_has_no_network():
    network = {"subnets": ["subnet-1"]}
    bridge = {"networkMode": "bridge", "requiresCompatibilities": ["EC2"]}

    assert "networkConfiguration" in settings(spec(network=network))
    assert "networkConfiguration" not in settings(spec(network=network, task=bridge))


def test_a_daemon_is_made_without_a_number_of_tasks():
    assert creation(spec())["desiredCount"] == 1
    assert creation(spec(desired_count=3))["desiredCount"] == 3
    assert "desiredCount" not in creation(
        spec(service={"schedulingStrategy": "DAEMON"})
    )


class Namespaces:
    """Cloud Map, with one namespace, that counts how often it is asked."""

    def __init__(self):
        self.asked = 0

    def call(self, service, operation, **asked):
        assert (service, operation, asked) == (
            "servicediscovery",
            "GetNamespace",
            {"Id": "ns-1"},
        )
        self.asked += 1
        return {"Namespace": {"Name": "hokusai.local"}}


def test_a_namespace_is_asked_for_its_name_once_and_only_if_that_matters():
    arn = "arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-1"
    connect = {"enabled": True, "namespace": "hokusai.local"}
    of = spec(service={"serviceConnectConfiguration": connect})
    live = {"serviceConnectConfiguration": {**connect, "namespace": arn}}
    aws = Namespaces()
    cloud_map = CloudMap(aws)

    names = [
        {a: cloud_map.namespace_of(a) for a in unnamed_arns(of, live)} for _ in "ab"
    ]

    assert names[0] == names[1] == {arn: "hokusai.local"}
    assert aws.asked == 1
    assert unnamed_arns(of, {"serviceConnectConfiguration": connect}) == frozenset()
    assert unnamed_arns(spec(), live) == frozenset()
    assert KIND.compare(of, replace(state(of, **live), names=names[0])) == ()
    assert [c.path for c in KIND.compare(of, state(of, **live))] == [
        "service.serviceConnectConfiguration.namespace"
    ]
