"""Write onto a service what it is to tell: whose it is, what of, and what for."""

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
    settled_words,
    tag_value,
)
from controller.kinds.service.images.changes import SECRETS
from controller.kinds.service.images.marks import marks
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.update_effects import PREFIX
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import as_pairs, carries, tags_of

Seen = Mapping[ResourceId, Observation]
_NONE: frozenset[str] = frozenset()


class ServiceTagWriter:
    """Writes tags; all of it may be repeated and raises DriverError."""

    def __init__(self, aws: Aws, owner: str) -> None:
        self._aws = aws
        self._owner = owner
        # What the document settled, by the service that was last said to be so.
        self._settled: dict[str, frozenset[str]] = {}

    def of(self, spec: ServiceSpec, generation: str) -> dict[str, str]:
        """Return the tags that a service is to carry once it is as declared."""
        declared = tags_of(settings(spec))
        managed = {MANAGED_TAG: tag_value(spec)}
        return {**declared, **stamp(self._owner, generation), **managed}

    def put(self, state: ServiceState, tags: Mapping[str, str]) -> None:
        """Put ``tags`` on the service."""
        words = settled_words(tags)
        if words is not None:
            self._settled[state.arn] = words | self._settled.get(state.arn, _NONE)
        self._aws.call("ecs", "TagResource", resourceArn=state.arn, tags=as_pairs(tags))
        if words is not None:
            self._settled[state.arn] = words

    def recalled(self, seen: Seen) -> dict[ResourceId, Observation]:
        """Return ``seen``, with what is known to be settled and was not to be seen.

        DescribeServices may lag behind TagResource. What such a look does not show to
        be settled would be left in place for ever once the document has it no more.
        """
        return {id_: self._recalled(found) for id_, found in seen.items()}

    def _recalled(self, found: Observation) -> Observation:
        match found:
            case Present(ServiceState() as state):
                unseen = self._settled.get(state.arn, _NONE) - state.managed
                return replace(found, state=replace(state, unseen=unseen))
            case _:
                return found

    def before(self, action: Action, spec: ServiceSpec, state: ServiceState) -> None:
        """Write what the deployment that follows is for; see ``freshness.marks``."""
        stamps = any(change.path == SECRETS for change in action.changes)
        if action.disruptive or stamps:
            tags = dict(marks(spec, state, restarts=action.disruptive))
            if tags and not carries(state.settings, tags):
                self.put(state, tags)

    def remove(self, state: ServiceState, changes: Iterable[Change]) -> None:
        """Take away the tags that the document does not ask for any more."""
        tag = PREFIX + TAGS
        gone = [
            change.path.removeprefix(tag)
            for change in changes
            if change.path.startswith(tag) and change.after is None
        ]
        if gone:
            self._aws.call(
                "ecs", "UntagResource", resourceArn=state.arn, tagKeys=sorted(gone)
            )
