"""Target groups of ours that no service has: whoever made them died before it did.

Found by name and by tag: DescribeTargetGroups, and of those that could be left over
ceil(n/20) DescribeTags, every ten minutes, or when other routes are declared. Nothing
is taken away on what was seen a while ago: it is looked at again right before.
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
    is_led_to_by_others,
)

EVERY = timedelta(minutes=10)
# As much of a name as is never cut off; see ``spec.group_name``.
_KEPT = 25


@dataclass(frozen=True, slots=True)
class Leftover:
    """A target group of ours that no declared route leads to.

    Attributes:
        gone: The service it was made for.
        arn: Its ARN.
    """

    gone: UndeclaredRoutes
    arn: str


class Leftovers:
    """Looks for target groups that were left over. Reads only."""

    def __init__(self, aws: Aws, platform: Platform, clock: Clock) -> None:
        self._aws = aws
        self._platform = platform
        self._clock = clock
        self._look = RoutingObserver(aws, platform.owner, ListenerCertificates(aws))
        self._known = TtlCache[frozenset[str], tuple[Leftover, ...]](EVERY, most=1)

    def beside(self, declared: Collection[str]) -> tuple[Leftover, ...]:
        """Return those not among ``declared``, by name; none where we cannot look."""
        key, now = frozenset(declared), self._clock.monotonic()
        known = self._known.get(key, now)
        if known is not None:
            return known
        try:
            found = tuple(self._found(key))
        except DriverError:
            # What is not seen is not taken away; the next pass looks again.
            return ()
        self._known.put(key, found, now)
        return found

    def forget(self) -> None:
        """Look again the next time: something was taken away."""
        self._known.clear()

    def unused(self, leftover: Leftover) -> RoutingState | None:
        """Return what leads to it; None if somebody uses it. Raises DriverError.

        It is used if it has targets, or if anything but rules that we made for its
        service leads to it.
        """
        seen = self._look.at([leftover.gone]).of(leftover.gone)
        if is_led_to_by_others(leftover.gone, seen):
            return None
        told = self._aws.call(
            "elbv2", "DescribeTargetHealth", TargetGroupArn=leftover.arn
        )
        return None if told["TargetHealthDescriptions"] else seen

    def _found(self, declared: frozenset[str]) -> Iterator[Leftover]:
        before = self._platform.service_name("\0").partition("\0")[0]
        beginning = before.replace("_", "-")[:_KEPT]
        groups = paginated(self._aws, "elbv2", "DescribeTargetGroups", "TargetGroups")
        arns = {
            group["TargetGroupArn"]: group["TargetGroupName"]
            for group in groups
            if group["TargetGroupName"].startswith(beginning)
            and group["TargetGroupName"] not in declared
        }
        for batch in batched(sorted(arns), MOST_TAGGED):
            answer = self._aws.call("elbv2", "DescribeTags", ResourceArns=batch)
            for told in answer["TagDescriptions"]:
                arn = told["ResourceArn"]
                yield from self._ours(arn, arns[arn], _plain(told["Tags"]))

    def _ours(self, arn: str, name: str, tags: Mapping[str, str]) -> Iterator[Leftover]:
        owner, service = self._platform.owner, tags.get(SERVICE_TAG, "")
        if service and ownership_of(tags, owner) is Ownership.MANAGED:
            yield Leftover(
                UndeclaredRoutes(service, name, self._platform.balancer, owner), arn
            )


def _plain(tags: Collection[Mapping[str, Any]]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in tags}
