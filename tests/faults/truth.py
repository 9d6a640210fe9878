"""What is so in the world, told without the code that is on trial."""

import json
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import select

from controller.core.document.resource import Resource, ResourceId
from controller.core.models.registration import DUPLICATE_TAG, REGISTRATION_TAG
from controller.core.resources.driver import Applied, Progressing
from controller.core.values.identity import DEPLOYMENT_TAG, OWNER_TAG
from controller.emulation.ecs.state import Service, SimulatedTask
from controller.engine.reconciler import PassResult
from controller.store.tables import last_addresses
from tests.fakes.sim_mlflow import encrypted
from tests.faults.world import CLUSTER, World


def is_so(world: World, resource: Resource[Any]) -> bool:
    """Whether ``resource`` is there as declared and works."""
    checks = {
        "service": _service,
        "model": _model,
        "experiment": _experiment,
        "webhook": _webhook,
        "endpoint": _endpoint,
        "hint": _hint,
    }
    return checks[resource.id.kind](world, resource)


def _service(world: World, resource: Resource[Any]) -> bool:
    spec, ecs = resource.spec, world.aws.ecs
    cluster = ecs.simulator.world.clusters[CLUSTER]
    service = cluster.services.get(spec.name)
    if service is None or service.status != "ACTIVE" or service.primary is None:
        return False
    arn = service.primary.revision.fields["taskDefinition"]
    family, _, number = arn.rpartition("/")[2].partition(":")
    body = ecs.simulator.world.definitions[family][int(number)].body
    running = [t for t in cluster.tasks_of(service) if t.status == "RUNNING"]
    return (
        _image(world, spec, body) == spec.image
        and all(_fresh(world, spec, task) for task in running)
        and service.tags.get(OWNER_TAG) == spec.owner
        and service.primary.rollout_state == "COMPLETED"
        and len(running) >= service.desired
        and (not spec.discovery or bool(service.fields.get("serviceRegistries")))
        and _routed(world, spec, service.fields.get("loadBalancers", []))
    )


def _image(world: World, spec: Any, body: Mapping[str, Any]) -> str:
    """Return the image of a definition, by its tag if it is pinned to what that is."""
    image = str(body["containerDefinitions"][0]["image"])
    pin = f"{spec.image.rpartition(':')[0]}@{world.aws.ecr.digest_of(spec.image)}"
    return spec.image if spec.image_policy == "pin" and image == pin else image


def _fresh(world: World, spec: Any, task: SimulatedTask) -> bool:
    """Whether a task runs what its tag stands for, with the secrets of now."""
    there = world.aws.ecr.digest_of(spec.image)
    follows = spec.image_policy != "report" and bool(there)
    if follows and task.containers[0].digest != there:
        return False
    if not spec.restart_on_secret_change:
        return True
    stores = {"ssm": world.aws.ssm, "secretsmanager": world.aws.secrets}
    return all(
        stores[ref.store].made(ref.name.partition(":")[0]) < task.created_at.timestamp()
        for ref in spec.secrets.values()
    )


def _routed(world: World, spec: Any, joined: list[Mapping[str, Any]]) -> bool:
    """Whether the service is in its target group, and every route leads there."""
    balancing = world.aws.balancing
    groups = {g["TargetGroupName"]: g["TargetGroupArn"] for g in balancing.groups()}
    group = groups.get(spec.target_group)
    inside = group in {entry["targetGroupArn"] for entry in joined}
    lead = {
        (
            balancing.things[rule["ListenerArn"]]["Port"],
            *(
                value
                for condition in rule["Conditions"]
                for key, config in condition.items()
                if key.endswith("Config")
                for value in config["Values"]
            ),
        )
        for rule in balancing.rules()
        if rule["Actions"][0]["TargetGroupArn"] == group
    }
    if not spec.routes:
        return not inside and not lead
    asked = {
        (port, route.host, route.path)
        for route in spec.routes
        for port in route.listeners
    }
    return inside and asked == lead


def _model(world: World, resource: Resource[Any]) -> bool:
    spec, mlflow = resource.spec, world.mlflow
    model = mlflow.models.get(spec.name)
    if model is None or spec.description not in {"", model["description"]}:
        return False
    versions = mlflow.versions[spec.name]
    sources = {version["source"] for version in versions.values()}
    declared = {v.source for v in spec.versions if v.source}
    aliases = {a["alias"]: int(a["version"]) for a in model["aliases"]}
    return declared <= sources and all(
        _aliased(world, spec.name, aliases.get(alias), target)
        for alias, target in spec.aliases.items()
    )


