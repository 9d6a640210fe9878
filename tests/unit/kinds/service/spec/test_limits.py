"""Limits of ECS are checked before any call."""

import pytest
from pydantic import ValidationError

from controller.kinds.service.spec.aws_schema import shapes
from controller.kinds.service.spec.limits import LIMITS, limit_violations
from controller.kinds.service.spec.service import ServiceSpec


def told(task=None, service=None):
    """Return path and message of all that is refused."""
    return {
        ".".join(map(str, mistake.path)): mistake.problem
        for mistake in limit_violations(task or {}, service or {})
    }


def container(**fields):
    return {"containerDefinitions": [{"name": "app"}, {"name": "side", **fields}]}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"stopTimeout": 121}, "stopTimeout"),
        ({"healthCheck": {"interval": 4}}, "healthCheck.interval"),
        ({"healthCheck": {"timeout": 61}}, "healthCheck.timeout"),
        ({"healthCheck": {"retries": 11}}, "healthCheck.retries"),
        ({"healthCheck": {"startPeriod": 301}}, "healthCheck.startPeriod"),
        ({"portMappings": [{"containerPort": 65_536}]}, "portMappings.0.containerPort"),
        (
            {"restartPolicy": {"restartAttemptPeriod": 59}},
            "restartPolicy.restartAttemptPeriod",
        ),
        ({"linuxParameters": {"swappiness": 101}}, "linuxParameters.swappiness"),
    ],
    ids=str,
)
def test_a_number_beyond_a_limit_is_reported_with_its_path(fields, path):
    found = told(container(**fields))

    assert [*found] == [f"task.containerDefinitions.1.{path}"]


def test_what_is_just_within_is_none_of_our_business():
    assert (
        told(
            container(
                stopTimeout=120,
                healthCheck={
                    "interval": 5,
                    "timeout": 60,
                    "retries": 1,
                    "startPeriod": 0,
                },
            )
            | {"ephemeralStorage": {"sizeInGiB": 21}},
            {
                "capacityProviderStrategy": [{"weight": 1000, "base": 100_000}],
                "placementStrategy": [{"type": "random"}] * 5,
                "loadBalancers": [],
            },
        )
        == {}
    )


def test_lists_and_texts_have_their_sizes_too():
    strategy = [{"type": "random"}] * 6
    tags = [{"key": "k" * 129, "value": "v" * 257}]

    found = told({"tags": tags}, {"placementStrategy": strategy})

    assert found == {
        "service.placementStrategy": "has 6 entries, which ECS refuses",
        "task.tags.0.key": "has 129 characters, which ECS refuses",
        "task.tags.0.value": "has 257 characters, which ECS refuses",
    }


def test_what_holds_on_fargate_alone_is_not_asked_of_others():
    task = {**container(stopTimeout=600), "requiresCompatibilities": ["EC2"]}

    assert told(task) == {}


def test_all_that_is_out_of_bounds_is_told_at_once():
    service = {"healthCheckGracePeriodSeconds": -1, "desiredCount": -1}
    written = {"image": "api:1", "service": service}

    with pytest.raises(ValidationError) as refused:
        ServiceSpec.model_validate(written)

    assert len(refused.value.errors()) == 2


def test_a_number_of_tasks_does_not_go_with_scaling_in_any_spelling():
    written = {
        "image": "api:1",
        "scaling": {"minimum": 1, "maximum": 4},
        "service": {"desiredCount": 2},
    }

    with pytest.raises(ValidationError, match="conflicts with scaling"):
        ServiceSpec.model_validate(written)


@pytest.mark.parametrize("bound", LIMITS, ids=lambda bound: bound.path)
def test_every_bound_is_on_a_field_that_there_is(bound):
    section, *way = bound.path.split(".")
    shape = shapes()[section]

    for step in way:
        shape = shape["list"] if step == "*" else shape["fields"][step]

    assert shape in ("whole", "number", "text") or "list" in shape
    assert bound.least <= bound.most
    assert bound.source
