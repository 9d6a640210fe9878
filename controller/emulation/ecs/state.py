"""State of the simulated ECS: plain data, changed in place.

Stale reads use a deep copy of an earlier world.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeAlias

Body: TypeAlias = dict[str, Any]
Tags: TypeAlias = dict[str, str]


@dataclass(slots=True)
class Definition:
    """A revision of a task definition; ``body`` is in the form of the API."""

    family: str
    revision: int
    arn: str
    body: Body
    registered_at: datetime
    status: str = "ACTIVE"
    deregistered_at: datetime | None = None
    tags: Tags = field(default_factory=dict)


@dataclass(slots=True)
class Container:
    """A container of a task."""

    name: str
    arn: str
    definition: Body
    digest: str = ""
    status: str = "PENDING"
    exit_code: int | None = None
    reason: str | None = None
    health: str = "UNKNOWN"
    failed_checks: int = 0
    checking: bool = False
    next_check: datetime | None = None

    @property
    def essential(self) -> bool:
        """True if the task ends when this container ends."""
        return bool(self.definition.get("essential", True))

    @property
    def health_check(self) -> Body | None:
        """Health check of the container, or None."""
        check: Body | None = self.definition.get("healthCheck")
        return check


@dataclass(slots=True)
class SimulatedTask:
    """A task, from its placement until the end of its retention time."""

    id: str
    arn: str
    cluster: str
    definition: str
    containers: list[Container]
    group: str
    started_by: str | None
    created_at: datetime
    status_since: datetime
    request: Body = field(default_factory=dict)
    service: str | None = None
    status: str = "PROVISIONING"
    desired_status: str = "RUNNING"
    launched: bool = False
    outcome_counted: bool = False
    address: str | None = None
    subnet: str | None = None
    zone: str | None = None
    attachment_id: str = ""
    registered: bool = False
    registration_announced: bool = False
    tags: Tags = field(default_factory=dict)
    times: dict[str, datetime] = field(default_factory=dict)
    stop_code: str | None = None
    stopped_reason: str | None = None
    version: int = 1
    published_version: int = 0

    @property
    def should_run(self) -> bool:
        """True until a stop of the task is requested."""
        return self.desired_status == "RUNNING"

    @property
    def health(self) -> str:
        """Health of the task: the worst one of its essential containers."""
        statuses = {c.health for c in self.containers if c.essential and c.health_check}
        for status in ("UNHEALTHY", "UNKNOWN", "HEALTHY"):
            if status in statuses:
                return status
        return "UNKNOWN"


@dataclass(slots=True)
class Revision:
    """A service revision: the immutable configuration of a deployment."""

    id: str
    arn: str
    fields: Body
    created_at: datetime
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class SimulatedDeployment:
    """An entry of ``deployments[]``; its id ends in the id of the revision."""

    id: str
    revision: Revision
    created_at: datetime
    updated_at: datetime
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    rollout_reason: str = ""
    failed_tasks: int = 0
    failure_streak: int = 0
    next_launch: datetime | None = None
    impairment_announced: bool = False
    stuck_announced: bool = False

    @property
    def in_progress(self) -> bool:
        """True if the deployment has neither completed nor failed."""
        return self.rollout_state == "IN_PROGRESS"


@dataclass(slots=True)
class SimulatedRollout:
    """A service deployment: the record of one change to a service."""

    arn: str
    target: Revision
    sources: tuple[Revision, ...]
    configuration: Body
    created_at: datetime
    updated_at: datetime
    status: str = "PENDING"
    reason: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stopped_at: datetime | None = None
    rolled_back_to: Revision | None = None
    rollback_reason: str | None = None
    rollback_started_at: datetime | None = None
    failures: int = 0
    tripped: bool = False

    @property
    def open(self) -> bool:
        """True while the deployment or its rollback is in progress."""
        return self.status in {
            "PENDING",
            "IN_PROGRESS",
            "STOP_REQUESTED",
            "ROLLBACK_REQUESTED",
            "ROLLBACK_IN_PROGRESS",
        }

    @property
    def rolling_back(self) -> bool:
        """True while an earlier revision is being restored."""
        return self.status in {"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"}


@dataclass(slots=True)
class ServiceEvent:
    """An entry of ``events[]``."""

    id: str
    at: datetime
    message: str


@dataclass(slots=True)
class Service:
    """A service; ``fields`` are in the form of the API."""

    name: str
    arn: str
    cluster: str
    fields: Body
    desired: int
    created_at: datetime
    created_from: Body
    status: str = "ACTIVE"
    tags: Tags = field(default_factory=dict)
    deployments: list[SimulatedDeployment] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    rollouts: list[SimulatedRollout] = field(default_factory=list)
    events: list[ServiceEvent] = field(default_factory=list)
    steady_since: datetime | None = None
    inactive_since: datetime | None = None

    @property
    def primary(self) -> SimulatedDeployment | None:
        """The PRIMARY deployment."""
        return next((d for d in self.deployments if d.status == "PRIMARY"), None)

    @property
    def rollout(self) -> SimulatedRollout | None:
        """The latest service deployment."""
        return self.rollouts[-1] if self.rollouts else None

    @property
    def scheduled(self) -> bool:
        """True if ECS starts and stops the tasks of the service."""
        controller = self.fields.get("deploymentController", {"type": "ECS"})
        return bool(controller["type"] == "ECS")


@dataclass(slots=True)
class Cluster:
    """A cluster, its services and its tasks."""

    name: str
    arn: str
    fields: Body
    status: str = "ACTIVE"
    tags: Tags = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    tasks: dict[str, SimulatedTask] = field(default_factory=dict)

    def tasks_of(self, service: Service) -> list[SimulatedTask]:
        """Return the tasks of a service, oldest first."""
        return [t for t in self.tasks.values() if t.service == service.name]

    def tasks_by_service(self) -> dict[str, list[SimulatedTask]]:
        """Return the tasks of every service, oldest first."""
        grouped: dict[str, list[SimulatedTask]] = {}
        for task in self.tasks.values():
            if task.service is not None:
                grouped.setdefault(task.service, []).append(task)
        return grouped


@dataclass(slots=True)
class World:
    """State of one account in one region."""

    seed: str
    serial: int = 0
    clusters: dict[str, Cluster] = field(default_factory=dict)
    definitions: dict[str, dict[int, Definition]] = field(default_factory=dict)
    tokens: dict[str, tuple[Body, Body]] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)

    def next_id(self, kind: str) -> str:
        """Return 64 hexadecimal digits, unique in this world."""
        self.serial += 1
        return sha256(f"{self.seed}/{kind}/{self.serial}".encode()).hexdigest()

    def next_number(self, kind: str) -> str:
        """Return a number of 19 digits, as in ``ecs-svc/1234567890123456789``."""
        return str(10**18 + int(self.next_id(kind)[:16], 16) % (9 * 10**18))

    def next_uuid(self, kind: str) -> str:
        """Return an id in the form of a UUID."""
        digits = self.next_id(kind)
        parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32])
        return "-".join(parts)
