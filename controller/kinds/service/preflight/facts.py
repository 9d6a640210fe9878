"""What was seen of a service's surroundings: plain values, and what hides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from controller.core.document.resource import ResourceId
from controller.core.resources.observation import Absent, Present

if TYPE_CHECKING:
    from controller.kinds.service.spec.service import ServiceSpec


@dataclass(frozen=True, slots=True)
class Unreadable:
    """We could not look.

    Attributes:
        why: What the look was answered with.
        temporary: Whether the same look may be answered later.
    """

    why: str
    temporary: bool = False


Seen: TypeAlias = Present[Any] | Absent | Unreadable
NOT_LOOKED = Unreadable("It was not looked at.")


@dataclass(frozen=True, slots=True)
class RegistryImage:
    """An image in ECR, and the processors it is built for, in ECS's words."""

    architectures: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A secret's description; its value is never asked for."""

    doomed: bool = False


@dataclass(frozen=True, slots=True)
class IamRole:
    """A role, and whether ECS tasks may take it on."""

    trusts_tasks: bool = True


@dataclass(frozen=True, slots=True)
class Subnet:
    """Where tasks are placed."""

    vpc: str
    zone: str
    cidr: str


@dataclass(frozen=True, slots=True)
class SecurityGroupRule:
    """One rule of a security group.

    Attributes:
        protocol: ``tcp``, or ``-1`` for all.
        ports: The first and the last.
        groups: The security groups on the other side.
        ranges: The addresses on the other side.
        lists: Prefix lists, which are not looked into.
    """

    protocol: str = "tcp"
    ports: tuple[int, int] = (0, 65_535)
    groups: frozenset[str] = frozenset()
    ranges: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()

    def covers(self, port: int) -> bool:
        """Whether it speaks of TCP on ``port``."""
        first, last = self.ports
        return self.protocol == "-1" or (
            self.protocol in {"tcp", "6"} and first <= port <= last
        )


ANYWHERE = SecurityGroupRule("-1", ranges=("0.0.0.0/0",))


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group, and whom it lets in and out."""

    vpc: str
    ingress: tuple[SecurityGroupRule, ...] = ()
    egress: tuple[SecurityGroupRule, ...] = (ANYWHERE,)


@dataclass(frozen=True, slots=True)
class RunningService:
    """The service as it runs.

    Attributes:
        desired: Tasks wanted.
        targets: The target groups it registers with, and the port in each.
    """

    desired: int = 1
    targets: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class UnmanagedTargetGroup:
    """A target group, in load balancing's own words."""

    port: int
    protocol: str = "HTTP"
    type: str = "ip"
    path: str = "/"
    health_port: str = "traffic-port"
    vpc: str = ""
    balancers: tuple[str, ...] = ()
    ours: bool = False


@dataclass(frozen=True, slots=True)
class S3Bucket:
    """A bucket, and whether it keeps what is overwritten."""

    versioned: bool = True


@dataclass(frozen=True, slots=True)
class DatabaseInstance:
    """An RDS instance.

    Attributes:
        engine: As in ``postgres``.
        status: As in ``available``.
        port: Where it listens; None while it is made.
        groups: Its security groups.
        backup_days: How long backups are kept; 0 for none.
        parameters: The name of its parameter group.
        forces_tls: ``1``, ``0``, or empty if its engine has no such setting.
    """

    engine: str = "postgres"
    status: str = "available"
    port: int | None = 5432
    groups: tuple[str, ...] = ()
    backup_days: int = 7
    parameters: str = ""
    forces_tls: str = "1"


@dataclass(frozen=True, slots=True)
class RedisCache:
    """An ElastiCache cluster or replication group."""

    port: int | None = 6379
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was seen in one look, shared by the services it is about.

    Attributes:
        images: By image.
        secrets: By the name or ARN in Secrets Manager.
        parameters: By path in SSM.
        roles: By ARN.
        reach: By role and bucket: the actions that the role may not do there.
        log_groups: By name.
        subnets: By id.
        groups: By id.
        live: By the service's name in ECS.
        clusters: By name; those that are not there, or could not be seen.
        targets: By ARN.
        listening: By load balancer: the ports that listen.
        buckets: By name.
        databases: By id.
        caches: By id.
        services: What is declared, for those that connect to it.
    """

    images: Mapping[str, Seen] = field(default_factory=dict)
    secrets: Mapping[str, Seen] = field(default_factory=dict)
    parameters: Mapping[str, Seen] = field(default_factory=dict)
    roles: Mapping[str, Seen] = field(default_factory=dict)
    reach: Mapping[tuple[str, str], Seen] = field(default_factory=dict)
    log_groups: Mapping[str, Seen] = field(default_factory=dict)
    subnets: Mapping[str, Seen] = field(default_factory=dict)
    groups: Mapping[str, Seen] = field(default_factory=dict)
    live: Mapping[str, Seen] = field(default_factory=dict)
    clusters: Mapping[str, Seen] = field(default_factory=dict)
    targets: Mapping[str, Seen] = field(default_factory=dict)
    listening: Mapping[str, Seen] = field(default_factory=dict)
    buckets: Mapping[str, Seen] = field(default_factory=dict)
    databases: Mapping[str, Seen] = field(default_factory=dict)
    caches: Mapping[str, Seen] = field(default_factory=dict)
    services: Mapping[ResourceId, ServiceSpec] = field(default_factory=dict)
