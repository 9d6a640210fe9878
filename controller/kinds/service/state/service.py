"""Observed state of a service."""

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
    """A deployment of a service; API reference, Deployment.

    Attributes:
        id: Id, as in ``ecs-svc/…``.
        status: ``PRIMARY``, ``ACTIVE`` or ``INACTIVE``.
        rollout: ``IN_PROGRESS``, ``COMPLETED`` or ``FAILED``.
        reason: Reason of the rollout state, from ECS.
        definition_arn: ARN of its task definition.
        desired: Desired number of tasks.
        running: Number of running tasks.
        failed: Number of tasks that failed to start.
        pending: Number of starting tasks.
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
    """A service deployment: ECS's record of one rollout.

    Attributes:
        arn: ARN.
        status: Status, as in ``IN_PROGRESS``; API reference, ServiceDeployment.
        target: Id of the deployment that it rolls out, as in ``ecs-svc/…``.
        reason: Reason of the status, from ECS.
        stage: Lifecycle stage, as in ``BAKE_TIME``.
        failures: Number of failures that the circuit breaker counted.
        threshold: Number of failures that trips the circuit breaker; 0 if unknown.
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
    """A task definition that must not be rolled out.

    Its rollout or a step before it failed, or it is on hold.

    Attributes:
        content: Hash of its canonical form.
        message: Result, cause and next command, in sentences.
        deployment: Id of the service deployment that failed; empty if none did.
        stopped: ARN of the revision that a failed step holds back; empty if none does.
    """

    content: str
    message: str
    deployment: str = ""
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class DiscoveryRegistration:
    """Registrations in Cloud Map compared with the running tasks.

    Attributes:
        stale: Instance and address of registrations without a task, in two reads.
        missing: Addresses of running tasks without a registration, in two reads.
        unseen: Reason why the last read failed; empty if it did not.
    """

    stale: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    unseen: str = ""


@dataclass(frozen=True, slots=True)
class ScalingState:
    """Minimum and maximum number of tasks of a scalable target."""

    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service with its rollout, tasks and facets.

    Attributes:
        arn: ARN.
        status: ``ACTIVE`` or ``DRAINING``; ``LEFTOVER`` for a leftover target group.
        definition: Canonical form of the deployed task definition.
        definition_arn: ARN of that revision.
        settings: Service from DescribeServices.
        desired: Desired number of tasks.
        running: Number of running tasks.
        deployments: Deployments, the newest first.
        discovery: Name of its Cloud Map service, if any.
        rejected: Task definitions that must not be rolled out, the newest first.
        pending_step: Sentence about a step that runs again before the declared revision;
            empty if there is none.
        problem: Reason why its tasks stop; empty if they do not.
        crash_loop: Message about a crash loop after the rollout; empty if there is none.
        registered_by: Principal that registered the deployed task definition.
        our_deployment: Deployment that the controller requested last, as in
            ``ecs-svc/…``; empty if no tag records it.
        service_deployment: Record of the current rollout, or of the controller's own if
            another deployment replaced it.
        stalled_for: Time since the rollout made progress.
        not_serving: Problems that keep its tasks from serving; see
            ``rollout.aws.readiness``.
        settled: True if the rollout ended, and the last task started, long enough ago
            for all targets to serve.
        routing: Load balancers and target group; empty without routes.
        registration: Registrations in Cloud Map, if they were read.
        retention: Retention of the log group in days; 0 is unlimited, None if it is not
            managed or was not read.
        described: Task definition from DescribeTaskDefinition.
        managed: Words for the fields declared when last applied, from a tag; see
            ``compare.removed_fields``.
        unseen: Further such words that were written and are not visible yet.
        scaling: Scalable target; None if there is none.
        fresh: Images and secret versions.
        names: Names of ids and ARNs in it, as far as they were read.
        revision_tags: Tags of the task definition, if they are managed.
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
        """The deployment that ECS rolls out or has completed."""
        return next((d for d in self.deployments if d.status == "PRIMARY"), None)

    @property
    def declared_words(self) -> frozenset[str]:
        """Words for the fields declared when last applied, visible in ECS or not."""
        return self.managed | self.unseen

    def registered_as(self, name: str | None) -> "ServiceState":
        """Return this state, registered in Cloud Map as ``name``."""
        return replace(self, discovery=name)
