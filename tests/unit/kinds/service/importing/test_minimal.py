"""Invalid fields are left out of an imported entry, and nothing else."""

import pytest

from controller.core.document.platform import Platform
from controller.kinds.service.importing.minimal import valid

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")


def test_only_invalid_fields_are_left_out():
    fields = {
        "image": "hokusai/api:1",
        "port": 8001,
        "environment": {"DB_HOST": "10.0.0.7", "MODE": "fast"},
        "log_group": "/ecs/api",
    }

    left = valid("api", fields, PLATFORM)

    assert left == {**fields, "environment": {"MODE": "fast"}}


def test_a_mistake_that_only_the_complete_service_shows_is_left_out():
    """The second stage of validation has errors of its own."""
    waits = {"dependsOn": [{"containerName": "missing", "condition": "START"}]}
    sidecar = {"name": "sidecar", "image": "x:1", "essential": False, **waits}
    unnamed = {"name": "no-image", "essential": False}
    fields = {
        "image": "hokusai/api:1",
        "port": 8001,
        "task": {"containerDefinitions": [sidecar, unnamed]},
    }

    left = valid("api", fields, PLATFORM)

    (kept,) = left["task"]["containerDefinitions"]
    assert kept["name"] == "sidecar"
    assert (left["image"], left["port"]) == ("hokusai/api:1", 8001)


def test_an_entry_without_a_valid_field_is_refused():
    with pytest.raises(ValueError, match="no part of it is valid"):
        valid("api", {"image": ""}, PLATFORM)


def test_a_network_that_the_mode_of_the_task_does_not_have_is_left_out():
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    fields = {
        "image": "hokusai/api:1",
        "network": {"subnets": ["subnet-1"]},
        "task": {"networkMode": "bridge", "requiresCompatibilities": ["EC2"]},
        "service": {"networkConfiguration": network},
    }

    assert valid("api", fields, PLATFORM)["image"] == "hokusai/api:1"
