"""Leftover target groups: managed, but without a service.

A controller that dies between CreateTargetGroup and CreateService leaves one. They are
found by name and tag, every ten minutes or after the declared routes changed, with
DescribeTargetGroups and ceil(n/20) DescribeTags for n candidates. Nothing is deleted on
a cached observation: the group is read again immediately before.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controller.clients.aws import paginated
from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.document.platform import Platform
from controller.core.errors import DriverError
from controller.core.resources.observation import Ownership
from controller.core.resources.ownership import ownership_of
from controller.core.values.batches import batched
from controller.core.values.ttl_cache import TtlCache
from controller.kinds.service.routes.aws.certificates import ListenerCertificates
from controller.kinds.service.routes.aws.observer import MOST_TAGGED, RoutingObserver
from controller.kinds.service.routes.findings import SERVICE_TAG
from controller.kinds.service.routes.state import RoutingState
from controller.kinds.service.routes.undeclared import (
    UndeclaredRoutes,
    is_used_by_others,
)

REFRESH_INTERVAL = timedelta(minutes=10)
# Part of a name that is never truncated; see ``spec.group_name``.
_PREFIX_LENGTH = 25


@dataclass(frozen=True, slots=True)
class Leftover:
    """A managed target group that no declared route forwards to.

    Attributes:
        gone: Service it was created for.
        arn: Its ARN.
    """

    gone: UndeclaredRoutes
    arn: str


class Leftovers:
    """Finder of leftover target groups. Reads only."""

    def __init__(self, aws: Aws, platform: Platform, clock: Clock) -> None:
        self._aws = aws
        self._platform = platform
        self._clock = clock
        self._observer = RoutingObserver(aws, platform.owner, ListenerCertificates(aws))
        self._cache = TtlCache[frozenset[str], tuple[Leftover, ...]](
            REFRESH_INTERVAL, most=1
        )

    def undeclared(self, declared: Collection[str]) -> tuple[Leftover, ...]:
        """Return the leftovers whose names are not in ``declared``.

        Returns none if reading fails: nothing unread is deleted, and the next pass
        reads again.
        """
        key, now = frozenset(declared), self._clock.monotonic()
        cached = self._cache.get(key, now)
        if cached is not None:
            return cached
        try:
            found = tuple(self._found(key))
        except DriverError:
            return ()
        self._cache.put(key, found, now)
        return found

    def forget(self) -> None:
        """Drop the cache after a deletion."""
        self._cache.clear()

    def unused(self, leftover: Leftover) -> RoutingState | None:
        """Return the routing to delete, or None if the group is in use.

        It is in use if it has targets, or if anything but the managed rules of its
        service forwards to it. Raises DriverError.
        """
        seen = self._observer.at([leftover.gone]).of(leftover.gone)
        if is_used_by_others(leftover.gone, seen):
            return None
        answer = self._aws.call(
            "elbv2", "DescribeTargetHealth", TargetGroupArn=leftover.arn
        )
        return None if answer["TargetHealthDescriptions"] else seen

    def _found(self, declared: frozenset[str]) -> Iterator[Leftover]:
        start = self._platform.service_name("\0").partition("\0")[0]
        prefix = start.replace("_", "-")[:_PREFIX_LENGTH]
        groups = paginated(self._aws, "elbv2", "DescribeTargetGroups", "TargetGroups")
        arns = {
            group["TargetGroupArn"]: group["TargetGroupName"]
            for group in groups
            if group["TargetGroupName"].startswith(prefix)
            and group["TargetGroupName"] not in declared
        }
        for batch in batched(sorted(arns), MOST_TAGGED):
            answer = self._aws.call("elbv2", "DescribeTags", ResourceArns=batch)
            for found in answer["TagDescriptions"]:
                arn = found["ResourceArn"]
                yield from self._managed(arn, arns[arn], _plain(found["Tags"]))

    def _managed(
        self, arn: str, name: str, tags: Mapping[str, str]
    ) -> Iterator[Leftover]:
        owner, service = self._platform.owner, tags.get(SERVICE_TAG, "")
        if service and ownership_of(tags, owner) is Ownership.MANAGED:
            yield Leftover(
                UndeclaredRoutes(service, name, self._platform.balancer, owner), arn
            )


def _plain(tags: Collection[Mapping[str, Any]]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in tags}
