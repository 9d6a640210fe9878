"""moto's server application, quiet, serial and with our targets' health."""

import os
from collections.abc import Callable, Iterable
from threading import RLock
from typing import Any

from controller.emulation.ecs.effects import Target
from controller.emulation.targets import Health, TargetBoard

_START_RESPONSE = Callable[..., Any]


class MotoApplication:
    """Every AWS service but ECS. One request at a time: moto is not for threads."""

    def __init__(self, lock: RLock) -> None:
        # Without this, EC2's backend parses megabytes of machine images first.
        os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        from moto.moto_api._internal.models import moto_api_backend
        from moto.moto_server.werkzeug_app import (
            DomainDispatcherApplication,
            create_backend_app,
        )

        moto_api_backend.reset()
        self._application = DomainDispatcherApplication(create_backend_app)
        self._lock = lock

    def __call__(
        self, environ: dict[str, Any], start_response: _START_RESPONSE
    ) -> Iterable[bytes]:
        """Answer a request, the whole answer at once."""
        from werkzeug.test import run_wsgi_app

        with self._lock:
            body, status, headers = run_wsgi_app(
                self._application, environ, buffered=True
            )
            content = b"".join(body)
        start_response(status, list(headers))
        return [content]


def show_target_health(board: TargetBoard) -> None:
    """Have DescribeTargetHealth say what the probes say.

    moto calls every registered target healthy and forgets it when it is
    deregistered; both would hide what the tests are about.
    """
    from moto.elbv2.exceptions import TargetGroupNotFoundError
    from moto.elbv2.models import ELBv2Backend, FakeHealthStatus

    def describe_target_health(
        backend: Any, target_group_arn: str, targets: list[dict[str, Any]]
    ) -> list[Any]:
        group = backend.target_groups.get(target_group_arn)
        if group is None:
            raise TargetGroupNotFoundError
        if group.target_type != "ip":
            wanted = targets or list(group.targets.values())
            return [group.health_for(t, backend.ec2_backend) for t in wanted]
        board.step()
        healths = _wanted(board, group, targets)
        return [
            FakeHealthStatus(
                target.address,
                str(target.port),
                str(target.port),
                health.state,
                health.reason,
                health.description,
            )
            for target, health in healths.items()
        ]

    ELBv2Backend.describe_target_health = describe_target_health


def _wanted(
    board: TargetBoard, group: Any, targets: list[dict[str, Any]]
) -> dict[Target, Health]:
    if not targets:
        return board.of_group(group.arn)
    named = [
        Target(group.arn, t["Id"], int(t.get("Port") or group.port)) for t in targets
    ]
    return {target: board.health(target) for target in named}
