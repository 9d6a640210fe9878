"""Addresses of an endpoint in AWS: its service, its parameter, and the readers of it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, TypeAlias

from controller.clients.aws import paginated
from controller.clients.aws.cloud_map import CloudMapReader, instance_address
from controller.clients.aws.ecs_tasks import tasks_of
from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.dns.agreement import AddressSides
from controller.core.document.resource import Mode, Resource, ResourceId
from controller.core.errors import (
    ConflictError,
    DriverError,
    NotFoundError,
    PermanentError,
)
from controller.core.resources.observation import Ownership, Present
from controller.core.resources.ownership import ownership_of
from controller.core.values.aws_answers import private_address, utc_time
from controller.core.values.identity import OWNER_TAG
from controller.core.values.ttl_cache import TtlCache
from controller.kinds.endpoint.state import EndpointState, Reader

# Tag of a published parameter: the name of its endpoint.
ENDPOINT_TAG = "hokusai.ai/endpoint"
_PARAMETER = "Parameter"
# Time for which the list of owned parameters is valid.
_OWNED_FOR = timedelta(minutes=1)
_PAGE = 50
# Number of equal reads that show that all tasks are newer than a parameter.
_READS = 2

Answer: TypeAlias = Mapping[str, Any]
Resources: TypeAlias = Mapping[ResourceId, Resource[Any]]


@dataclass(frozen=True, slots=True)
class PublishedSet:
    """Addresses in a parameter.

    Attributes:
        addresses: The addresses; empty if the value holds none.
        version: Number of changes of the parameter.
        changed: Time of the last change; None if it is unknown.
    """

    addresses: tuple[str, ...]
    version: int
    changed: datetime | None


@dataclass(frozen=True, slots=True)
class PublishedParameters:
    """Reads and writes of the parameters that addresses are published to.

    Attributes:
        aws: Client for AWS.
        owner: Value of the ownership tag.
        clock: Clock.
        owned: The last list of parameters with the ownership tag.
    """

    aws: Aws
    owner: str
    clock: Clock
    owned: TtlCache[None, tuple[str, ...]]

    @classmethod
    def of(cls, aws: Aws, owner: str, clock: Clock) -> "PublishedParameters":
        """Return the parameters of one platform."""
        return cls(aws, owner, clock, TtlCache(_OWNED_FOR))

    def read(self, path: str) -> PublishedSet | None:
        """Return the addresses in a parameter; None if it does not exist."""
        try:
            found = self.aws.call("ssm", "GetParameter", Name=path)["Parameter"]
        except NotFoundError:
            return None
        version = int(found.get("Version", 1))
        changed = utc_time(found.get("LastModifiedDate"))
        return PublishedSet(_addresses(str(found["Value"])), version, changed)

    def write(self, path: str, endpoint: str, addresses: Collection[str]) -> None:
        """Publish a set of addresses. Safe to repeat.

        A parameter that this creates has the ownership tag; without it, none is deleted.
        """
        values = {"Name": path, "Value": ",".join(addresses), "Type": "String"}
        tags = {OWNER_TAG: self.owner, ENDPOINT_TAG: endpoint}
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        if self.read(path) is None:
            try:
                # SSM refuses tags together with Overwrite.
                self.aws.call("ssm", "PutParameter", **values, Tags=pairs)
            except ConflictError:
                pass
            else:
                return
        self.aws.call("ssm", "PutParameter", **values, Overwrite=True)

    def undeclared(
        self, declared: Collection[str], taken: Collection[str]
    ) -> dict[ResourceId, Present[EndpointState]]:
        """Return the owned parameters that no endpoint publishes to any more.

        A failed read finds none: nothing is deleted on it.

        Args:
            declared: Paths that endpoints publish to.
            taken: Names of the declared endpoints.
        """
        found: dict[ResourceId, Present[EndpointState]] = {}
        try:
            for path in self._owned():
                if path in declared:
                    continue
                name = self._tags(path).get(ENDPOINT_TAG, "")
                if not name or name in taken:
                    name = path.strip("/").replace("/", "-").lower()
                state = EndpointState(live=False, source="none", parameter=path)
                found[ResourceId("endpoint", name)] = Present(state, Ownership.MANAGED)
        except DriverError:
            return {}
        return found

    def delete(self, path: str) -> None:
        """Delete an owned parameter. Safe to repeat.

        Raises:
            PermanentError: The parameter lacks the ownership tag.
        """
        try:
            if ownership_of(self._tags(path), self.owner) is not Ownership.MANAGED:
                msg = f"parameter {path} lacks the ownership tag: it is not deleted"
                raise PermanentError(msg)
            self.aws.call("ssm", "DeleteParameter", Name=path)
        except NotFoundError:
            pass
        finally:
            self.owned.clear()

    def _owned(self) -> tuple[str, ...]:
        """Return the paths of all parameters with the ownership tag."""
        now = self.clock.monotonic()
        known = self.owned.get(None, now)
        if known is None:
            tag = {"Key": f"tag:{OWNER_TAG}", "Option": "Equals"}
            found = paginated(
                self.aws,
                "ssm",
                "DescribeParameters",
                "Parameters",
                ParameterFilters=[{**tag, "Values": [self.owner]}],
                MaxResults=_PAGE,
            )
            known = tuple(sorted(str(one["Name"]) for one in found))
            self.owned.put(None, known, now)
        return known

    def _tags(self, path: str) -> dict[str, str]:
        answer = self.aws.call(
            "ssm", "ListTagsForResource", ResourceType=_PARAMETER, ResourceId=path
        )
        return {tag["Key"]: tag["Value"] for tag in answer.get("TagList", ())}


class ServiceAddresses:
    """Reads of the addresses of a service in Cloud Map and in ECS."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._cloud_map = CloudMapReader(aws)

    def sides(
        self, host: str, dns: Collection[str] | None, cluster: str, name: str
    ) -> AddressSides:
        """Return the addresses of a service from the three sides.

        Two to four calls; raises DriverError.
        """
        service = described(self._aws, cluster, name)
        registries = service.get("serviceRegistries", ())
        registered, instances = "", frozenset[str]()
        if registries:
            arn = str(registries[0]["registryArn"])
            registered = self._cloud_map.host_of(arn)
            found = self._cloud_map.instances(arn).values()
            instances = frozenset(filter(None, map(instance_address, found)))
        tasks = (
            private_address(task)
            for task in tasks_of(self._aws, cluster, "RUNNING", name)
            if task.get("lastStatus") == "RUNNING"
        )
        return AddressSides(
            host,
            None if dns is None else frozenset(dns),
            registered,
            instances,
            frozenset(filter(None, tasks)),
        )


