"""Requested operations on a service: the tags that record them, and refusals.

The service's own tags record that a revision is on hold, so no store is needed to know
it. See "Tagging your Amazon ECS resources" for the characters that a tag allows.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Verb
from controller.core.values.identity import DEPLOYMENT_TAG
from controller.core.values.utc_text import utc_text
from controller.kinds.service.render.effective import effective_spec
from controller.kinds.service.render.fingerprint import definition_hash
from controller.kinds.service.rollout.status import ENDED, rollout_of
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import Rejection, ServiceState
from controller.kinds.service.tags import (
    RESTARTED_AFTER,
    RESTARTED_BY,
    ServiceTags,
    deployment_tag,
    tags_of,
)

UNKNOWN_USER = "an unknown user"
_LONGEST = 256
_FORBIDDEN = re.compile(r"[^\w\s.:/=+@-]+")


def set_aside_tags(spec: ServiceSpec, request: OperationRequest) -> dict[str, str]:
    """Return the tags that put the revision declared by ``spec`` on hold."""
    by = tag_text(str(request))
    return ServiceTags(set_aside=definition_hash(spec), set_aside_by=by).written()


def restarted_tags(
    request: OperationRequest, service: Mapping[str, Any], now: datetime
) -> dict[str, str]:
    """Return the tags that record a restart: time, user and reason.

    They also name the current deployment of ``service``. Once another deployment
    follows it, the restart has happened.
    """
    return ServiceTags(
        restarted=now.astimezone(UTC).isoformat(timespec="seconds"),
        restarted_by=tag_text(str(request)),
        restarted_after=_current_deployment(service),
    ).written()


def is_same_restart(tags: Mapping[str, str], service: Mapping[str, Any]) -> bool:
    """Return True if ``service`` records the restart in ``tags``, except for the time."""
    same = (RESTARTED_BY, RESTARTED_AFTER)
    return all(tags_of(service).get(key) == tags[key] for key in same)


def has_restarted(service: Mapping[str, Any]) -> bool:
    """Return True if the restart that the tags record has happened."""
    tags = ServiceTags.of(service)
    current = _current_deployment(service)
    return tags.restarted is not None and tags.restarted_after != current


def is_unrecorded(service: Mapping[str, Any]) -> bool:
    """Return True if a restart happened and the tag of its deployment is missing.

    The controller stopped between UpdateService and the last TagResource.
    """
    tags = ServiceTags.of(service)
    after = tags.restarted_after
    is_recorded = after is None or tags.deployment not in {None, after}
    return has_restarted(service) and not is_recorded


def was_restarted(service: Mapping[str, Any], since: Mapping[str, Any]) -> bool:
    """Return True if the requested restart happened already.

    Either after ``since`` was observed, or by a controller that stopped before it
    recorded the restart.
    """
    after = ServiceTags.of(service).restarted_after
    is_new = after != ServiceTags.of(since).restarted_after
    return has_restarted(service) and (is_new or is_unrecorded(service))


def next_restart(
    spec: ServiceSpec, service: Mapping[str, Any], now: datetime
) -> datetime | None:
    """Return the earliest time of the next restart; None if it is allowed now.

    A restart that was recorded and has not happened does not count.
    """
    last = tag_time(ServiceTags.of(service).restarted or "")
    if last is None or not has_restarted(service):
        return None
    earliest = last + timedelta(seconds=spec.deployment.restart_interval)
    return earliest if now < earliest else None


def retried_tags(request: OperationRequest, failed: str) -> dict[str, str]:
    """Return the tags that record a retry of the service deployment ``failed``."""
    by = tag_text(str(request))
    return ServiceTags(retried=failed, retried_by=by).written()


def failed_deployment(spec: ServiceSpec, state: ServiceState) -> str:
    """Return the failed deployment of the declared revision; empty if none failed."""
    wanted = definition_hash(effective_spec(spec, state))
    failed = (r.deployment for r in state.rejected if r.content == wanted)
    return next(filter(None, failed), "")


def tag_time(text: str) -> datetime | None:
    """Parse the time in a tag; None if the tag contains something else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def stopped_revisions(spec: ServiceSpec, state: ServiceState) -> tuple[str, ...]:
    """Return the ARNs of declared revisions that a failed step holds back."""
    wanted = definition_hash(effective_spec(spec, state))
    found = (r.stopped for r in state.rejected if r.content == wanted)
    return tuple(filter(None, found))


def tag_text(text: str) -> str:
    """Return ``text`` reduced to the characters and the length that a tag allows."""
    plain = " ".join(_FORBIDDEN.sub(" ", text).split())
    return plain if len(plain) <= _LONGEST else plain[:_LONGEST].rstrip()


