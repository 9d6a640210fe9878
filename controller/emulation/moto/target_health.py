"""DescribeTargetHealth with the results of real probes."""

from collections.abc import Callable
from typing import Any

from controller.emulation.ecs.effects import TargetRegistration
from controller.emulation.targets import TargetBoard, TargetHealth


def patch_target_health(board: TargetBoard) -> Callable[[], None]:
    """Make DescribeTargetHealth return the results of the target board.

    moto reports every registered target as healthy and removes a deregistered one at
    once; both hide failures and draining.

    Returns:
        Function that removes the patch.
    """
    from moto.elbv2.models import ELBv2Backend

    original = ELBv2Backend.describe_target_health

    def describe(
        backend: Any, target_group_arn: str, targets: list[dict[str, Any]]
    ) -> list[Any]:
        group = backend.target_groups.get(target_group_arn)
        if group is None or group.target_type != "ip":
            answer: list[Any] = original(backend, target_group_arn, targets)
            return answer
        board.step()
        healths = _requested(board, group, targets)
        return [_moto_health(target, health) for target, health in healths.items()]

    def undo() -> None:
        ELBv2Backend.describe_target_health = original

    ELBv2Backend.describe_target_health = describe
    return undo


def _requested(
    board: TargetBoard, group: Any, targets: list[dict[str, Any]]
) -> dict[TargetRegistration, TargetHealth]:
    if not targets:
        return board.of_group(group.arn)
    named = [
        TargetRegistration(group.arn, t["Id"], int(t.get("Port") or group.port))
        for t in targets
    ]
    return {target: board.health(target) for target in named}


def _moto_health(target: TargetRegistration, health: TargetHealth) -> Any:
    from moto.elbv2.models import FakeHealthStatus

    port = str(target.port)
    return FakeHealthStatus(
        target.address, port, port, health.state, health.reason, health.description
    )
