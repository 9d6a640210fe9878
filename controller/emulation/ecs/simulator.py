"""Entry point of the simulated ECS."""

from collections import Counter
from collections.abc import Iterable, Iterator
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
from controller.emulation.ecs.lifecycle import advance, fail
from controller.emulation.ecs.operations import OPERATIONS, is_read
from controller.emulation.ecs.read_lag import ReadLag
from controller.emulation.ecs.runtime import Runtime
from controller.emulation.ecs.scheduler import schedule
from controller.emulation.ecs.state import Body, Cluster, World
from controller.emulation.ecs.throttle import Throttle
from controller.emulation.ecs.timing import Timing
from controller.emulation.step_failures import StepFailure


class EcsSimulator:
    """ECS of one account in one region.

    ``call`` carries out a request, ``step`` applies the effects of time. Neither waits.
    Not thread-safe: callers that share it hold a lock around both.

    Attributes:
        world: State of ECS; read-only for callers.
        faults: Injected faults, set by tests.
        throttle: Token buckets; disabled until rates are set.
        calls: Number of calls by operation, including refused ones.
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
        """Time for which reads do not return a write."""
        return self._lag.window

    @read_lag.setter
    def read_lag(self, window: timedelta) -> None:
        self._lag.window = window

    @property
    def fills_on(self) -> frozenset[str]:
        """Enabled switches of unconfirmed fills."""
        return self._context.fills.switched_on

    def switch_fills(self, on: Iterable[str]) -> None:
        """Enable exactly the given switches of unconfirmed fills."""
        fills = self._context.fills.with_switches(on)
        self._context = replace(self._context, fills=fills)

    def call(self, operation: str, body: Body) -> Body:
        """Carry out one request.

        Returns:
            The response, a copy that the caller may change.

        Raises:
            EcsError: ECS refuses the request.
            NoReplyError: A fault dropped the request or its response.
        """
        if operation not in OPERATIONS:
            raise unknown_operation(operation)
        self.calls[operation] += 1
        context = self._current_context()
        fault = self.faults.of_call(operation)
        self._apply_fault(operation, fault, context)
        answer = self._execute(operation, body, context)
        if fault is CallFault.LOST_REPLY:
            msg = f"the response to {operation} was lost"
            raise NoReplyError(msg)
        return answer

    def _apply_fault(
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

    def _execute(self, operation: str, body: Body, context: Context) -> Body:
        handle = OPERATIONS[operation]
        if is_read(operation):
            world = self._lag.visible(self.world, context.now)
        else:
            self._lag.record(self.world, context.now)
            world, body = self.world, copied(body)
        answer: Body = copied(handle(world, body, context))
        return answer

    def step(self) -> tuple[StepFailure, ...]:
        """Apply everything that is due.

        Returns:
            The tasks and services whose step failed. Such a task is stopped with the
            error as its reason; everything else goes on.
        """
        context = self._current_context()
        failures: list[StepFailure] = []
        for cluster in self.world.clusters.values():
            failures += self._step_cluster(cluster, context)
        return tuple(failures)

    def _step_cluster(
        self, cluster: Cluster, context: Context
    ) -> Iterator[StepFailure]:
        for task in list(cluster.tasks.values()):
            try:
                advance(task, context)
            except Exception as error:  # noqa: BLE001 - one task must not stop the others
                fail(task, error, context)
                yield StepFailure(task.arn, error)
        tasks = cluster.tasks_by_service()
        for service in cluster.services.values():
            try:
                if service.scheduled:
                    service_tasks = tasks.get(service.name, [])
                    schedule(self.world, cluster, service, service_tasks, context)
            except Exception as error:  # noqa: BLE001 - nor one service
                yield StepFailure(service.arn, error)
        for task in cluster.tasks.values():
            try:
                announce_task(task, context)
            except Exception as error:  # noqa: BLE001 - nor one event
                yield StepFailure(task.arn, error)
        _drop_expired(cluster, context)

    def _current_context(self) -> Context:
        self._context = self._context.at(self._clock.now())
        return self._context


def _drop_expired(cluster: Cluster, context: Context) -> None:
    """Remove stopped tasks and deleted services after their retention time."""
    timing = context.timing
    oldest_stop = context.now - timing.stopped_task_kept
    cluster.tasks = {
        id_: task
        for id_, task in cluster.tasks.items()
        if task.status != "STOPPED" or task.times["stoppedAt"] > oldest_stop
    }
    oldest_deletion = context.now - timing.inactive_service_kept
    cluster.services = {
        name: service
        for name, service in cluster.services.items()
        if service.inactive_since is None or service.inactive_since > oldest_deletion
    }
