"""Tags on a service that say which digests and versions it was restarted for.

Each is written right before the restart and names the deployment that it follows: so
it is known after a crash whether the restart came to be, and no digest whose rollout
was rolled back is tried again. No store is needed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.core.values.identity import APPLIED_TAG, client_token
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.retry_requests import again
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import DIGEST_TAG, SECRETS_TAG, tags_of

_UNDER_WAY = "under way"
# Of a digest; enough for nobody to meet another one.
_DIGITS = 24


def marks(
    spec: ServiceSpec, state: ServiceState, *, restarts: bool
) -> Iterator[tuple[str, str]]:
    """Yield the tags to write before a deployment, or where none is to follow."""
    follows = _deployment(state.settings) if restarts else ""
    if restarts and (is_followed(spec) or any(again(state))):
        # Whoever dies before the stamp leaves this, and the next pass stamps.
        yield APPLIED_TAG, _UNDER_WAY
    digests = digests_of(state)
    if spec.image_policy == "redeploy" and digests and restarts:
        yield DIGEST_TAG, f"{digests}/{follows}"
    if spec.restart_on_secret_change and state.fresh.secrets.versions:
        yield SECRETS_TAG, f"{state.fresh.secrets.versions}/{follows}"


def is_followed(spec: ServiceSpec) -> bool:
    """Whether something else than the document alone may restart the service."""
    return spec.image_policy != "report" or spec.restart_on_secret_change


def digests_of(state: ServiceState) -> str:
    """Return the digests that the tags stand for, in characters that a tag may hold."""
    there = [seen.there.partition(":")[2] for seen in state.fresh.images if seen.there]
    if len(there) > 1:
        return client_token("digests", *there)[:_DIGITS]
    return "".join(there)[:_DIGITS]


def was_tried(state: ServiceState, tag: str, wanted: str) -> bool:
    """Whether a deployment followed the mark for ``wanted``, whatever came of it."""
    return is_settled(told(state, tag), wanted, _deployment(state.settings))


def is_settled(mark: str, wanted: str, present: str) -> bool:
    """Whether ``mark`` is for ``wanted``, and ``present`` is not what it followed."""
    value, _, followed = mark.rpartition("/")
    return value == wanted and (not present or followed != present)


def is_marked(answer: Mapping[str, Any], tag: str, wanted: str) -> bool:
    """Whether a service, as DescribeServices tells of it, is settled for ``wanted``."""
    return is_settled(tags_of(answer).get(tag, ""), wanted, _deployment(answer))


def told(state: ServiceState, tag: str) -> str:
    """Return the value of one of the service's tags; empty if it has none."""
    return tags_of(state.settings).get(tag, "")


def _deployment(answer: Mapping[str, Any]) -> str:
    """Return ECS's id of the service deployment: a rollback has no id of its own."""
    return str(answer.get("currentServiceDeployment", "")).rpartition("/")[2]