class PublishedReaders:
    """Services that read a published parameter, and the addresses that they hold.

    ECS resolves a parameter when a task starts. The history of the parameter says which
    addresses a running task holds.
    """

    def __init__(
        self, aws: Aws, owner: str, clock: Clock, declared: Callable[[], Resources]
    ) -> None:
        self._aws = aws
        self._owner = owner
        self._clock = clock
        self._declared = declared
        # Tasks only get newer: after two reads without an older task, none follows. ECS's
        # reads are eventually consistent, so that one does not suffice.
        self._current: dict[tuple[ResourceId, str], tuple[int, int]] = {}

    def holding(self, path: str, published: PublishedSet) -> tuple[Reader, ...]:
        """Return the readers whose tasks hold earlier addresses; raises DriverError.

        No call while the parameter has its first version, or all tasks have started
        since its last change; else three to four calls for each reader.
        """
        if published.version == 1 or published.changed is None:
            return ()
        return tuple(self._holding(path, published, published.changed))

    def restart(self, reader: Reader) -> None:
        """Replace the tasks of a reader."""
        self._aws.call(
            "ecs",
            "UpdateService",
            cluster=reader.cluster,
            service=reader.name,
            forceNewDeployment=True,
        )

    def _holding(
        self, path: str, published: PublishedSet, changed: datetime
    ) -> Iterator[Reader]:
        history: list[Answer] = []
        for id_, resource in sorted(self._readers(path).items()):
            version, reads = self._current.get((id_, path), (0, 0))
            if version == published.version and reads >= _READS:
                continue
            spec = resource.spec
            tasks = [*tasks_of(self._aws, spec.cluster, "RUNNING", spec.name)]
            begun = [(_time(task, "createdAt"), task) for task in tasks]
            old = [task for at, task in begun if at is not None and at < changed]
            reads = reads if version == published.version else 0
            reads = 0 if old or not tasks else reads + 1
            self._current[id_, path] = (published.version, reads)
            if not old:
                continue
            history = history or [*self._history(path)]
            held = frozenset[str]().union(*(_held(task, history) for task in old))
            if held:
                service = described(self._aws, spec.cluster, spec.name)
                yield Reader(
                    str(id_),
                    spec.name,
                    spec.cluster,
                    tuple(sorted(held)),
                    self._can_restart(resource, service, changed),
                )

    def _readers(self, path: str) -> Resources:
        return {
            id_: resource
            for id_, resource in self._declared().items()
            if id_.kind == "service"
            and any(one.ssm == path for one in resource.spec.secrets.values())
        }

    def _history(self, path: str) -> Iterator[Answer]:
        return paginated(
            self._aws, "ssm", "GetParameterHistory", "Parameters", Name=path
        )

    def _can_restart(
        self, resource: Resource[Any], service: Answer, changed: datetime
    ) -> bool:
        """Return True if nothing forbids a restart and none was begun since."""
        tags = {tag["key"]: tag["value"] for tag in service.get("tags", ())}
        suspended = resource.suspend is not None and resource.suspend.in_force(
            self._clock.now()
        )
        deployments = service.get("deployments", ())
        latest = max(filter(None, (_time(d, "createdAt") for d in deployments)))
        return (
            resource.mode is Mode.ENFORCE
            and not suspended
            and ownership_of(tags, self._owner) is Ownership.MANAGED
            and len(deployments) == 1
            and latest < changed
        )


