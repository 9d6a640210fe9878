"""Invalid fields are left out of an imported entry, and nothing else."""

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
