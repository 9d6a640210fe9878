"""An emulated AWS that shares its clock with the controller."""

from datetime import timedelta

from controller.core.resources.condition import ConditionType
from controller.kinds.service.driver import ServiceDriver
from tests.builders.emulated_service import World
from tests.builders.reconcile_loop import PLATFORM


class Timed(World):
    """A world whose controller lives by the platform's clock."""

    def __init__(self, server, runtime, clock):
        self.clock = clock
        super().__init__(server, runtime)

    def driver(self):
        return ServiceDriver(self.aws, PLATFORM, self.clock)

    def until_a_task_failed(self):
        """Let time pass until ECS counts a failure."""
        for _ in range(120):
            self.server.advance(timedelta(seconds=1))
            if self.service()["deployments"][0].get("failedTasks"):
                return
        raise AssertionError

    def tasks(self):
        """Return the tasks that run or start."""
        cluster = PLATFORM.cluster
        arns = self.aws.call("ecs", "ListTasks", cluster=cluster)["taskArns"]
        if not arns:
            return []
        return self.aws.call("ecs", "DescribeTasks", cluster=cluster, tasks=arns)[
            "tasks"
        ]

    def told(self, result):
        """Return what holds the service back, and the sentence about it."""
        (blocked,) = result.left.blocked
        return blocked.hold, blocked.message

    def ready(self, result):
        (conditions,) = result.statuses.values()
        return conditions[ConditionType.READY]

    def stalled(self, result):
        (conditions,) = result.statuses.values()
        return conditions[ConditionType.STALLED].status