def on_hold(
    key: str, spec: ServiceSpec, service: Mapping[str, Any]
) -> Iterator[Rejection]:
    """Yield a rejection of the declared revision if a rollback put it on hold.

    Args:
        key: Key of the service in the document.
        spec: Declaration.
        service: Service from DescribeServices, with its tags.
    """
    tags = ServiceTags.of(service)
    if tags.set_aside == definition_hash(spec):
        user = tags.set_aside_by or UNKNOWN_USER
        yield Rejection(
            definition_hash(spec),
            f"The declared revision was put on hold by {user}. It is rolled out again "
            "when its task definition changes, or after you run "
            f"`hokusai rollback service/{key} --undo --reason TEXT`.",
        )


def is_hold_obsolete(spec: ServiceSpec, service: Mapping[str, Any]) -> bool:
    """Return True if the revision on hold is no longer the declared one."""
    return ServiceTags.of(service).set_aside not in {None, definition_hash(spec)}


def refusal(
    verb: Verb,
    request: OperationRequest,
    spec: ServiceSpec,
    state: ServiceState,
    now: datetime,
) -> str:
    """Return the reason to refuse a requested operation now; empty to allow it."""
    if state.status != "ACTIVE":
        return "ECS is deleting the service"
    match verb:
        case Verb.RESTART:
            return _refuses_restart(spec, state, now)
        case Verb.ROLL_BACK:
            return _refuses_rollback(request, spec, state)
        case Verb.RETRY:
            return _refuses_retry(spec, state)
        case Verb.RESUME:
            is_held = ServiceTags.of(state.settings).set_aside is not None
            return "" if is_held else "no revision is on hold"
        case _:
            return f"its kind does not support `{verb}`"


def _refuses_restart(spec: ServiceSpec, state: ServiceState, now: datetime) -> str:
    if in_progress := _in_progress(spec, state):
        return in_progress
    if state.described.get("status") == "INACTIVE":
        return inactive(spec, state)
    earliest = next_restart(spec, state.settings, now)
    if earliest is None or is_unrecorded(state.settings):
        # A repeated request writes the tag that is missing.
        return ""
    last = earliest - timedelta(seconds=spec.deployment.restart_interval)
    return (
        f"the last restart was at {utc_text(last)}; `deployment.restart_interval` "
        f"({spec.deployment.restart_interval} s) allows the next one at "
        f"{utc_text(earliest)}"
    )


def _refuses_rollback(
    request: OperationRequest, spec: ServiceSpec, state: ServiceState
) -> str:
    primary = state.primary
    is_deployed = state.definition_arn.rpartition("/")[2] == request.wanted
    if primary is None or primary.id != state.our_deployment or not is_deployed:
        # If only the last tag is missing, a repeated request writes it.
        return ""
    if ServiceTags.of(state.settings).set_aside == definition_hash(spec):
        return f"{request.wanted} is deployed and the declared revision is on hold"
    return ""


def _refuses_retry(spec: ServiceSpec, state: ServiceState) -> str:
    if in_progress := _in_progress(spec, state):
        return in_progress
    same = {definition_hash(spec), definition_hash(effective_spec(spec, state))}
    rejections = [r for r in state.rejected if r.content in same]
    for rejection in rejections:
        if not rejection.deployment and not rejection.stopped:
            # On hold, which `rollback --undo` ends.
            return rejection.message.rstrip(".")
    if gave_up(state) and state.described.get("status") == "INACTIVE":
        return inactive(spec, state)
    if not rejections and state.pending_step:
        return f"a retry is pending already: {state.pending_step}"
    by = ServiceTags.of(state.settings).retried_by
    if not rejections and by:
        return f"no revision was rejected since the last retry, requested by {by}"
    return "" if rejections else "no revision was rejected"


def gave_up(state: ServiceState) -> bool:
    """Return True if the rollout failed and ECS left its revision deployed."""
    return state.primary is not None and state.primary.rollout == "FAILED"


def inactive(spec: ServiceSpec, state: ServiceState) -> str:
    """Explain that an INACTIVE revision cannot be deployed again, and what to do.

    See "Deregistering an Amazon ECS task definition revision", developer guide.
    """
    revision = state.definition_arn.rpartition("/")[2]
    return (
        f"{revision} is INACTIVE because it was deregistered, so ECS starts no new "
        "deployment of it: change a field of the tasks, such as `environment`, to "
        "register another revision, or roll back with `hokusai rollback`; "
        f"`aws ecs list-task-definitions --family-prefix {spec.name} --status INACTIVE` "
        "lists deregistered revisions"
    )


def _in_progress(spec: ServiceSpec, state: ServiceState) -> str:
    """Explain that a rollout has not ended; empty if it has.

    The service deployment counts as well, because it is read after the service: it can
    be rolled back already while the service still shows the rollout.
    """
    rollout = rollout_of(state, timedelta(seconds=spec.deployment.progress_deadline))
    has_settled = state.primary is not None and state.primary.rollout != "IN_PROGRESS"
    if has_settled or rollout.phase in ENDED:
        return ""
    return f"a rollout is in progress: {rollout.message}"


def _current_deployment(service: Mapping[str, Any]) -> str:
    return deployment_tag(service).get(DEPLOYMENT_TAG, "")
