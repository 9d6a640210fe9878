"""A diff that never lies.

What ECS fills in and reorders is no difference, and every change is one.
"""

import copy

import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from controller.core.platform import Platform
from controller.emulation.clocks import SteppedClock
from controller.emulation.data import aws_fills
from controller.emulation.ecs import EcsSimulator, Timing
from controller.emulation.ecs.effects import NoEffects
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.kinds.service import KIND
from controller.kinds.service.canonical import canonical
from controller.kinds.service.settings import settings
from controller.kinds.service.spec import ServiceSpec
from controller.kinds.service.state import ServiceState
from controller.kinds.service.task_definition import render

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
SWITCHES = ("empty-lists", "breaker-thresholds", "propagate-tags",
            "documented-defaults", "log-secret-options")  # fmt: skip

words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
names = st.text("ABCDEFGHJKMNPQRSTUVWXYZ", min_size=1, max_size=6)
sizes = st.sampled_from([(256, 512), (512, 1024), (1024, 2048), (4096, 8192)])
ports = st.integers(1, 65_535)
digits = st.text("0123456789abcdef", min_size=8, max_size=8)
subnets = st.lists(digits.map("subnet-{}".format), min_size=1, max_size=3, unique=True)
groups = st.lists(digits.map("sg-{}".format), max_size=3, unique=True)


@st.composite
def declarations(draw):
    """Return a valid entry of ``services``."""
    cpu, memory = draw(sizes)
    environment = draw(st.dictionaries(names, words, max_size=6))
    secrets = draw(st.dictionaries(names.map(lambda n: f"S_{n}"), words, max_size=3))
    fields = {
        "image": f"hokusai/{draw(words)}:{draw(words)}",
        "cpu": cpu,
        "memory": memory,
        "environment": environment,
        "secrets": {name: {"ssm": f"/app/{path}"} for name, path in secrets.items()},
        "network": {
            "subnets": draw(subnets),
            "security_groups": draw(groups),
        },
        "deployment": {
            "minimum_healthy_percent": draw(st.sampled_from([0, 50, 100])),
            "maximum_percent": draw(st.sampled_from([150, 200])),
        },
    }
    if draw(st.booleans()):
        fields |= {"port": draw(ports), "health": {"path": f"/{draw(words)}"}}
    if draw(st.booleans()):
        fields["command"] = draw(st.lists(words, min_size=1, max_size=3))
    return fields


def spec_of(fields) -> ServiceSpec:
    return KIND.complete("api", ServiceSpec.model_validate(fields), PLATFORM)


def seen(spec: ServiceSpec, switches=()) -> ServiceState:
    """Return the service as ECS tells of it after it was made from ``spec``."""
    simulator = EcsSimulator(
        clock=SteppedClock(),
        runtime=ScriptedRuntime(),
        effects=NoEffects(),
        fills=aws_fills().with_switches(switches),
        timing=Timing.instant(),
    )
    simulator.call("CreateCluster", {"clusterName": spec.cluster})
    made = simulator.call("RegisterTaskDefinition", render(spec))
    arn = made["taskDefinition"]["taskDefinitionArn"]
    body = {**settings(spec), "cluster": spec.cluster, "serviceName": spec.name}
    simulator.call(
        "CreateService",
        {**body, "taskDefinition": arn, "desiredCount": 0, "launchType": "FARGATE"},
    )
    asked = {"cluster": spec.cluster, "services": [spec.name]}
    (service,) = simulator.call("DescribeServices", asked)["services"]
    told = simulator.call("DescribeTaskDefinition", {"taskDefinition": arn})
    return ServiceState(
        arn=service["serviceArn"],
        status=service["status"],
        definition=canonical(told["taskDefinition"]),
        definition_arn=arn,
        settings=service,
    )


def paths(fields, state: ServiceState) -> set[str]:
    return {change.path for change in KIND.compare(spec_of(fields), state)}


@tried(max_examples=40)
@given(declarations(), st.sets(st.sampled_from(SWITCHES)))
def test_what_was_just_applied_differs_in_nothing(fields, switches):
    assert paths(fields, seen(spec_of(fields), switches)) == set()


CHANGES = {
    "image": ("task.containers.hokusai-api-development.image", "hokusai/other:9"),
    "environment": (
        "task.containers.hokusai-api-development.environment",
        {"EDITED": "yes"},
    ),
    "secrets": (
        "task.containers.hokusai-api-development.secrets",
        {"EDITED": {"ssm": "/edited"}},
    ),
    "command": (
        "task.containers.hokusai-api-development.command",
        ["edited", "by", "hand", "now"],
    ),
    "architecture": ("task.runtimePlatform.cpuArchitecture", "ARM64"),
    "log_group": (
        "task.containers.hokusai-api-development.logConfiguration",
        "/edited",
    ),
    "roles": ("task.taskRoleArn", {"task": "arn:aws:iam::123456789012:role/edited"}),
    "network": ("service.networkConfiguration", {"subnets": ["subnet-edededed"]}),
    "desired_count": ("desired_count", 7),
    "discovery": ("discovery", "edited"),
}


@pytest.mark.parametrize("field", CHANGES)
@tried(max_examples=20)
@given(declarations())
def test_every_change_of_the_document_is_seen_at_its_path(field, fields):
    path, value = CHANGES[field]
    state = seen(spec_of(fields))

    edited = {**copy.deepcopy(fields), field: value}

    assert any(found.startswith(path) for found in paths(edited, state))


@given(declarations(), st.data())
def test_every_change_by_hand_is_seen(fields, data):
    spec = spec_of(fields)
    live = render(spec)
    (container,) = live["containerDefinitions"]
    edits = {
        "environment": [{"name": "BY_HAND", "value": "1"}],
        "user": "1000",
        "readonlyRootFilesystem": True,
        "image": "hokusai/by-hand:1",
        "cpu": 7,
        "stopTimeout": 5,
        "linuxParameters": {"initProcessEnabled": True},
    }
    field = data.draw(st.sampled_from(sorted(edits)))
    before = container.get(field)
    container[field] = (
        [*before, *edits[field]] if field == "environment" and before else edits[field]
    )

    state = ServiceState("arn", "ACTIVE", canonical(live), "td", settings(spec))

    found = paths(fields, state)
    assert any(field in path for path in found), found
