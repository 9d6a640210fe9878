"""Fields in AWS's spelling override the rendered ones."""

import pytest

from controller.core.document.platform import Platform
from controller.kinds.service import KIND
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.aws_fields import merged
from controller.kinds.service.spec.service import ServiceSpec

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
MAIN = "hokusai-api-development"


def spec(**fields) -> ServiceSpec:
    declared = {"image": "hokusai/api:1", "port": 8001, **fields}
    return KIND.complete("api", ServiceSpec.model_validate(declared), PLATFORM)


def containers(**fields):
    definition = render(spec(**fields))
    return {c["name"]: c for c in definition["containerDefinitions"]}


def test_a_field_of_a_task_definition_is_added():
    assert render(spec(task={"pidMode": "task"}))["pidMode"] == "task"


def test_a_map_merges_and_a_list_replaces():
    task = {"runtimePlatform": {"cpuArchitecture": "ARM64"}}
    compatible = {"requiresCompatibilities": ["EC2"]}

    definition = render(spec(task={**task, **compatible}))

    assert definition["runtimePlatform"] == {
        "cpuArchitecture": "ARM64",
        "operatingSystemFamily": "LINUX",
    }
    assert definition["requiresCompatibilities"] == ["EC2"]


def test_the_services_own_container_goes_by_the_services_name():
    task = {"containerDefinitions": [{"name": MAIN, "user": "1000"}]}

    (container,) = containers(task=task).values()

    assert (container["user"], container["image"]) == ("1000", "hokusai/api:1")


def test_a_container_of_another_name_is_a_sidecar():
    proxy = {"name": "proxy", "image": "envoy:1", "essential": False}

    found = containers(task={"containerDefinitions": [proxy]})

    assert found.keys() == {MAIN, "proxy"}
    assert found["proxy"] == proxy


def test_variables_merge_by_name():
    ours = {"name": MAIN, "environment": [{"name": "A", "value": "2"}]}

    found = containers(
        environment={"A": "1", "B": "1"}, task={"containerDefinitions": [ours]}
    )

    values = {v["name"]: v["value"] for v in found[MAIN]["environment"]}
    assert values == {"A": "2", "B": "1"}


def test_a_part_may_be_left_to_what_follows_from_the_rest():
    breaker = {"thresholdConfiguration": {"type": "COUNT", "value": 5}}
    how = {"deploymentCircuitBreaker": breaker}

    found = settings(spec(service={"deploymentConfiguration": how}))

    assert found["deploymentConfiguration"]["deploymentCircuitBreaker"] == {
        "enable": True,
        "rollback": True,
        "thresholdConfiguration": {"type": "COUNT", "value": 5},
    }


def test_a_network_gives_no_public_address_unless_it_says_so():
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}

    found = settings(spec(service={"networkConfiguration": network}))

    network = found["networkConfiguration"]["awsvpcConfiguration"]
    assert network == {"subnets": ["subnet-1"], "assignPublicIp": "DISABLED"}


def test_a_strategy_is_declared_with_its_steps():
    found = settings(spec(service={"deploymentConfiguration": {"strategy": "CANARY"}}))

    canary = found["deploymentConfiguration"]["canaryConfiguration"]
    assert canary == {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10}


def test_merging_changes_neither():
    base, over = {"a": [{"name": "x"}], "b": {"c": 1}}, {"b": {"d": 2}}

    whole = merged(base, over)
    whole["b"]["c"] = 9

    assert (base, over) == ({"a": [{"name": "x"}], "b": {"c": 1}}, {"b": {"d": 2}})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("service", {"deploymentConfiguration": {"alarms": {"enable": True}}}),
        ("task", {"proxyConfiguration": {"type": "APPMESH"}}),
        ("task", {"containerDefinitions": [{"name": "a", "image": "b:1",
                                            "healthCheck": {"retries": 2}}]}),
    ],
)  # fmt: skip
def test_a_required_field_that_no_other_field_implies_is_missing(field, value):
    with pytest.raises(ValueError, match="is missing"):
        spec(**{field: value})
