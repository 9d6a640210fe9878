"""The state of a world, as far as it decides what follows.

It leaves out numbers and history, and of times all but which side of now they are on:
nothing that is still to be decided depends on more.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from controller.core.dns.last_good import STEADY_FOR
from controller.kinds.service.compare.removed_fields import settled_words
from tests.fakes.sim_controller import SimController
from tests.faults.truth import plain_tags, tags_of
from tests.faults.world import CLUSTER, World

# Longer ago than whatever a decision looks back to.
_FORGOTTEN = timedelta(minutes=15)


def state_key(world: World, step: int) -> bytes:
    """Return a digest of all that decides what follows."""
    parts = (
        step,
        world.text,
        world.wish,
        world.clock.skew,
        _mlflow(world),
        [*_services(world)],
        _definitions(world),
        [sorted(shelf.things.items()) for shelf in world.aws.shelves],
        sorted(world.dns.names.items()),
        _process(world),
        _tables(world),
    )
    return hashlib.sha256(repr(parts).encode()).digest()


def _mlflow(world: World) -> Any:
    mlflow = world.mlflow
    return (
        [
            (e["name"], e["lifecycle_stage"], _tags(e))
            for e in mlflow.experiments.values()
        ],
        [
            (m["name"], m["description"], _tags(m), sorted(map(repr, m["aliases"])))
            for m in mlflow.models.values()
        ],
        [
            (v["name"], v["version"], v["source"], _tags(v))
            for of in mlflow.versions.values()
            for v in of.values()
        ],
        [
            (w["name"], w["url"], w["status"], w["secret"], w["description"])
            for w in mlflow.webhooks.values()
        ],
        sorted(mlflow.highest.items()),
        len(mlflow.runs),
    )


def _tags(thing: Any) -> list[tuple[str, str]]:
    return sorted(
        (key, "*" if "announced" in key else value)
        for key, value in tags_of(thing).items()
    )


def _services(world: World) -> Iterator[Any]:
    ecs = world.aws.ecs
    cluster = ecs.simulator.world.clusters[CLUSTER]
    for name, service in sorted(cluster.services.items()):
        tasks = cluster.tasks_of(service)
        yield (
            name,
            service.status,
            sorted(map(repr, service.fields.items())),
            service.desired,
            plain_tags(service),
            [
                (d.status, d.rollout_state, d.revision.fields["taskDefinition"])
                for d in service.deployments
            ],
            sorted((t.status, t.definition) for t in tasks if t.status != "STOPPED"),
            [_age(world, d.updated_at) for d in service.deployments],
            sorted({_age(world, t.created_at) for t in tasks}),
            [(r.status, r.target.fields["taskDefinition"]) for r in service.rollouts],
        )
    yield sorted(
        (task.group, task.status)
        for task in cluster.tasks.values()
        if task.service is None
    )
    for arn, instances in sorted(ecs.around.instances.items()):
        yield arn, sorted(instances.values())
    for arn, targets in sorted(ecs.around.targets.items()):
        yield arn, sorted(targets)


def _age(world: World, at: datetime) -> int:
    """Return how long ago something was by the controller's clock, as far as it counts.

    A clock that jumps makes what happened lie ahead, or be forgotten.
    """
    ago = world.clock.now() - at
    return -1 if ago < timedelta() else int(ago >= _FORGOTTEN)


def _definitions(world: World) -> Any:
    ecs = world.aws.ecs
    return [
        (d.arn, d.status, sorted(d.tags.items()), ecs.content(d.arn))
        for revisions in ecs.simulator.world.definitions.values()
        for d in revisions.values()
    ]


def _process(world: World) -> Any:
    """Return what the process remembers; how long ago does not matter."""
    controller = world.controller
    if controller is None:
        return None
    failures = controller.reconciler.backoff._failures
    return (
        controller.document.digest,
        sorted((str(id_), f.generation, f.count) for id_, f in failures.items()),
        sorted(
            (str(k), len(v)) for k, v in controller.reconciler.repairs.times.items()
        ),
        sorted(map(str, controller.memory._doomed)),
        controller.drivers["hint"]._absences,  # type: ignore[attr-defined]
        len(controller.memory._unrecorded),
        sorted(controller.metadata._hashes),
        [*_registrar(controller)],
        [*_endpoints(controller)],
        [*_settled(world, controller)],
    )


def _endpoints(controller: SimController) -> Iterator[Any]:
    """Yield what earlier looks at endpoints found, and which sets are steady."""
    driver: Any = controller.drivers["endpoint"]
    now = driver._clock.monotonic()
    for id_, (addresses, since) in sorted(driver._answers.items()):
        steady = timedelta(seconds=now - since) >= STEADY_FOR
        yield str(id_), sorted(addresses), steady
    yield sorted(driver._readers._current.items())
    for id_, differences in sorted(driver._differences.items()):
        yield str(id_), [(d.reason, d.addresses) for d in differences]


def _registrar(controller: SimController) -> Iterator[Any]:
    """Yield what an earlier look at registrations found amiss."""
    service: Any = controller.drivers["service"]
    registrar = service._registrations
    yield sorted(registrar._managed)
    yield sorted(registrar._previous)
    for name, register in sorted(registrar._previous.items()):
        if not register.is_consistent:
            yield name, sorted(register.stale), sorted(register.missing)


def _settled(world: World, controller: SimController) -> Iterator[Any]:
    """Yield what is known to be settled and is not to be seen."""
    service: Any = controller.drivers["service"]
    known = service._tags._settled
    for of in world.aws.ecs.simulator.world.clusters[CLUSTER].services.values():
        if more := known.get(of.arn, set()) - (settled_words(of.tags) or set()):
            yield of.name, sorted(more)
        forced, _ = service._tags._forced._last.get(of.arn, ("", 0))
        if forced and forced not in {deployment.id for deployment in of.deployments}:
            yield of.name, "forced"


_TABLES = (
    """select kind, name, type, status, reason, message, observed_generation
    from conditions order by 1, 2, 3""",
    "select kind, name from undeclared order by 1, 2",
    "select name, url, phase from webhook_targets order by 1",
    """select e.model, e.number, case d.sink when 'webhook' then d.target
    else d.sink || ':' || d.target end, d.state, d.attempts, d.claimed_by is null,
    d.cause, d.phase, e.id from deliveries d join webhook_events e
    on e.id = d.event_id order by 1, 2, 3""",
    "select host, addresses from last_addresses order by 1",
    """select model, number, source, status, token_symbol, baseline_metrics, metrics
    from model_metadata order by 1, 2""",
    # A creation that the next one may repeat.
    """select kind, name, generation from intents i where verb = 'create' and id =
    (select max(id) from intents j where j.kind = i.kind and j.name = i.name)
    order by 1, 2""",
)
_DELIVERIES = 3


def _tables(world: World) -> Any:
    found = [world.store._raw.execute(query).fetchall() for query in _TABLES]
    found[_DELIVERIES] = [
        (*row, id_ in world.receivers[row[2]].told) for *row, id_ in found[_DELIVERIES]
    ]
    return found
