"""CloudWatch log groups: created before the first task, with the declared retention."""

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
from controller.kinds.service.render.task_definition import managed_log_group
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.facet import (
    FacetDriver,
    Found,
    Parameters,
    Services,
    ServiceUpdate,
)

# Time between two reads: a changed retention is not urgent.
EVERY = timedelta(seconds=60)


class LogGroups(FacetDriver):
    """The log group of a service as a facet."""

    def __init__(self, aws: Aws, owner: str, clock: Clock) -> None:
        self._aws = aws
        self._owner = owner
        self._clock = clock
        self._groups = TtlCache[None, dict[str, Any]](EVERY)
        self._managed: dict[str, bool] = {}

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
        """Create the log group, if a container writes to it.

        Without the group, the first task cannot start.
        """
        if managed_log_group(spec) is not None:
            self.ensure(spec)

    def update(self, update: ServiceUpdate) -> Parameters:
        """Set the retention as declared."""
        if RETENTION in update.paths:
            self.set_retention(update.spec)
        return {}

    def ensure(self, spec: ServiceSpec) -> None:
        """Create the log group with its retention, unless it exists."""
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
        self.set_retention(spec)

    def set_retention(self, spec: ServiceSpec) -> None:
        """Set the declared retention."""
        self._groups.clear()
        self._aws.call(
            "logs",
            "PutRetentionPolicy",
            logGroupName=spec.log_group,
            retentionInDays=spec.log_retention_days,
        )

    def retentions(self, specs: Collection[ServiceSpec]) -> Mapping[str, int]:
        """Return the retention of managed groups in days, by name; 0 is unlimited.

        One DescribeLogGroups per prefix and minute. Groups that are not managed are left
        out. After an error the result is empty, since retention must not block a pass.
        """
        specs = [spec for spec in specs if managed_log_group(spec) is not None]
        try:
            groups = self._known(specs)
            return {
                spec.log_group: days
                for spec in specs
                if (days := self._days(spec, groups)) is not None
            }
        except DriverError:
            return {}

    def days(self, names: Collection[str]) -> Mapping[str, int]:
        """Return the retention of the groups ``names`` in days, managed or not.

        Unlimited retention is 0 for a managed group; other such groups are left out.
        Reads only; raises DriverError.
        """
        by_folder = _by_folder(names)
        found = {
            group["logGroupName"]: group
            for of_it in by_folder.values()
            for group in self._with_prefix(_common_prefix(of_it))
        }
        return {
            name: int(group.get("retentionInDays", 0))
            for name, group in found.items()
            if name in names and ("retentionInDays" in group or self._is_managed(group))
        }

    def _known(self, specs: Collection[ServiceSpec]) -> Mapping[str, Any]:
        """Return the groups with the prefixes of ``specs``, by name; read once a minute."""
        now = self._clock.monotonic()
        known = self._groups.get(None, now)
        if known is not None:
            return known
        by_folder = _by_folder(spec.log_group for spec in specs)
        groups = {
            group["logGroupName"]: group
            for names in by_folder.values()
            for group in self._with_prefix(_common_prefix(names))
        }
        self._groups.put(None, groups, now)
        return groups

    def _days(self, spec: ServiceSpec, groups: Mapping[str, Any]) -> int | None:
        """Return the retention of a managed group; None if it is not managed."""
        group = groups.get(spec.log_group)
        if group is None:
            return None
        days = int(group.get("retentionInDays", 0))
        if days == spec.log_retention_days:
            return days
        return days if self._is_managed(group) else None

    def _is_unfinished(self, spec: ServiceSpec) -> bool:
        """Return True if this controller created the group without its retention.

        The retention of groups that are not managed is not changed.
        """
        groups = self._with_prefix(spec.log_group)
        group = next((g for g in groups if g["logGroupName"] == spec.log_group), None)
        return (
            group is not None
            and "retentionInDays" not in group
            and self._is_managed(group)
        )

    def _with_prefix(self, prefix: str) -> list[dict[str, Any]]:
        found = paginated(
            self._aws,
            "logs",
            "DescribeLogGroups",
            "logGroups",
            logGroupNamePrefix=prefix,
        )
        return [*found]

    def _is_managed(self, group: Mapping[str, Any]) -> bool:
        """Return True if the group has the ownership tag, which may be added later."""
        arn = group["arn"].removesuffix(":*")
        if not self._managed.get(arn):
            answer = self._aws.call("logs", "ListTagsForResource", resourceArn=arn)
            self._managed[arn] = answer["tags"].get(OWNER_TAG) == self._owner
        return self._managed[arn]


def _by_folder(names: Iterable[str]) -> Mapping[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        found[name.rpartition("/")[0]].add(name)
    return found


def _common_prefix(names: Collection[str]) -> str:
    """Return the common prefix of ``names``."""
    first, last = min(names), max(names)
    pairs = zip(first, last, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return first[:same]
