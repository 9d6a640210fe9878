"""Services as anybody may declare them, and as ECS describes them afterwards."""

from hypothesis import strategies as st

from controller.core.document.platform import Platform
from controller.emulation.clocks import SteppedClock
from controller.emulation.data import aws_fills
from controller.emulation.ecs import EcsSimulator, Timing
from controller.emulation.ecs.effects import NoEffects
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.kinds.service import KIND
from controller.kinds.service.normalize import (
    canonical,
)
from controller.kinds.service.render.service import creation
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import tags_of
from tests.laws.agreeing import agreeing
from tests.laws.own_words import containers, own_words

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
MAIN = "hokusai-api-development"
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
    body = {**creation(spec), "cluster": spec.cluster, "serviceName": spec.name}
    simulator.call("CreateService", {**body, "taskDefinition": arn, "desiredCount": 0})
    asked = {
        "cluster": spec.cluster,
        "services": [spec.name],
        "include": ["TAGS"],
    }
    (service,) = simulator.call("DescribeServices", asked)["services"]
    whole = {"taskDefinition": arn, "include": ["TAGS"]}
    told = simulator.call("DescribeTaskDefinition", whole)
    return ServiceState(
        arn=service["serviceArn"],
        status=service["status"],
        definition=canonical(told["taskDefinition"]),
        definition_arn=arn,
        settings=service,
        described=told["taskDefinition"],
        revision_tags=tags_of(told),
    )


@st.composite
def in_awss_words(draw):
    """Return a valid entry of ``services`` that says something in AWS's own words."""
    task = draw(own_words("task"))
    if draw(st.booleans()):
        task["containerDefinitions"] = draw(containers(MAIN))
    if draw(st.booleans()):
        task |= {"networkMode": "bridge", "requiresCompatibilities": ["EC2"]}
    service, fields = draw(own_words("service")), draw(declarations())
    if "port" in fields and "containerDefinitions" not in task:
        groups = draw(st.lists(words, max_size=2, unique=True))
        service["loadBalancers"] = [balanced(g, fields["port"]) for g in groups]
    agreeing(task, service, MAIN, fields.get("port"))
    return {**fields, "task": task, "service": service}


def balanced(group, port):
    start = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup"
    arn = f"{start}/{group}/1"
    return {"targetGroupArn": arn, "containerName": MAIN, "containerPort": port}