def _aliased(world: World, model: str, number: int | None, target: Any) -> bool:
    """Return whether an alias may point to ``number``: approved, if it must be."""
    if isinstance(target, int):
        return number == target
    if isinstance(target, str):
        return number in world.mlflow.versions[model]
    return number in _approved(world, model)


def _approved(world: World, model: str) -> set[int]:
    """Return the versions of ``model`` whose approval is stored."""
    query = "select number from approvals where model = ?"
    return {number for (number,) in world.store._raw.execute(query, (model,))}


def _experiment(world: World, resource: Resource[Any]) -> bool:
    spec = resource.spec
    return any(
        e["name"] == spec.name
        and e["lifecycle_stage"] == "active"
        and spec.tags.items() <= tags_of(e).items()
        for e in world.mlflow.experiments.values()
    )


def _webhook(world: World, resource: Resource[Any]) -> bool:
    """Return whether the target has heard of every version once it must."""
    receiver = world.receivers[resource.id.name]
    told = receiver.told
    formats = {payload == "cloudevents" for payload in receiver.payloads}
    if any((b"specversion" in b) not in formats for b in receiver.bodies.values()):
        return False
    rows = [row for row in told_rows(world) if row.target == resource.id.name]
    queue = world.receivers[f"redis:{resource.id.name}"].told
    sent = [r for r in rows if r.sink == "redis" and r.state == "delivered"]
    # An event about a resource is recorded with the conditions of its pass.
    due = [row for row in rows if row.state != "dead" and row.number]
    heard = all(row.event_id in told for row in due)
    return (
        heard
        and all(row.event_id in queue for row in sent)
        and (
            resource.spec.announce != "all"
            or "model.registered" not in resource.spec.events
            or {(row.model, row.number) for row in rows}
            >= {(v["name"], int(v["version"])) for v in originals(world)}
        )
    )


def _hint(world: World, resource: Resource[Any]) -> bool:
    """Return whether MLflow has the one webhook, with the secret of now."""
    return [
        (w["name"], w["url"], w["secret"], w["status"], len(w["events"]))
        for w in world.mlflow.webhooks.values()
    ] == [
        (
            "hokusai.development.hint",
            resource.spec.url,
            encrypted(world.environ["HINT_SECRET"]),
            "ACTIVE",
            3,
        )
    ]


def _endpoint(world: World, resource: Resource[Any]) -> bool:
    spec = resource.spec
    found = world.dns.lookup(spec.host)
    publish = spec.fallback.publish if spec.fallback else None
    published = publish.ssm if publish else None
    with world.store._engine.connect() as connection:
        kept = connection.scalar(
            select(last_addresses.c.addresses).where(last_addresses.c.host == spec.host)
        )
    value = world.aws.ssm.things.get(published, "") if published else ""
    return bool(found) and all(
        (
            _works(world, kept or ()),
            published is None or _works(world, value.split(",")),
            not world.probe.dead.issuperset(found),
        )
    )


def _works(world: World, recorded: Collection[str]) -> bool:
    """Whether a set can stand in for DNS: one of its addresses answers."""
    return not world.probe.dead.issuperset({*recorded} - {""})


def originals(world: World) -> Iterator[Mapping[str, Any]]:
    """Yield the versions that repeat no lower one."""
    for of in world.mlflow.versions.values():
        known: set[str] = set()
        for number in sorted(of):
            hash_ = tags_of(of[number]).get(REGISTRATION_TAG)
            if hash_ is None or hash_ not in known:
                yield of[number]
            if hash_ is not None:
                known.add(hash_)


def copies(world: World) -> Iterator[Mapping[str, Any]]:
    """Yield the versions that repeat a lower one."""
    first = {(v["name"], v["version"]) for v in originals(world)}
    for of in world.mlflow.versions.values():
        for version in of.values():
            if (version["name"], version["version"]) not in first:
                yield version


class Told(NamedTuple):
    """A delivery and the version it tells of."""

    event_id: str
    target: str
    sink: str
    state: str
    model: str
    number: int


_TOLD = """select d.event_id, d.target, d.sink, d.state, e.model, e.number
    from deliveries d join webhook_events e on e.id = d.event_id order by d.id"""


def told_rows(world: World) -> list[Told]:
    """Return every delivery with the version it tells of."""
    return [Told(*row) for row in world.store._raw.execute(_TOLD)]


