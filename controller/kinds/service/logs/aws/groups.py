"""CloudWatch log groups: made before a service's first task, kept as declared."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import takewhile
from typing import Any

from controller.clients.aws import paginated
from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.errors import ConflictError, DriverError
from controller.core.values.identity import OWNER_TAG
from controller.core.values.ttl_cache import TtlCache
from controller.kinds.service.logs.changes import RETENTION
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.facet import (
    FacetDriver,
    Found,
    Parameters,
    Services,
    ServiceUpdate,
)

# Between two looks: nobody waits for a retention to be put back.
EVERY = timedelta(seconds=60)


class LogGroups(FacetDriver):
    """All that the service kind asks of CloudWatch Logs."""

    def __init__(self, aws: Aws, owner: str, clock: Clock) -> None:
        self._aws = aws
        self._owner = owner
        self._clock = clock
        self._groups = TtlCache[None, dict[str, Any]](EVERY)
        self._ours: dict[str, bool] = {}

    def observe(self, services: Services) -> Found:
        """Return the states with the retention of their log groups."""
        specs = [service.spec for service in services.values()]
        retentions = self.retentions(specs)
        return {
            id_: replace(
                service.state, retention=retentions.get(service.spec.log_group)
            )
            for id_, service in services.items()
        }

    def prepare(self, spec: ServiceSpec) -> None:
        """Make the log group; without it the first task cannot start."""
        self.ensure(spec)

    def update(self, update: ServiceUpdate) -> Parameters:
        """Set the retention as declared."""
        if RETENTION in update.paths:
            self.keep(update.spec)
        return {}

    def ensure(self, spec: ServiceSpec) -> None:
        """Make the log group; without it the first task cannot start."""
        try:
            self._aws.call(
                "logs",
                "CreateLogGroup",
                logGroupName=spec.log_group,
                tags={OWNER_TAG: self._owner},
            )
        except ConflictError:
            if not self._is_unfinished(spec):
                return
        self.keep(spec)

    def keep(self, spec: ServiceSpec) -> None:
        """Have the group keep logs as long as declared."""
        self._groups.clear()
        self._aws.call(
            "logs",
            "PutRetentionPolicy",
            logGroupName=spec.log_group,
            retentionInDays=spec.log_retention_days,
        )

    def retentions(self, specs: Collection[ServiceSpec]) -> Mapping[str, int]:
        """Return how many days each group of ours keeps logs, by its name; 0: for ever.

        One DescribeLogGroups a prefix, every minute. Groups of others are left out,
        and so is all that could not be read: retention is nothing to stop for.
        """
        try:
            groups = self._seen(specs)
            return {
                spec.log_group: days
                for spec in specs
                if (days := self._days(spec, groups)) is not None
            }
        except DriverError:
            return {}

    def days(self, names: Collection[str]) -> Mapping[str, int]:
        """Return how many days each of ``names`` keeps logs, whoever's it is.

        Those that keep them for ever are 0 if they are ours, else left out: nothing
        is to be settled there. Reads only; raises DriverError.
        """
        by_folder = _by_folder(names)
        found = {
            group["logGroupName"]: group
            for of_it in by_folder.values()
            for group in self._beginning(_beginning_of(of_it))
        }
        return {
            name: int(group.get("retentionInDays", 0))
            for name, group in found.items()
            if name in names and ("retentionInDays" in group or self._is_ours(group))
        }

    def _seen(self, specs: Collection[ServiceSpec]) -> Mapping[str, Any]:
        """Return the groups near those of ``specs``, by name."""
        now = self._clock.monotonic()
        known = self._groups.get(None, now)
        if known is not None:
            return known
        by_folder = _by_folder(spec.log_group for spec in specs)
        groups = {
            group["logGroupName"]: group
            for names in by_folder.values()
            for group in self._beginning(_beginning_of(names))
        }
        self._groups.put(None, groups, now)
        return groups

    def _days(self, spec: ServiceSpec, groups: Mapping[str, Any]) -> int | None:
        """Return the retention of a group of ours; None if it is not."""
        group = groups.get(spec.log_group)
        if group is None:
            return None
        days = int(group.get("retentionInDays", 0))
        if days == spec.log_retention_days:
            return days
        return days if self._is_ours(group) else None

    def _is_unfinished(self, spec: ServiceSpec) -> bool:
        """Whether the log group is one we made and did not come to finish.

        Others' groups keep their logs for as long as they say: for ever, maybe.
        """
        groups = self._beginning(spec.log_group)
        group = next((g for g in groups if g["logGroupName"] == spec.log_group), None)
        return (
            group is not None
            and "retentionInDays" not in group
            and self._is_ours(group)
        )

    def _beginning(self, prefix: str) -> list[dict[str, Any]]:
        found = paginated(
            self._aws,
            "logs",
            "DescribeLogGroups",
            "logGroups",
            logGroupNamePrefix=prefix,
        )
        return [*found]

    def _is_ours(self, group: Mapping[str, Any]) -> bool:
        """Whether the group carries our tag; one that does not may get it later."""
        arn = group["arn"].removesuffix(":*")
        if not self._ours.get(arn):
            answer = self._aws.call("logs", "ListTagsForResource", resourceArn=arn)
            self._ours[arn] = answer["tags"].get(OWNER_TAG) == self._owner
        return self._ours[arn]


def _by_folder(names: Iterable[str]) -> Mapping[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        found[name.rpartition("/")[0]].add(name)
    return found


def _beginning_of(names: Collection[str]) -> str:
    """Return what all of ``names`` begin with."""
    first, last = min(names), max(names)
    pairs = zip(first, last, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return first[:same]