def described(aws: Aws, cluster: str, name: str) -> Answer:
    """Return a service of ECS with its tags; raises DriverError."""
    answer = aws.call(
        "ecs", "DescribeServices", cluster=cluster, services=[name], include=["TAGS"]
    )
    for service in answer["services"]:
        if service.get("status") == "ACTIVE":
            found: Answer = service
            return found
    msg = f"ECS has no service {name} in the cluster {cluster}"
    raise NotFoundError(msg)


def _held(task: Answer, history: Collection[Answer]) -> frozenset[str]:
    """Return the addresses that a task may hold.

    ECS reads the parameter between the creation and the start of a task: a change in
    between leaves two possibilities.
    """
    created = _time(task, "createdAt")
    started = _time(task, "startedAt") or created
    if created is None or started is None:
        return frozenset()
    found: frozenset[str] = frozenset()
    in_force: Answer | None = None
    for version in sorted(history, key=lambda one: int(one["Version"])):
        changed = utc_time(version.get("LastModifiedDate"))
        if changed is None or changed > started:
            break
        if changed > created:
            found |= {*_addresses(str(version["Value"]))}
        else:
            in_force = version
    if in_force is not None:
        found |= {*_addresses(str(in_force["Value"]))}
    return found


def _time(answer: Answer, field: str) -> datetime | None:
    return utc_time(answer.get(field))


def _addresses(value: str) -> tuple[str, ...]:
    """Return the addresses in the value of a parameter; other words are left out."""
    found = []
    for word in value.split(","):
        try:
            found.append(str(ip_address(word.strip())))
        except ValueError:
            continue
    return tuple(sorted(found))
