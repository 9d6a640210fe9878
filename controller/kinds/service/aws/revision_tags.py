"""Reads and writes of the tags of task definitions.

The content of a revision never changes, but its tags do: once a minute, one
DescribeTaskDefinition per service that declares ``task.tags``.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta

from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.errors import DriverError
from controller.core.resources.observation import Unknown, unknown_from
from controller.core.values.ttl_cache import TtlCache
from controller.kinds.service.render.revision_tags import (
    TASK_TAGS,
    are_managed,
    declared_tags,
)
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.facet import (
    FacetDriver,
    Found,
    Parameters,
    Services,
    ServiceUpdate,
)
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import as_pairs, tags_of

# Time for which tags that were read are valid.
KEPT = timedelta(seconds=60)


class RevisionTags(FacetDriver):
    """The tags of revisions as a facet of a service."""

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        self._known = TtlCache[str, dict[str, str]](KEPT)

    def observe(self, services: Services) -> Found:
        """Return the states with the tags of their revisions, where they are managed."""
        return {
            id_: self._observed(service.state)
            for id_, service in services.items()
            if are_managed(service.spec, service.state.declared_words)
        }

    def _observed(self, state: ServiceState) -> ServiceState | Unknown:
        try:
            return replace(state, revision_tags=self.of(state.definition_arn))
        except DriverError as error:
            return unknown_from(error)

    def update(self, update: ServiceUpdate) -> Parameters:
        """Tag the revision as declared."""
        self.settle(update.revision, update.spec, update.paths)
        return {}

    def of(self, arn: str) -> dict[str, str]:
        """Return the tags of a revision. Raises DriverError."""
        now = self._clock.monotonic()
        known = self._known.get(arn, now)
        if known is not None:
            return known
        answer = self._aws.call(
            "ecs", "DescribeTaskDefinition", taskDefinition=arn, include=["TAGS"]
        )
        tags = tags_of(answer)
        self._known.put(arn, tags, now)
        return tags

    def settle(self, arn: str, spec: ServiceSpec, paths: Iterable[str]) -> None:
        """Write the declared tags of a revision, if ``paths`` contain a tag.

        Safe to repeat. Raises DriverError.
        """
        changed = {p.removeprefix(TASK_TAGS) for p in paths if p.startswith(TASK_TAGS)}
        if not changed:
            return
        self._known.drop(arn)
        declared = declared_tags(spec)
        if declared:
            tags = as_pairs(declared)
            self._aws.call("ecs", "TagResource", resourceArn=arn, tags=tags)
        self._untag(arn, changed - declared.keys())

    def _untag(self, arn: str, keys: Collection[str]) -> None:
        if keys:
            removed = sorted(keys)
            self._aws.call("ecs", "UntagResource", resourceArn=arn, tagKeys=removed)
