"""DescribeTargetHealth, told by our probes instead of by moto."""

from collections.abc import Callable
from typing import Any

from controller.emulation.ecs.effects import TargetRegistration
from controller.emulation.targets import TargetBoard, TargetHealth


def show_target_health(board: TargetBoard) -> Callable[[], None]:
    """Have DescribeTargetHealth say what the probes say.

    moto calls every registered target healthy and forgets it when it is
    deregistered; both would hide what matters.

    Returns:
        What undoes it.
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
        wanted = _wanted(board, group, targets)
        return [_moto_health(target, health) for target, health in wanted.items()]

    def undo() -> None:
        ELBv2Backend.describe_target_health = original

    ELBv2Backend.describe_target_health = describe
    return undo


def _wanted(
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