def tags_of(thing: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of something in MLflow."""
    return {tag["key"]: tag["value"] for tag in thing["tags"]}


# Which deployment they follow, and when, differs from run to run.
_MARKS = frozenset({"hokusai.ai/digest", "hokusai.ai/secrets"})
_MOMENTS = frozenset(
    {"hokusai.ai/restarted", "hokusai.ai/restarted-after", "hokusai.ai/retried"}
)


def plain_tags(service: Service) -> list[tuple[str, str]]:
    """Return a service's tags; of its deployment, whether it is the present one."""
    primary = service.primary
    return sorted(
        (key, str(primary is not None and value == primary.id))
        if key == DEPLOYMENT_TAG
        else (key, _lasting(key, value))
        for key, value in service.tags.items()
    )


def _lasting(key: str, value: str) -> str:
    if key in _MOMENTS:
        return "*"
    return value.partition("/")[0] if key in _MARKS else value


def marked(version: Mapping[str, Any]) -> bool:
    """Whether a version says that it repeats another."""
    return DUPLICATE_TAG in tags_of(version)


def ready_ids(world: World) -> set[ResourceId]:
    """Return what of the document is as declared."""
    declared = world.intended().resources
    return {id_ for id_, resource in declared.items() if is_so(world, resource)}


def existing(world: World) -> set[ResourceId]:
    """Return what is declared and there, working or not."""
    cluster = world.aws.ecs.simulator.world.clusters[CLUSTER]
    services = {n for n, s in cluster.services.items() if s.status != "INACTIVE"}
    experiments = {e["name"] for e in world.mlflow.experiments.values()}
    there = {
        "service": services,
        "model": set(world.mlflow.models),
        "experiment": experiments,
    }
    return {
        id_
        for id_, resource in world.intended().resources.items()
        if id_.kind in there and resource.spec.name in there[id_.kind]
    }


def working_needs(world: World) -> set[ResourceId]:
    """Return what others depend on and works."""
    declared = world.intended().resources
    needs = {need for resource in declared.values() for need in resource.depends_on}
    return {n for n in needs & declared.keys() if is_so(world, declared[n])}


def too_early(
    world: World, result: PassResult, working: Collection[ResourceId]
) -> Iterator[str]:
    """Yield what was done before what it depends on worked."""
    declared = world.intended().resources
    for id_, outcome in result.outcomes.items():
        if id_ not in declared or not isinstance(outcome, Applied | Progressing):
            continue
        for need in declared[id_].depends_on & declared.keys():
            said = isinstance(result.outcomes.get(need), Applied)
            if need not in working and not (said and is_so(world, declared[need])):
                yield f"{id_} was acted on before {need} worked"


def ambiguous_events(world: World) -> Iterator[str]:
    """Yield the versions that are told of by more than one id."""
    ids: dict[tuple[str, int], set[str]] = {}
    for row in told_rows(world):
        if row.number == 0:
            # Events about a resource: each has an id of its own.
            continue
        ids.setdefault((row.model, row.number), set()).add(row.event_id)
    for (model, number), known in sorted(ids.items()):
        if len(known) > 1:
            yield f"version {number} of {model} is told of by {len(known)} ids"


def audit_problems(world: World) -> Iterator[str]:
    """Yield the ended actions without one audit row of the same outcome.

    Actions that wait for the same step have one row for all of them.
    """
    query = "select id, details, outcome, previous, hash from audit_log order by id"
    rows = world.store._raw.execute(query).fetchall()
    if [row[0] for row in rows] != [*range(1, len(rows) + 1)]:
        yield "the audit log has a gap"
    if any(after[3] != before[4] for before, after in pairwise(rows)):
        yield "the audit log has a row that does not follow the one before"
    told: dict[int | None, list[str]] = {}
    for _, details, outcome, _, _ in rows:
        told.setdefault(json.loads(details).get("intent"), []).append(outcome)
    query = "select id, verb, name, outcome, ended is null from intents order by id"
    for id_, verb, name, outcome, is_open in world.store._raw.execute(query):
        expected = [] if is_open else [outcome]
        if told.get(id_, []) != expected and outcome != "Waiting":
            yield f"{verb} {name} has the audit rows {told.get(id_, [])}, not {expected}"


def metadata_of_versions(world: World) -> list[str]:
    """Return the versions whose stored metadata is missing, outdated or left behind."""
    query = "select model, number, created_ms, source, status from model_metadata"
    stored = {tuple(row) for row in world.store._raw.execute(query).fetchall()}
    live = {
        (
            version["name"],
            int(version["version"]),
            int(version["creation_timestamp"]),
            version["source"],
            version.get("status", "READY"),
        )
        for of in world.mlflow.versions.values()
        for version in of.values()
    }
    return sorted(f"{name}/{number}" for name, number, *_ in stored ^ live)
