"""Services that this controller manages and that are no longer declared.

Found by name, since ECS cannot search by tag: ceil(all/100) ListServices and
ceil(undeclared/10) DescribeServices per cluster, once a minute. The ownership tag is
read again right before a deletion.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from controller.clients.aws import paginated
from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.document.platform import Platform
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import TransientError
from controller.core.resources.observation import Ownership, Present
from controller.core.resources.ownership import ownership_of
from controller.core.values.ttl_cache import TtlCache
from controller.kinds.service.aws.services import Answer, EcsServices, bare_state
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import tags_of

Resources: TypeAlias = Mapping[ResourceId, Resource[Any]]

# Time for which a read is valid, while the declared names are the same.
KEPT = timedelta(seconds=60)
# Maximum page size of ListServices; API reference. The default is ten.
_PAGE = 100


@dataclass(frozen=True, slots=True)
class _Read:
    declared: frozenset[str]
    managed: tuple[Answer, ...]


class UndeclaredServices:
    """Reads of services with this controller's ownership tag that are not declared.

    Args:
        aws: Client for AWS.
        ecs: Reads of services.
        platform: Platform whose owner the tag names.
        clock: Clock for the age of reads.
        document: Returns all declared resources; a pass may cover fewer.
    """

    def __init__(
        self,
        aws: Aws,
        ecs: EcsServices,
        platform: Platform,
        clock: Clock,
        document: Callable[[], Resources],
    ) -> None:
        self._aws = aws
        self._ecs = ecs
        self._platform = platform
        self._clock = clock
        self._document = document
        self._reads = TtlCache[str, _Read](KEPT)

    def of(
        self, cluster: str, declared: Mapping[str, ResourceId]
    ) -> dict[ResourceId, Present[ServiceState]]:
        """Return the managed services of ``cluster`` that are not ``declared``.

        Raises DriverError if the first read fails; later failures return the last read.
        """
        names = frozenset(declared) | self._declared(cluster)
        last = self._read(cluster, names)
        taken = {id_.name for id_ in declared.values()}
        return {
            self._id(service["serviceName"], taken): Present(
                bare_state(service), Ownership.MANAGED
            )
            for service in last.managed
            if service["serviceName"] not in names
        }

    def _read(self, cluster: str, names: frozenset[str]) -> _Read:
        now = self._clock.monotonic()
        read = self._reads.get(cluster, now)
        if read is not None and read.declared == names:
            return read
        try:
            read = _Read(names, tuple(self._managed(cluster, names)))
        except TransientError:
            last = self._reads.last(cluster)
            if last is None:
                raise
            return last.value
        self._reads.put(cluster, read, now)
        return read

    def _declared(self, cluster: str) -> frozenset[str]:
        """Return the names of all declared services in ``cluster``."""
        return frozenset(
            resource.spec.name
            for id_, resource in self._document().items()
            if id_.kind == "service" and resource.spec.cluster == cluster
        )

    def forget(self) -> None:
        """Drop the last read, because a service was deleted."""
        self._reads.clear()

    def _managed(self, cluster: str, declared: Collection[str]) -> Iterator[Answer]:
        arns = paginated(
            self._aws,
            "ecs",
            "ListServices",
            "serviceArns",
            cluster=cluster,
            maxResults=_PAGE,
        )
        names = {arn.rpartition("/")[2] for arn in arns}
        for service in self._ecs.services(cluster, names - set(declared)).values():
            tags = tags_of(service)
            ours = ownership_of(tags, self._platform.owner) is Ownership.MANAGED
            if ours and service["status"] == "ACTIVE":
                yield service

    def _id(self, name: str, taken: Collection[str]) -> ResourceId:
        """Return the address under which the service was most likely declared."""
        before, after = _affixes(self._platform)
        key = name.removeprefix(before).removesuffix(after)
        return ResourceId("service", name if key in taken else key)


def key_of(name: str, platform: Platform) -> str:
    """Return the key under which a service of that name is most likely declared."""
    before, after = _affixes(platform)
    key = name.removeprefix(before).removesuffix(after)
    return re.sub("[^a-z0-9_-]+", "-", key.lower()).strip("-_") or "service"


def _affixes(platform: Platform) -> tuple[str, str]:
    """Return the prefix and the suffix of the key in the name of a service."""
    before, _, after = platform.service_name("\0").partition("\0")
    return before, after
