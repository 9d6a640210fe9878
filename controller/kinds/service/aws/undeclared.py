"""Services that are ours and that nobody declares any more.

Found by name, since ECS does not search by tag: ceil(all/100) ListServices and
ceil(undeclared/10) DescribeServices a cluster, once a minute. Nothing is deleted on
what was seen a minute ago: the tag is read again right before.
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

# How long what was seen will do, while the same is declared.
KEPT = timedelta(seconds=60)
# What ListServices gives a page at most; API reference. Its default is ten.
_PAGE = 100


@dataclass(frozen=True, slots=True)
class _Look:
    declared: frozenset[str]
    ours: tuple[Answer, ...]


class UndeclaredServices:
    """Looks for services that carry our tag and are not declared.

    Args:
        aws: AWS.
        ecs: Reads services.
        platform: Whose tag is ours.
        clock: Says when to look again.
        document: Returns all that is declared; a pass may be about less.
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
        self._looks = TtlCache[str, _Look](KEPT)

    def of(
        self, cluster: str, declared: Mapping[str, ResourceId]
    ) -> dict[ResourceId, Present[ServiceState]]:
        """Return what is ours in ``cluster`` and not among ``declared``, by name.

        Raises DriverError when nothing is known of it yet and it cannot be seen.
        """
        names = frozenset(declared) | self._declared(cluster)
        look = self._look(cluster, names)
        taken = {id_.name for id_ in declared.values()}
        return {
            self._id(service["serviceName"], taken): Present(
                bare_state(service), Ownership.MANAGED
            )
            for service in look.ours
            if service["serviceName"] not in names
        }

    def _look(self, cluster: str, names: frozenset[str]) -> _Look:
        now = self._clock.monotonic()
        look = self._looks.get(cluster, now)
        if look is not None and look.declared == names:
            return look
        try:
            look = _Look(names, tuple(self._ours(cluster, names)))
        except TransientError:
            last = self._looks.last(cluster)
            if last is None:
                raise
            return last.value
        self._looks.put(cluster, look, now)
        return look

    def _declared(self, cluster: str) -> frozenset[str]:
        """Return the names of all services that the document has in ``cluster``."""
        return frozenset(
            resource.spec.name
            for id_, resource in self._document().items()
            if id_.kind == "service" and resource.spec.cluster == cluster
        )

    def forget(self) -> None:
        """Look again the next time: something was deleted."""
        self._looks.clear()

    def _ours(self, cluster: str, declared: Collection[str]) -> Iterator[Answer]:
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
        """Return the address under which the service was declared, most likely."""
        before, after = _around(self._platform)
        key = name.removeprefix(before).removesuffix(after)
        return ResourceId("service", name if key in taken else key)


def key_of(name: str, platform: Platform) -> str:
    """Return the key under which a service of that name is declared, most likely."""
    before, after = _around(platform)
    key = name.removeprefix(before).removesuffix(after)
    return re.sub("[^a-z0-9_-]+", "-", key.lower()).strip("-_") or "service"


def _around(platform: Platform) -> tuple[str, str]:
    """Return what stands before and after the key in the name of a service."""
    before, _, after = platform.service_name("\0").partition("\0")
    return before, after
