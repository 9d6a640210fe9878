"""A reconciler of toys on a stepped clock."""

from controller.engine.backoff import Backoff
from controller.engine.executor import Executor
from controller.engine.memory_without_store import NullMemory
from controller.engine.observer import Observer
from controller.engine.reconciler import Reconciler
from tests.fakes.inline import InlinePool, SteppedClock
from tests.fakes.toy import KINDS


def reconciler(driver, clock=None, memory=None):
    clock, memory, pool = clock or SteppedClock(), memory or NullMemory(), InlinePool()
    drivers = {"toy": driver}
    return Reconciler(
        KINDS,
        Observer(drivers, pool, clock),
        Executor(drivers, memory, pool, clock),
        memory,
        clock,
        Backoff(),
    )
