"""The one door into the simulated ECS."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from controller.core.clock import Clock
from controller.core.values.plain_data import copied
from controller.emulation.ecs.addresses import Addresses, SubnetAddresses
from controller.emulation.ecs.announcements import announce_task
from controller.emulation.ecs.context import Context
from controller.emulation.ecs.effects import Effects, NoEffects
from controller.emulation.ecs.errors import (
    NoReplyError,
    server_error,
    throttled,
    unknown_operation,
)
from controller.emulation.ecs.faults import CallFault, Faults, FaultyRuntime
from controller.emulation.ecs.fills import Fills
from controller.emulation.ecs.lifecycle import advance
from controller.emulation.ecs.operations import OPERATIONS, only_reads
from controller.emulation.ecs.read_lag import ReadLag
from controller.emulation.ecs.runtime import Runtime
from controller.emulation.ecs.scheduler import schedule
from controller.emulation.ecs.state import Body, Cluster, World
from controller.emulation.ecs.throttle import Throttle
from controller.emulation.ecs.timing import Timing


class EcsSimulator:
    """ECS for one account in one region.

    ``call`` answers requests, ``step`` lets time have its effect. Neither waits.
    Not safe for threads: whoever shares it holds a lock around both.

    Attributes:
        world: All that ECS knows; to be looked at, not changed.
        faults: The faults in force, to be set by tests.
        throttle: The token buckets; off until rates are given.
        calls: How often each operation was asked for, refused ones too.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        runtime: Runtime,
        effects: Effects | None = None,
        fills: Fills | None = None,
        timing: Timing | None = None,
        addresses: Addresses | None = None,
        account: str = "123456789012",
        region: str = "us-east-1",
        seed: str = "hokusai",
    ) -> None:
        self.world = World(seed=f"{seed}/{account}/{region}")
        self.faults = Faults()
        self.throttle = Throttle()
        self.calls: Counter[str] = Counter()
        self._clock = clock
        self._lag = ReadLag()
        self._context = Context(
            now=clock.now(),
            account=account,
            region=region,
            timing=timing or Timing(),
            fills=fills or Fills(),
            effects=effects or NoEffects(),
            runtime=FaultyRuntime(runtime, self.faults),
            addresses=addresses or SubnetAddresses(),
        )

    @property
    def read_lag(self) -> timedelta:
        """How long a write stays invisible to reads."""
        return self._lag.window

    @read_lag.setter
    def read_lag(self, window: timedelta) -> None:
        self._lag.window = window

    @property
    def fills_on(self) -> frozenset[str]:
        """The unconfirmed fills that are in force."""
        return self._context.fills.switched_on

    def switch_fills(self, on: Iterable[str]) -> None:
        """Have exactly these unconfirmed fills in force from now on."""
        fills = self._context.fills.with_switches(on)
        self._context = replace(self._context, fills=fills)

    def call(self, operation: str, body: Body) -> Body:
        """Carry out one request.

        Returns:
            The answer, a copy the caller may keep.

        Raises:
            EcsError: What ECS answers instead.
            NoReplyError: A fault swallowed the request or its answer.
        """
        if operation not in OPERATIONS:
            raise unknown_operation(operation)
        self.calls[operation] += 1
        context = self._at_present()
        fault = self.faults.of_call(operation)
        self._refuse(operation, fault, context)
        answer = self._carry_out(operation, body, context)
        if fault is CallFault.LOST_REPLY:
            msg = f"the answer to {operation} was lost"
            raise NoReplyError(msg)
        return answer

    def _refuse(
        self, operation: str, fault: CallFault | None, context: Context
    ) -> None:
        if fault is CallFault.TIMEOUT:
            msg = f"{operation} was lost"
            raise NoReplyError(msg)
        if fault is CallFault.SERVER_ERROR:
            raise server_error()
        admitted = self.throttle.admits(operation, context.now)
        if fault is CallFault.THROTTLE or not admitted:
            raise throttled()

    def _carry_out(self, operation: str, body: Body, context: Context) -> Body:
        handle = OPERATIONS[operation]
        if only_reads(operation):
            world = self._lag.visible(self.world, context.now)
        else:
            self._lag.before_write(self.world, context.now)
            world, body = self.world, copied(body)
        answer: Body = copied(handle(world, body, context))
        return answer

    def step(self) -> None:
        """Let everything happen that is due by now."""
        context = self._at_present()
        for cluster in self.world.clusters.values():
            self._step_cluster(cluster, context)

    def _step_cluster(self, cluster: Cluster, context: Context) -> None:
        for task in list(cluster.tasks.values()):
            advance(task, context)
        tasks = cluster.tasks_by_service()
        for service in cluster.services.values():
            if service.scheduled:
                own = tasks.get(service.name, [])
                schedule(self.world, cluster, service, own, context)
        for task in cluster.tasks.values():
            announce_task(task, context)
        _forget_the_past(cluster, context)

    def _at_present(self) -> Context:
        self._context = self._context.at(self._clock.now())
        return self._context


def _forget_the_past(cluster: Cluster, context: Context) -> None:
    """Drop stopped tasks and deleted services that nobody can describe any more."""
    timing = context.timing
    kept_since = context.now - timing.stopped_task_kept
    cluster.tasks = {
        id_: task
        for id_, task in cluster.tasks.items()
        if task.status != "STOPPED" or task.times["stoppedAt"] > kept_since
    }
    gone_before = context.now - timing.inactive_service_kept
    cluster.services = {
        name: service
        for name, service in cluster.services.items()
        if service.inactive_since is None or service.inactive_since > gone_before
    }
