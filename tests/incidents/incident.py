"""Read one folder of ``specs/incidents/``: a document, what was seen, the verdict.

``observed.json`` says of each resource ``"absent"``, ``{"unknown": why}``, or, of
what is there, how it differs from the declaration: see ``README.md`` beside them.
"""

import json
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from controller.core.document.resource import Resource, ResourceId
from controller.core.models.registration import ModelVersion
from controller.core.planning.preflight import Result, Results
from controller.core.resources.observation import (
    Absent,
    Observation,
    ObservedState,
    Present,
    Unknown,
)
from controller.core.values.identity import content_hash
from controller.kinds import discover
from controller.kinds.endpoint.state import EndpointState
from controller.kinds.service.normalize import canonical
from controller.kinds.service.preflight.catalog import results_of
from controller.kinds.service.preflight.facts import (
    Facts,
    SecurityGroup,
    SecurityGroupRule,
)
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.routes.attachment import entry
from controller.kinds.service.state.service import Deployment, Rejection, ServiceState
from controller.kinds.webhook.state import WebhookState
from controller.spec.document import Document, load
from tests.fakes.surroundings import REDIS_GROUP, all_well
from tests.incidents.routing import as_declared, group_arn, routing

FOLDERS = Path(__file__).parents[2] / "specs" / "incidents"
KINDS = discover()
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
_AROUND = frozenset({"gone", "redis"})
_ARN = "arn:aws:ecs:us-east-1:123456789012:task-definition/x:1"


@dataclass(frozen=True, slots=True)
class Incident:
    """One outage as a case.

    Attributes:
        folder: Where it is written down.
        observed: What was seen, by address.
        expected: The verdict; with ``xfail`` if the program is not there yet.
    """

    folder: Path
    observed: dict[str, Any]
    expected: dict[str, Any]

    @property
    def xfail(self) -> str | None:
        """Why the verdict is not reached yet; None if it is."""
        why: str | None = self.expected.get("xfail")
        return why

    def document(self) -> Document:
        """Return what was declared; raises SpecError."""
        file = str(self.folder / "hokusai.yaml")
        return load(file, environ={}, kinds=KINDS)

    def inspected(self, document: Document) -> Results:
        """Return what the checks say, of services whose surroundings are told of."""
        found: dict[ResourceId, tuple[Result, ...]] = {}
        for address, told in self.observed.items():
            id_ = ResourceId.parse(address)
            if id_.kind == "service" and _AROUND.intersection(told):
                spec = document.resources[id_].spec
                found[id_] = results_of(spec, _facts(spec, told))
        return found

    def seen(self, document: Document) -> ObservedState:
        """Return what was seen."""
        observations = {
            ResourceId.parse(address): _observation(
                document.resources[ResourceId.parse(address)], told
            )
            for address, told in self.observed.items()
        }
        return ObservedState(observations, NOW)


def incidents() -> list[Incident]:
    """Return every incident that is written down."""
    return [
        Incident(
            folder,
            json.loads((folder / "observed.json").read_text()),
            json.loads((folder / "expected.json").read_text()),
        )
        for folder in sorted(FOLDERS.iterdir())
        if folder.is_dir()
    ]


def _observation(resource: Resource[Any], told: Any) -> Observation:
    if told == "absent":
        return Absent()
    if "unknown" in told:
        return Unknown(told["unknown"])
    match resource.id.kind:
        case "service":
            return Present(_service(resource.spec, told))
        case "endpoint":
            fields: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in told.items()
            }
            return Present(EndpointState(**fields))
        case kind if kind == "webhook":
            versions = tuple(ModelVersion(**version) for version in told["versions"])
            return Present(WebhookState(resource.id.name, "r", NOW, versions))
        case kind:
            msg = f"observed.json cannot tell of a {kind} yet"
            raise ValueError(msg)


def _facts(spec: Any, told: dict[str, Any]) -> Facts:
    """Return the surroundings as they should be, but for what is ``told``."""
    facts = all_well(spec)
    gone = {name.partition(":")[2]: Absent() for name in told.get("gone", ())}
    redis = told.get("redis", {})
    admits = SecurityGroupRule(
        ports=(redis.get("port", 0), redis.get("port", 0)),
        groups=frozenset(redis.get("admits", ())),
    )
    group = Present(SecurityGroup("vpc-1", (admits,)))
    return replace(
        facts,
        parameters={**facts.parameters, **gone},
        groups={**facts.groups, **({REDIS_GROUP: group} if redis else {})},
    )


def _service(spec: Any, told: dict[str, Any]) -> ServiceState:
    """Return the service as declared, but for what is ``told``."""
    live = deepcopy(render(spec))
    container = live["containerDefinitions"][0]
    container["image"] = told.get("image", container["image"])
    environment = {e["name"]: e["value"] for e in container.get("environment", ())}
    environment |= told.get("environment", {})
    container["environment"] = [
        {"name": name, "value": value}
        for name, value in environment.items()
        if value is not None
    ]
    rollout = told.get("rollout", "COMPLETED")
    running = told.get("running", 1)
    primary = Deployment("ecs-svc/1", "PRIMARY", rollout, "", _ARN, 1, running)
    state = ServiceState(
        arn="arn",
        status="ACTIVE",
        definition=canonical(live),
        definition_arn=_ARN,
        settings=_settings(spec),
        desired=1,
        running=running,
        deployments=(primary,),
        discovery=told.get("discovery", spec.discovery),
        problem=told.get("problem", ""),
        routing=routing(spec, told["listeners"])
        if "listeners" in told
        else as_declared(spec),
    )
    if "rejected" in told:
        content = content_hash(canonical(render(spec)))
        state = replace(state, rejected=(Rejection(content, told["rejected"]),))
    return state


def _settings(spec: Any) -> dict[str, Any]:
    """Return the service's own fields as declared, in its target group."""
    if not spec.routes:
        return settings(spec)
    balancers = [entry(spec, group_arn(spec))]
    grace = {"healthCheckGracePeriodSeconds": spec.health.grace} if spec.health else {}
    return {**settings(spec), "loadBalancers": balancers, **grace}
