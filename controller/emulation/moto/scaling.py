"""RegisterScalableTarget for the services of the simulated ECS."""

from collections.abc import Callable
from typing import Any

from controller.emulation.ecs.state import World


def patch_service_lookup(world: Callable[[], World]) -> Callable[[], None]:
    """Make Application Auto Scaling use the simulated ECS instead of moto's.

    Returns:
        Function that removes the patch.
    """
    from moto.applicationautoscaling.exceptions import AWSValidationException
    from moto.applicationautoscaling.models import ApplicationAutoscalingBackend

    original = ApplicationAutoscalingBackend._ecs_service_exists_for_target  # noqa: SLF001 - moto has no public hook

    def exists(_backend: Any, resource_id: str) -> bool:
        _, cluster, name = resource_id.split("/")
        found = world().clusters.get(cluster)
        service = found.services.get(name) if found else None
        if service is None or service.status != "ACTIVE":
            msg = f"ECS service doesn't exist: {resource_id}"
            raise AWSValidationException(msg)
        return True

    def undo() -> None:
        ApplicationAutoscalingBackend._ecs_service_exists_for_target = original  # noqa: SLF001

    ApplicationAutoscalingBackend._ecs_service_exists_for_target = exists  # noqa: SLF001
    return undo
