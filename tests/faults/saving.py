"""A world between two passes, kept so that it can be gone back to."""

import pickle
from copy import copy
from dataclasses import dataclass
from typing import Any

from controller.engine.audit_trail import AuditTrail
from tests.fakes.sim_controller import SimController
from tests.faults.world import World


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A world between two passes.

    Attributes:
        store: All tables.
        parts: Everything else, pickled.
        index: Number of the next call.
    """

    store: bytes
    parts: bytes
    index: int


def saved(world: World) -> Snapshot:
    """Return the world as it is, with what its controller remembers."""
    controller = world.controller
    parts = (
        (world.time._now, world.clock.skew),
        (world.aws.ecs.whole(), world.aws.ecs.changed),
        [(shelf.things, shelf.changed) for shelf in world.aws.shelves],
        (world.mlflow.saved(), world.mlflow.changed),
        (world.dns.names, world.probe.dead, world.receivers, world.environ),
        (world.text, world.misread, world.misread_in, world.awaits, world.wish),
        (world.controllers, world.passes, world.wire.before),
        None if controller is None else _memory(controller),
    )
    return Snapshot(world.store.saved(), pickle.dumps(parts), world.wire.index)


def restored(world: World, snapshot: Snapshot) -> None:
    """Make ``world`` what it was, with the same calls ahead."""
    (
        (world.time._now, world.clock.skew),
        (ecs, world.aws.ecs.changed),
        shelves,
        (mlflow, world.mlflow.changed),
        (world.dns.names, world.probe.dead, receivers, environ),
        (world.text, world.misread, world.misread_in, world.awaits, world.wish),
        (world.controllers, world.passes, before),
        memory,
    ) = pickle.loads(snapshot.parts)  # noqa: S301 - our own bytes
    world.store.wire, world.store._clock = world.wire, world.clock
    world.store.fence(None)
    world.store.load(snapshot.store)
    world.aws.ecs.become(ecs)
    world.mlflow.load(mlflow)
    for shelf, (things, changed) in zip(world.aws.shelves, shelves, strict=True):
        shelf.things, shelf.changed = things, changed
    _refill(world.receivers, receivers)
    _refill(world.environ, environ)
    world.logs.clear()
    world.raced.clear()
    world.successor = None
    world.aws.ecs.wrongs.clear()
    world.wire.restart(snapshot.index, before)
    world.controller = None if memory is None else _reborn(world, memory)


def _refill(mapping: dict[str, Any], content: dict[str, Any]) -> None:
    mapping.clear()
    mapping.update(content)


def _memory(controller: SimController) -> dict[str, Any]:
    """Return all that a process knows and the store does not."""
    service: Any = controller.drivers["service"]
    return {
        "worker": controller.worker,
        "document": controller.document,
        "lease": controller.leader._lease,
        "failures": controller.reconciler.backoff._failures,
        "repairs": controller.reconciler.repairs,
        "statuses": controller.memory._statuses,
        "doomed": controller.memory._doomed,
        "unrecorded": controller.memory._unrecorded,
        "metadata": controller.metadata._hashes,
        "names": _names(service._cloud_map),
        "endpoints": _endpoints(controller),
        "registrar": _registrar(service),
        "definitions": service._ecs._definitions,
        "words": service._observer._stop_reasons._lines,
        "stopped": service._observer._stopped._known,
        "ended": service._observer._deployments._ended,
        "running": service._images._running,
        "mutable": service._images._registry._mutable,
        "settled": service._tags._settled,
        "absences of the hint": _hint(controller)._absences,
    }


def _reborn(world: World, memory: dict[str, Any]) -> SimController:
    document = memory["document"]
    # What is in the store is known from the snapshot, and need not be read again.
    read = copy(world.outside.memory)
    read.trail = AuditTrail(world.store)
    read._unrecorded = memory["unrecorded"]
    read._creations = {}
    controller = SimController(
        world.outside, document, memory["worker"], lease=memory["lease"], memory=read
    )
    controller.refence()
    service: Any = controller.drivers["service"]
    controller.reconciler.backoff._failures = memory["failures"]
    controller.reconciler.repairs = memory["repairs"]
    controller.memory._statuses = memory["statuses"]
    controller.memory._doomed = memory["doomed"]
    controller.metadata._hashes = memory["metadata"]
    _rename(service._cloud_map, memory["names"])
    endpoint: Any = controller.drivers["endpoint"]
    endpoint._answers, endpoint._differences, endpoint._readers._current = memory[
        "endpoints"
    ]
    for name, value in memory["registrar"].items():
        setattr(service._registrations, name, value)
    service._ecs._definitions = memory["definitions"]
    service._observer._stop_reasons._lines = memory["words"]
    service._observer._stopped._known = memory["stopped"]
    service._observer._deployments._ended = memory["ended"]
    service._images._running = memory["running"]
    service._images._registry._mutable = memory["mutable"]
    service._tags._settled = memory["settled"]
    _hint(controller)._absences = memory["absences of the hint"]
    return controller


def _names(reader: Any) -> tuple[Any, Any]:
    return reader._services, reader._namespaces


def _rename(reader: Any, names: tuple[Any, Any]) -> None:
    reader._services, reader._namespaces = names


def _endpoints(controller: SimController) -> tuple[Any, Any, Any]:
    """Return what the driver of endpoints remembers of earlier looks."""
    driver: Any = controller.drivers["endpoint"]
    return driver._answers, driver._differences, driver._readers._current


def _hint(controller: SimController) -> Any:
    return controller.drivers["hint"]


def _registrar(service: Any) -> dict[str, Any]:
    """Return what an earlier look found; the rest is looked at anew in each pass."""
    names = ("_read_all_at", "_previous", "_known", "_due", "_managed")
    return {name: getattr(service._registrations, name) for name in names}
