"""One kind on a real backend, reconciled pass by pass."""

from datetime import timedelta

from controller.clients.clock import SystemClock
from controller.core.document.platform import Platform
from controller.core.document.resource import Resource, ResourceId
from controller.core.planning.safety import SafetyLimits
from controller.core.resources.condition import ConditionType
from controller.engine.executor import Executor
from controller.engine.memory_without_store import NullMemory
from controller.engine.observer import Observer
from controller.engine.reconciler import Reconciler
from controller.kinds import discover
from tests.fakes.inline import InlinePool

KINDS = discover()
PLATFORM = Platform("hokusai", "local", "123456789012", "us-east-1")
MINUTE = timedelta(minutes=1)


class Remembering(NullMemory):
    """Says what an earlier pass saw undeclared, as a store would.

    Attributes:
        doomed: What was seen undeclared.
    """

    doomed: frozenset[ResourceId] = frozenset()

    def undeclared(self):
        """Return what was seen undeclared."""
        return self.doomed


class Machine:
    """Reconciles resources with drivers, and remembers nothing but conditions."""

    def __init__(self, drivers, forget=()):
        clock, pool, memory = SystemClock(), InlinePool(), Remembering()
        self.reconciler = Reconciler(
            {name: KINDS[name] for name in KINDS},
            Observer(drivers, pool, clock, forget=forget),
            Executor(drivers, memory, pool, clock),
            memory,
            clock,
        )

    def run(self, *resources, limits=None):
        """Do one pass and return its result."""
        desired = {resource.id: resource for resource in resources}
        return self.reconciler.run(desired, limits or SafetyLimits(), MINUTE)

    def settle(self, *resources, passes=6):
        """Do passes until nothing is left to do, and return the last result."""
        for _ in range(passes):
            result = self.run(*resources)
            if result.converged:
                break
        return result

    def ready(self, result, resource):
        return result.statuses[resource.id][ConditionType.READY]


def declared(kind, name, fields, **more):
    """Return a resource as the document would declare it."""
    of = KINDS[kind]
    spec = of.complete(name, of.spec.model_validate(fields), PLATFORM)
    needs = of.references(spec)
    generation = more.pop("generation", f"v1:{sorted(fields)}")
    return Resource(ResourceId(kind, name), spec, generation, depends_on=needs, **more)
