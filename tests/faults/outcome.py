"""What became of a world: the end of it, in a form that two runs share."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from controller.cli.exit_codes import Exit, of_plan
from controller.core.document.resource import ResourceId
from controller.core.resources.plan import Hold, Plan
from controller.core.values.identity import APPLIED_TAG, DEPLOYMENT_TAG
from tests.fakes.sim_faults import Call, Fault, FaultKind
from tests.faults.truth import (
    copies,
    marked,
    metadata_of_versions,
    originals,
    plain_tags,
    tags_of,
    told_rows,
)
from tests.faults.world import CLUSTER, World

Effects = Counter[tuple[str, str]]
_ANNOUNCED = "hokusai.ai/announced."
STAMPS = frozenset({APPLIED_TAG, DEPLOYMENT_TAG})


@dataclass(frozen=True, slots=True)
class Said:
    """What ``diff`` would have said of a plan.

    Attributes:
        code: By its exit status.
        verdicts: How many verdicts there were.
        unknown: Whether something could not be seen.
    """

    code: Exit
    verdicts: int
    unknown: bool

    @classmethod
    def of(cls, plan: Plan) -> "Said":
        """Return what is said of ``plan``."""
        unknown = any(blocked.hold is Hold.UNKNOWN for blocked in plan.blocked)
        return cls(of_plan(plan), len(plan.verdicts), unknown)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was to be seen of one pass.

    Attributes:
        planned: What was said of what was to be done; None if the pass broke off.
        unseen: What was left because it could not be seen, in words.
        ready: What was said to be ready.
        true: What was ready.
        touched_unknown: What was acted on without being seen.
        forbidden: What else was done that must not be, in words.
        writes: How many calls may have changed something.
        calls: How many there were, by operation.
        blinded: Whether a fault hid the truth from the controller.
        converged: Whether the pass said that all is done.
        unmarked: How many copies of versions were not marked by its end.
    """

    planned: Said | None
    unseen: tuple[str, ...]
    ready: frozenset[ResourceId]
    true: frozenset[ResourceId]
    touched_unknown: tuple[str, ...]
    forbidden: tuple[str, ...]
    writes: int
    calls: Mapping[str, int]
    blinded: bool
    converged: bool
    unmarked: int


@dataclass
class Run:
    """One plan, played to its end.

    Attributes:
        passes: What was seen of each, from the one with the first fault on.
        struck: Faults that happened, with their calls.
        took: Passes after the last fault until all was done; None for never.
        noisy: Writes in the three passes afterwards.
        effects: What was created, changed and deleted, and how often.
        end: How it all looks.
        problems: What was seen to be wrong on the way.
        leaks: Where a secret was found.
        told: How often each target heard of each event.
        rows: Every delivery: event, target, sink.
        step_ends: After how many passes each step had converged.
        last_step: The step it ended in.
        hit: Whether a fault struck in the last pass.
        calls: All calls until it had converged.
    """

    passes: list[Seen] = field(default_factory=list)
    struck: list[tuple[Fault, Call]] = field(default_factory=list)
    took: int | None = None
    noisy: int = 0
    effects: Effects = field(default_factory=Counter)
    end: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    told: dict[str, Counter[str]] = field(default_factory=dict)
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    step_ends: dict[int, int] = field(default_factory=dict)
    last_step: int = 0
    hit: bool = False
    calls: list[Call] = field(default_factory=list)

    def struck_by(self, *kinds: FaultKind) -> bool:
        """Whether one of ``kinds`` happened."""
        return any(fault.kind in kinds for fault, _ in self.struck)


def effects_of(world: World) -> Effects:
    """Return every change that was made so far."""
    total: Effects = Counter(world.aws.ecs.changed)
    for shelf in world.aws.shelves:
        total.update(shelf.changed)
    total.update(world.mlflow.changed)
    return total


def end_of(world: World, *, stamped: bool = True) -> dict[str, Any]:
    """Return how it all looks, without numbers and times.

    Args:
        world: Where to look.
        stamped: Whether services say what was applied last. What was rejected may
            have been stamped, or not: nobody repairs it.
    """
    return {
        "services": _services(world, stamped),
        "models": _models(world),
        "versions": sorted(
            (v["name"], v["source"], _plain_tags(v)) for v in originals(world)
        ),
        "metadata": metadata_of_versions(world),
        "experiments": sorted(
            (e["name"], e["lifecycle_stage"], _plain_tags(e))
            for e in world.mlflow.experiments.values()
        ),
        "hints": sorted(
            (w["name"], w["url"], w["status"], w["secret"])
            for w in world.mlflow.webhooks.values()
        ),
        "parameters": sorted(
            (name, repr(thing))
            for name, thing in world.aws.ssm.things.items()
            if name.startswith(("/", "tags of "))
        ),
        "log groups": sorted(
            (name, repr(sorted(thing.items())))
            for name, thing in world.aws.logs.things.items()
        ),
        "names": sorted(world.aws.map.things),
        "load balancing": sorted(
            (arn, repr(sorted(thing.items())))
            for arn, thing in world.aws.balancing.things.items()
        ),
        "deliveries": sorted(
            (row.target, row.model, _source(world, row), row.state)
            for row in told_rows(world)
        ),
    }


def _source(world: World, row: Any) -> str:
    version = world.mlflow.versions.get(row.model, {}).get(row.number)
    return version["source"] if version else "gone"


def unmarked(world: World) -> int:
    """Return how many copies do not say that they are, or are still active."""
    ecs = world.aws.ecs
    active = Counter(
        (family, ecs.content(definition.arn))
        for family, revisions in ecs.simulator.world.definitions.items()
        for definition in revisions.values()
        if definition.status == "ACTIVE"
    )
    versions = sum(not marked(version) for version in copies(world))
    return versions + sum(count - 1 for count in active.values())


def _services(world: World, stamped: bool) -> dict[str, Any]:
    ecs = world.aws.ecs
    cluster = ecs.simulator.world.clusters[CLUSTER]
    return {
        name: (
            service.status,
            ecs.content(service.fields["taskDefinition"]),
            service.desired,
            [t for t in plain_tags(service) if stamped or t[0] not in STAMPS],
            bool(service.fields.get("serviceRegistries")),
            [b["targetGroupArn"] for b in service.fields.get("loadBalancers", ())],
            sorted(ecs.definition(service.fields["taskDefinition"]).tags.items()),
        )
        for name, service in sorted(cluster.services.items())
        if service.status != "INACTIVE"
    }


def _models(world: World) -> list[Any]:
    found = []
    for name, model in sorted(world.mlflow.models.items()):
        of = world.mlflow.versions[name]
        aliases = {
            a["alias"]: of[int(a["version"])]["source"]
            if int(a["version"]) in of
            else "missing"
            for a in model["aliases"]
        }
        found.append((name, model["description"], _plain_tags(model), aliases))
    return found


def _plain_tags(thing: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sorted(
        (key, "*" if key.startswith(_ANNOUNCED) else value)
        for key, value in tags_of(thing).items()
    )
