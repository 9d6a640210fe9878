"""Facts about the prerequisites of services: plain values, and what is unreadable."""

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
    """A thing that could not be read.

    Attributes:
        why: Error of the read, as a sentence.
        temporary: True if the same read may succeed later.
    """

    why: str
    temporary: bool = False


Fact: TypeAlias = Present[Any] | Absent | Unreadable
NOT_READ = Unreadable("It was not read.")


@dataclass(frozen=True, slots=True)
class RegistryImage:
    """An image in ECR, and the CPU architectures it is built for, as ECS names them."""

    architectures: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A secret without its value, which is never read."""

    scheduled_for_deletion: bool = False


@dataclass(frozen=True, slots=True)
class IamRole:
    """A role, and whether ECS tasks can assume it."""

    trusts_tasks: bool = True


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet in which tasks are placed."""

    vpc: str
    zone: str
    cidr: str


@dataclass(frozen=True, slots=True)
class SecurityGroupRule:
    """One rule of a security group.

    Attributes:
        protocol: ``tcp``, or ``-1`` for all.
        ports: First and last port.
        groups: Security groups of the other side.
        ranges: Address ranges of the other side.
        lists: Prefix lists, which are not evaluated.
    """

    protocol: str = "tcp"
    ports: tuple[int, int] = (0, 65_535)
    groups: frozenset[str] = frozenset()
    ranges: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()

    def covers(self, port: int) -> bool:
        """Return True if the rule applies to TCP on ``port``."""
        first, last = self.ports
        return self.protocol == "-1" or (
            self.protocol in {"tcp", "6"} and first <= port <= last
        )


ANYWHERE = SecurityGroupRule("-1", ranges=("0.0.0.0/0",))


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group with its ingress and egress rules."""

    vpc: str
    ingress: tuple[SecurityGroupRule, ...] = ()
    egress: tuple[SecurityGroupRule, ...] = (ANYWHERE,)


@dataclass(frozen=True, slots=True)
class RunningService:
    """The live service.

    Attributes:
        desired: Desired number of tasks.
        targets: ARNs of its target groups, and the port in each.
    """

    desired: int = 1
    targets: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class RegisteredTargetGroup:
    """A target group of the live service, as ELB describes it.

    Attributes:
        port: Default port of targets.
        protocol: Protocol towards targets.
        type: Target type.
        path: Path of health checks.
        health_port: Port of health checks, or ``traffic-port``.
        matcher: HTTP status codes that count as healthy.
        vpc: Its VPC.
        balancers: ARNs of the load balancers that forward to it.
        managed: True if it carries this controller's ownership tag.
    """

    port: int
    protocol: str = "HTTP"
    type: str = "ip"
    path: str = "/"
    health_port: str = "traffic-port"
    matcher: str = "200"
    vpc: str = ""
    balancers: tuple[str, ...] = ()
    managed: bool = False


@dataclass(frozen=True, slots=True)
class S3Bucket:
    """A bucket, and whether it is versioned."""

    versioned: bool = True


@dataclass(frozen=True, slots=True)
class DatabaseInstance:
    """An RDS instance.

    Attributes:
        engine: Engine, such as ``postgres``.
        status: Status, such as ``available``.
        port: Port it listens on; None while it is created.
        groups: Its security groups.
        backup_days: Days that backups are kept; 0 for none.
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
    """All facts of one collection, shared by the services it is about.

    Attributes:
        images: By image.
        secrets: By the name or ARN in Secrets Manager.
        parameters: By path in SSM.
        roles: By ARN.
        reach: By role and bucket: the actions that are denied.
        log_groups: By name.
        subnets: By id.
        groups: By id.
        live: By the service's name in ECS.
        clusters: By name; those that are missing or unreadable.
        targets: By ARN.
        routing: By the service's name in ECS, for services with routes: its load
            balancers and its target group.
        listening: By load balancer: the ports of its listeners.
        buckets: By name.
        databases: By id.
        caches: By id.
        services: Declared services, for those that connect to them.
        published: Parameters in SSM that endpoints publish their addresses to.
    """

    images: Mapping[str, Fact] = field(default_factory=dict)
    secrets: Mapping[str, Fact] = field(default_factory=dict)
    parameters: Mapping[str, Fact] = field(default_factory=dict)
    roles: Mapping[str, Fact] = field(default_factory=dict)
    reach: Mapping[tuple[str, str], Fact] = field(default_factory=dict)
    log_groups: Mapping[str, Fact] = field(default_factory=dict)
    subnets: Mapping[str, Fact] = field(default_factory=dict)
    groups: Mapping[str, Fact] = field(default_factory=dict)
    live: Mapping[str, Fact] = field(default_factory=dict)
    clusters: Mapping[str, Fact] = field(default_factory=dict)
    targets: Mapping[str, Fact] = field(default_factory=dict)
    routing: Mapping[str, Fact] = field(default_factory=dict)
    listening: Mapping[str, Fact] = field(default_factory=dict)
    buckets: Mapping[str, Fact] = field(default_factory=dict)
    databases: Mapping[str, Fact] = field(default_factory=dict)
    caches: Mapping[str, Fact] = field(default_factory=dict)
    services: Mapping[ResourceId, ServiceSpec] = field(default_factory=dict)
    published: frozenset[str] = frozenset()
