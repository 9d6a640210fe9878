"""Changes, holds and findings for images and secrets newer than the running tasks."""

import shlex
from collections.abc import Iterable, Iterator
from datetime import timedelta

from controller.core.resources.kind import Finding, HoldReason
from controller.core.resources.plan import Change, Effect, Hold, Reason
from controller.kinds.service.images.marks import (
    digests_of,
    tag_value,
    was_tried,
)
from controller.kinds.service.render.effective import images_of, unresolved
from controller.kinds.service.render.revision_tags import needs_revision
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.images import ImageSeen
from controller.kinds.service.state.retry_requests import DEPLOYMENT
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import DIGEST_TAG, SECRETS_TAG

IMAGES = "images."
SECRETS = "secrets.versions"
# Digits of a digest in messages.
_SHOWN = 12


def outdated_changes(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    """Yield the changes that the declaration makes for newer images and secrets.

    Each needs a restart, or only a tag that records the versions.
    """
    if spec.image_policy == "redeploy" and not _tried_images(state):
        for seen in _outdated_images(spec, state):
            path = f"{IMAGES}{seen.container}"
            yield Change(path, seen.runs, seen.there, Effect.RESTART)
    versions = state.fresh.secrets.versions
    if not spec.restart_on_secret_change or not versions:
        return
    known = tag_value(state, SECRETS_TAG)
    if not known and state.fresh.secrets.outdated:
        # The first observation restarts nothing, and must not record versions that
        # the running tasks do not have.
        return
    if not known:
        yield Change(SECRETS, None, versions, Effect.COSMETIC)
    elif not was_tried(state, SECRETS_TAG, versions):
        # Tasks that were restarted outside the controller already have the new values.
        effect = Effect.RESTART if state.fresh.secrets.outdated else Effect.COSMETIC
        yield Change(SECRETS, known.rpartition("/")[0], versions, effect)


def unedited(change: Change) -> bool:
    """Return True for a newer image or secret, which is no edit of the service."""
    return change.path == SECRETS or change.path.startswith(IMAGES)


def forces_deployment(changes: Iterable[Change]) -> bool:
    """Return True if a change needs ``forceNewDeployment`` of UpdateService."""
    return any(c.path == DEPLOYMENT or _is_forced(c) for c in changes)


def is_only_forced(changes: Iterable[Change]) -> bool:
    """Return True if newer images or secrets are the only reason to restart."""
    restarts = [c for c in changes if c.effect in {Effect.RESTART, Effect.REPLACE}]
    return bool(restarts) and all(map(_is_forced, restarts))


def hold_reason(
    spec: ServiceSpec, state: ServiceState, changes: tuple[Change, ...]
) -> HoldReason | None:
    """Return the reason to delay a restart or a rollout of a pinned image."""
    for seen in unresolved(spec, state):
        if any(needs_revision(change.path) for change in changes):
            message = (
                f"{seen.image} cannot be pinned because its digest could not be read: "
                f"{seen.unseen}"
            )
            return HoldReason(Hold.RESOLUTION_FAILED, message)
    if not changes:
        return _unseen(spec, state)
    if not is_only_forced(changes):
        return None
    primary, rested = state.primary, state.fresh.rested
    if primary is not None and primary.rollout == "IN_PROGRESS":
        message = "A rollout is in progress; the tasks are restarted after it."
        return HoldReason(Hold.ROLLOUT_IN_PROGRESS, message)
    interval = timedelta(seconds=spec.deployment.restart_interval)
    if rested is not None and rested < interval:
        seconds = int((interval - rested).total_seconds())
        message = (
            f"The last deployment began less than {interval} ago; the tasks are "
            f"restarted in {max(seconds, 1)} s."
        )
        return HoldReason(Hold.RESTARTED_RECENTLY, message)
    return None


def _unseen(spec: ServiceSpec, state: ServiceState) -> HoldReason | None:
    """Return a hold if the declaration acts on a version that could not be read."""
    for finding in _blind(spec, state):
        return HoldReason(Hold.UNKNOWN, finding.message)
    return None


def outdated_findings(spec: ServiceSpec, state: ServiceState) -> Iterator[Finding]:
    """Yield findings about newer images and secrets, with commands that deploy them."""
    for seen in _outdated_images(spec, state):
        yield from _image(spec, state, seen)
    yield from _blind(spec, state)
    yield from _secrets(spec, state)


def _blind(spec: ServiceSpec, state: ServiceState) -> Iterator[Finding]:
    """Yield a finding for each version that is acted on and could not be read."""
    for seen in state.fresh.images:
        if seen.unseen and spec.image_policy != "report":
            message = (
                f"{seen.image} could not be compared with the running image, which is "
                f"kept: {seen.unseen}"
            )
            yield Finding(f"{IMAGES}{seen.container}", Reason.TASKS_OUTDATED, message)
    secrets = state.fresh.secrets
    if secrets.unseen and spec.restart_on_secret_change:
        message = f"The versions of the secrets could not be read: {secrets.unseen}"
        yield Finding(SECRETS, Reason.TASKS_OUTDATED, message)


def _image(
    spec: ServiceSpec, state: ServiceState, seen: ImageSeen
) -> Iterator[Finding]:
    path = f"{IMAGES}{seen.container}"
    what = (
        f"{seen.image} was updated (running: {short(seen.runs)}, "
        f"in ECR: {short(seen.there)})"
    )
    match spec.image_policy:
        case "report":
            message = f"{what}; the next rollout deploys it."
            yield Finding(path, Reason.TASKS_OUTDATED, message, _restart(state, what))
        case "redeploy" if _tried_images(state):
            message = (
                f"{what}; it was deployed and rolled back, and is not deployed again "
                "until the tag changes."
            )
            yield Finding(path, Reason.TASKS_OUTDATED, message, _restart(state, what))
        case _:
            return


def _secrets(spec: ServiceSpec, state: ServiceState) -> Iterator[Finding]:
    secrets = state.fresh.secrets
    if forces_deployment(c for c in outdated_changes(spec, state) if c.path == SECRETS):
        return
    for name in secrets.rotated:
        what = f"{name} was rotated after the tasks started"
        message = f"{what}: they use the old value."
        path = f"secrets.{name}"
        yield Finding(path, Reason.TASKS_OUTDATED, message, _restart(state, what))
    for name in secrets.moved:
        what = f"{name} was set to an older version after the tasks started"
        message = f"{what}: they use the newer value."
        path = f"secrets.{name}"
        yield Finding(path, Reason.TASKS_OUTDATED, message, _restart(state, what))


def short(digest: str) -> str:
    """Return a digest shortened for messages."""
    kind, _, digits = digest.partition(":")
    return f"{kind}:{digits[:_SHOWN]}…" if digits else digest


def _restart(state: ServiceState, why: str) -> str:
    words = ("hokusai", "restart", state.fresh.address, "--reason", why)
    return shlex.join(words)


def _outdated_images(spec: ServiceSpec, state: ServiceState) -> Iterator[ImageSeen]:
    """Yield the deployed images whose tags have moved to another image."""
    if spec.image_policy == "pin":
        return
    live = state.definition.get("containerDefinitions", {})
    for container, image in images_of(spec).items():
        seen = state.fresh.image(container, image)
        same = live.get(container, {}).get("image") == image
        if seen is not None and same and seen.outdated:
            yield seen


def _tried_images(state: ServiceState) -> bool:
    return was_tried(state, DIGEST_TAG, digests_of(state))


def _is_forced(change: Change) -> bool:
    forced = change.path == SECRETS or change.path.startswith(IMAGES)
    return forced and change.effect is Effect.RESTART
