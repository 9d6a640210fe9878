"""Tags of services: owner, generation, declared fields, marks of restarts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from controller.core.dependencies import Aws
from controller.core.document.resource import ResourceId
from controller.core.resources.observation import Observation, Present
from controller.core.resources.ownership import stamp
from controller.core.resources.plan import Action, Change
from controller.core.values.identity import MANAGED_TAG
from controller.kinds.service.compare.removed_fields import (
    TAGS,
    managed_tag_value,
    settled_words,
)
from controller.kinds.service.images.marks import marks
from controller.kinds.service.images.outdated_digests import SECRETS
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.update_effects import PREFIX, forced_fields
from controller.kinds.service.rollout.forced_deployments import ForcedDeployments
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import as_pairs, carries, tags_of

Observations = Mapping[ResourceId, Observation]
_NONE: frozenset[str] = frozenset()


class ServiceTagWriter:
    """Writes of tags. Every method may be repeated and raises DriverError."""

    def __init__(self, aws: Aws, owner: str, forced: ForcedDeployments) -> None:
        self._aws = aws
        self._owner = owner
        self._forced = forced
        # Words for the declared fields that were last written, by the service's ARN.
        self._settled: dict[str, frozenset[str]] = {}

    def of(self, spec: ServiceSpec, generation: str) -> dict[str, str]:
        """Return the tags of a service that is in sync with ``spec``."""
        declared = tags_of(settings(spec))
        managed = {MANAGED_TAG: managed_tag_value(spec)}
        return {**declared, **stamp(self._owner, generation), **managed}

    def put(self, state: ServiceState, tags: Mapping[str, str]) -> None:
        """Put ``tags`` on the service."""
        words = settled_words(tags)
        if words is not None:
            self._settled[state.arn] = words | self._settled.get(state.arn, _NONE)
        self._aws.call("ecs", "TagResource", resourceArn=state.arn, tags=as_pairs(tags))
        if words is not None:
            self._settled[state.arn] = words

    def completed(self, observations: Observations) -> dict[ResourceId, Observation]:
        """Return ``observations`` with the words that were written and are not visible.

        DescribeServices may lag behind TagResource. Without these words, a field that is
        removed from the document right after it was written would never be removed. A
        field that forces a deployment is left out once a read shows that deployment: it
        is removed then, and removing it again would replace all tasks.
        """
        return {id_: self._completed(found) for id_, found in observations.items()}

    def _completed(self, found: Observation) -> Observation:
        match found:
            case Present(ServiceState() as state):
                unseen = self._settled.get(state.arn, _NONE) - state.managed
                if not self._forced.is_hidden(state):
                    unseen -= forced_fields()
                return replace(found, state=replace(state, unseen=unseen))
            case _:
                return found

    def put_marks(self, action: Action, spec: ServiceSpec, state: ServiceState) -> None:
        """Write the marks that precede a deployment; see ``images.marks``."""
        stamps = any(change.path == SECRETS for change in action.changes)
        if action.disruptive or stamps:
            tags = dict(marks(spec, state, restarts=action.disruptive))
            if tags and not carries(state.settings, tags):
                self.put(state, tags)

    def remove(self, state: ServiceState, changes: Iterable[Change]) -> None:
        """Remove the tags that are no longer declared."""
        tag = PREFIX + TAGS
        removed = [
            change.path.removeprefix(tag)
            for change in changes
            if change.path.startswith(tag) and change.after is None
        ]
        if removed:
            self._aws.call(
                "ecs", "UntagResource", resourceArn=state.arn, tagKeys=sorted(removed)
            )
