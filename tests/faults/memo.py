"""What is known of the way from here: two runs that meet go on alike.

Most faults lead to one of few states. What follows from a state, once no fault is
to come, is played once and remembered. The state leaves out times, numbers and
history, on which nothing that is still to be decided depends; every so often a
remembered run is played all the same, and must come out as remembered.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.sim_controller import SimController
from tests.faults.outcome import Effects, Run, effects_of
from tests.faults.truth import plain_tags, tags_of
from tests.faults.world import CLUSTER, World

# One of so many remembered runs is played in full.
PROVED_EVERY = 25


@dataclass(frozen=True, slots=True)
class Tail:
    """What follows from a state.

    Attributes:
        run: The run it was seen in, ended.
        passes: How many of its passes came before.
        more: How many passes the present step took from there; None for never.
        last: Whether the present step was the last one.
        effects: What was changed from there on.
        told: How many events each target heard of from there on.
        rows: How many deliveries were recorded from there on.
    """

    run: Run
    passes: int
    more: int | None
    last: bool
    effects: Effects
    told: dict[str, int]
    rows: int


@dataclass
class Visit:
    """A run at one boundary, before it is known what follows."""

    key: bytes
    passes: int
    since: int
    step: int
    effects: Effects
    told: dict[str, int]
    rows: int


@dataclass
class Memo:
    """Tails by state, for one workload.

    Attributes:
        hits: How often one was used.
    """

    tails: dict[bytes, Tail] = field(default_factory=dict)
    hits: int = 0


def told_lengths(world: World) -> dict[str, int]:
    """Return how many events each target heard of."""
    return {name: len(r.told) for name, r in world.receivers.items()}


def effects_since(world: World, start: Effects) -> Effects:
    """Return what was changed since the workload began."""
    effects = effects_of(world)
    effects.subtract(start)
    return effects


def visited(world: World, run: Run, since: int, step: int, start: Effects) -> Visit:
    """Return where ``run`` is."""
    return Visit(
        state_key(world, step),
        len(run.passes),
        since,
        step,
        effects_since(world, start),
        told_lengths(world),
        _rows(world),
    )


def state_key(world: World, step: int) -> bytes:
    """Return a digest of all that decides what follows."""
    parts = (
        step,
        world.text,
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
        [*_registrar(controller)],
    )


def _registrar(controller: SimController) -> Iterator[Any]:
    """Yield what an earlier look at registrations found amiss."""
    service: Any = controller.drivers["service"]
    registrar = service._settling.registrar
    yield sorted(registrar._ours)
    yield sorted(registrar._seen)
    for name, register in sorted(registrar._seen.items()):
        if not register.in_order:
            yield name, sorted(register.stale), sorted(register.missing)


_TABLES = (
    """select kind, name, type, status, reason, message, observed_generation
    from conditions order by 1, 2, 3""",
    "select kind, name from undeclared order by 1, 2",
    "select name, url from webhook_targets order by 1",
    """select e.model, e.number, d.target, d.state, d.attempts,
    d.claimed_by is null, e.id from deliveries d join webhook_events e
    on e.id = d.event_id order by 1, 2, 3""",
    "select host, addresses from last_addresses order by 1",
)
_DELIVERIES = 3


def _tables(world: World) -> Any:
    found = [world.store._raw.execute(query).fetchall() for query in _TABLES]
    found[_DELIVERIES] = [
        (*row, id_ in world.receivers[row[2]].told) for *row, id_ in found[_DELIVERIES]
    ]
    return found


def _rows(world: World) -> int:
    query = "select count(*) from deliveries"
    count: int = world.store._raw.execute(query).fetchone()[0]
    return count


def remembered(memo: Memo, visits: list[Visit], run: Run) -> None:
    """Keep what followed from each place that ``run`` went through."""
    for visit in visits:
        if visit.key in memo.tails:
            continue
        effects = Counter(run.effects)
        effects.subtract(visit.effects)
        ends = run.step_ends
        here = ends.get(visit.step)
        memo.tails[visit.key] = Tail(
            run,
            visit.passes,
            None if here is None else here - visit.passes,
            run.last_step == visit.step,
            effects,
            {name: len(t) - visit.told[name] for name, t in run.told.items()},
            len(run.rows) - visit.rows,
        )


def completed(run: Run, visit: Visit, tail: Tail, bound: int) -> None:
    """Give ``run`` the end that is known to follow from where it is."""
    known = tail.run
    in_time = tail.more is not None and visit.since + tail.more <= bound
    if tail.last:
        run.took = (
            visit.since + tail.more if in_time and tail.more is not None else None
        )
    else:
        run.took = known.took if in_time else None
    shift = len(run.passes) - tail.passes
    for step, ended in known.step_ends.items():
        if step >= visit.step:
            run.step_ends[step] = ended + shift
    run.last_step = known.last_step
    run.passes += known.passes[tail.passes :]
    run.noisy = known.noisy
    run.effects = Counter(visit.effects)
    run.effects.update(tail.effects)
    run.end, run.leaks = known.end, [*run.leaks, *known.leaks]
    run.problems = [*run.problems, *known.problems]
    run.told = {
        name: Counter({str(n): 1 for n in range(visit.told[name] + more)})
        for name, more in tail.told.items()
    }
    run.rows = [("", "", str(n)) for n in range(visit.rows + tail.rows)]
