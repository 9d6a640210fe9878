"""What is seen of a service."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from controller.kinds.service.routes.state import RoutingState
from controller.kinds.service.state.images import Freshness

# The status of what a service left behind, or what was made for one that never was.
LEFTOVER = "LEFTOVER"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One of a service's deployments, in ECS's own words.

    Attributes:
        id: ``ecs-svc/…``.
        status: ``PRIMARY``, ``ACTIVE`` or ``INACTIVE``.
        rollout: ``IN_PROGRESS``, ``COMPLETED`` or ``FAILED``.
        reason: ECS's sentence about it.
        definition_arn: The task definition it rolls out.
        desired: Tasks it wants.
        running: Tasks that run.
        failed: Tasks that failed to start.
        pending: Tasks that start.
    """

    id: str
    status: str
    rollout: str
    reason: str
    definition_arn: str
    desired: int = 0
    running: int = 0
    failed: int = 0
    pending: int = 0


@dataclass(frozen=True, slots=True)
class ServiceDeployment:
    """A service deployment: ECS's record of one way from revision to revision.

    Attributes:
        arn: Its ARN.
        status: As in ``IN_PROGRESS``; API reference, ServiceDeployment.
        target: The deployment it works for, as in ``ecs-svc/…``.
        reason: ECS's sentence about it.
        stage: How far it has come, as in ``BAKE_TIME``.
        failures: Tasks that the circuit breaker has counted.
        threshold: At how many it trips; 0 if nobody says.
    """

    arn: str
    status: str
    target: str
    reason: str = ""
    stage: str = ""
    failures: int = 0
    threshold: int = 0


@dataclass(frozen=True, slots=True)
class Rejection:
    """A task definition that ECS gave up on, or that something keeps from it.

    Attributes:
        content: Hash of its canonical form.
        message: One sentence: what came of it, and why.
        deployment: The service deployment that failed; empty if none did.
        stopped: The revision that a failed step keeps from being rolled out; empty
            if none does.
    """

    content: str
    message: str
    deployment: str = ""
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class DiscoveryRegistration:
    """Who is registered in Cloud Map beside who runs.

    Attributes:
        stale: Registered addresses that no task has, seen in two looks: instance
            and address.
        missing: Addresses of tasks that run and are not registered, likewise.
        unseen: Why the last look failed; empty if it did not.
    """

    stale: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    unseen: str = ""


@dataclass(frozen=True, slots=True)
class ScalingState:
    """Between which numbers of tasks a service is kept."""

    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service as ECS tells of it.

    Attributes:
        arn: Its ARN.
        status: ``ACTIVE`` or ``DRAINING``; ``LEFTOVER`` if it is no service.
        definition: Canonical form of the task definition it is set to.
        definition_arn: ARN of that revision.
        settings: The service's own fields, as DescribeServices gives them.
        desired: Tasks wanted.
        running: Tasks that run.
        deployments: The newest first.
        discovery: Name of the Cloud Map service it registers with, if any.
        rejected: Definitions that ECS rolled back or gave up on, newest first.
        pending_step: Which step is to be run once more before what is declared, and for
            whom; empty if none is.
        problem: Why its tasks stop, if they do.
        crash_loop: How its tasks die again and again, though its rollout is over;
            empty if they do not.
        registered_by: Who registered the task definition it is set to.
        our_deployment: The deployment that we asked for last, as in ``ecs-svc/…``; empty if
            the service does not say.
        service_deployment: ECS's record of the deployment that is under way, or of ours if
            another one took its place.
        stalled_for: For how long the rollout has made no progress.
        not_serving: What does not serve yet, although ECS is done; see ``readiness``.
        settled: Whether ECS was done long enough ago for all to serve.
        routing: Its load balancers and target group; empty if it has no routes.
        registration: Who is registered under its name, if that was looked at.
        retention: How long its log group keeps logs, in days; 0 for ever, None if it
            is not ours or was not looked at.
        described: The task definition it is set to, in ECS's own words.
        managed: What the document settled when it was applied last; see ``released``.
        unseen: What else it settled, by what was written and is not to be seen yet.
        scaling: Between which numbers it is scaled; None if it is not.
        fresh: What its tags and secrets stand for by now.
        names: What the ids and ARNs in it are called, as far as that was seen.
        revision_tags: Tags of the task definition, if anybody speaks of them.
    """

    arn: str
    status: str
    definition: Mapping[str, Any]
    definition_arn: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    desired: int = 0
    running: int = 0
    deployments: tuple[Deployment, ...] = ()
    discovery: str | None = None
    rejected: tuple[Rejection, ...] = ()
    pending_step: str = ""
    problem: str = ""
    crash_loop: str = ""
    registered_by: str = ""
    our_deployment: str = ""
    service_deployment: ServiceDeployment | None = None
    stalled_for: timedelta = timedelta(0)
    not_serving: tuple[str, ...] = ()
    settled: bool = True
    routing: RoutingState = field(default_factory=RoutingState)
    registration: DiscoveryRegistration = field(default_factory=DiscoveryRegistration)
    retention: int | None = None
    managed: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    scaling: ScalingState | None = None
    described: Mapping[str, Any] = field(default_factory=dict)
    fresh: Freshness = field(default_factory=Freshness)
    names: Mapping[str, str] = field(default_factory=dict)
    revision_tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def primary(self) -> Deployment | None:
        """The deployment that ECS works towards."""
        return next((d for d in self.deployments if d.status == "PRIMARY"), None)

    @property
    def spoken_of(self) -> frozenset[str]:
        """What the document settled when it was applied last, to be seen or not."""
        return self.managed | self.unseen

    def registered_as(self, name: str | None) -> "ServiceState":
        """Return this state, registered in Cloud Map as ``name``."""
        return replace(self, discovery=name)
