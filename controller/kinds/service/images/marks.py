"""Tags on a service that record the digests and versions it was restarted for.

Each is written right before the restart and names the deployment that precedes it.
After a crash, the tag shows if the restart happened, and a digest that was rolled back
is not deployed again. No store is needed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.core.values.identity import APPLIED_TAG, client_token
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.retry_requests import retry_changes
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import DIGEST_TAG, SECRETS_TAG, tags_of

_UNDER_WAY = "under way"
# Digits of a digest in a tag; enough to be unique.
_DIGITS = 24


def marks(
    spec: ServiceSpec, state: ServiceState, *, restarts: bool
) -> Iterator[tuple[str, str]]:
    """Yield the tags to write before an update.

    Args:
        spec: Effective declaration.
        state: Observed state.
        restarts: True if the update starts a deployment.
    """
    follows = _deployment(state.settings) if restarts else ""
    if restarts and (is_followed(spec) or any(retry_changes(state))):
        # If the controller stops before it writes the generation, this value remains
        # and the next pass writes the generation.
        yield APPLIED_TAG, _UNDER_WAY
    digests = digests_of(state)
    if spec.image_policy == "redeploy" and digests and restarts:
        yield DIGEST_TAG, f"{digests}/{follows}"
    if spec.restart_on_secret_change and state.fresh.secrets.versions:
        yield SECRETS_TAG, f"{state.fresh.secrets.versions}/{follows}"


def is_followed(spec: ServiceSpec) -> bool:
    """Return True if images or secrets may restart the service."""
    return spec.image_policy != "report" or spec.restart_on_secret_change


def digests_of(state: ServiceState) -> str:
    """Return the digests of the image tags, in characters that an AWS tag allows."""
    there = [seen.there.partition(":")[2] for seen in state.fresh.images if seen.there]
    if len(there) > 1:
        return client_token("digests", *there)[:_DIGITS]
    return "".join(there)[:_DIGITS]


def was_tried(state: ServiceState, tag: str, wanted: str) -> bool:
    """Return True if a deployment followed the mark for ``wanted``, with any result."""
    return is_settled(tag_value(state, tag), wanted, _deployment(state.settings))


def is_settled(mark: str, wanted: str, present: str) -> bool:
    """Return True if ``mark`` is for ``wanted`` and its deployment has started.

    Args:
        mark: Value of the tag.
        wanted: Digests or a hash of versions.
        present: Id of the current service deployment.
    """
    value, _, followed = mark.rpartition("/")
    return value == wanted and (not present or followed != present)


def is_marked(answer: Mapping[str, Any], tag: str, wanted: str) -> bool:
    """Return True if a service from DescribeServices is settled for ``wanted``."""
    return is_settled(tags_of(answer).get(tag, ""), wanted, _deployment(answer))


def tag_value(state: ServiceState, tag: str) -> str:
    """Return the value of a tag of the service; empty if it is absent."""
    return tags_of(state.settings).get(tag, "")


def _deployment(answer: Mapping[str, Any]) -> str:
    """Return the id of the current service deployment; a rollback keeps the id."""
    return str(answer.get("currentServiceDeployment", "")).rpartition("/")[2]
