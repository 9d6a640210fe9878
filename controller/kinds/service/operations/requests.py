"""What a person did to a service by hand, as its own tags tell it.

No store is needed to know that a revision was set aside: whoever looks at the service
sees it. See "Tagging your Amazon ECS resources" for what a tag may hold.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.core.resources.plan import Verb
from controller.core.resources.request import OperationRequest
from controller.core.values.identity import DEPLOYMENT_TAG
from controller.kinds.service.render.effective import settled
from controller.kinds.service.render.fingerprint import content
from controller.kinds.service.rollout.status import rollout_of
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import Rejection, ServiceState
from controller.kinds.service.tags import (
    RESTARTED_AFTER,
    RESTARTED_BY,
    ServiceTags,
    deployment_tag,
    tags_of,
)

_LONGEST = 256
_FORBIDDEN = re.compile(r"[^\w\s.:/=+@-]+")


def set_aside_tags(spec: ServiceSpec, request: OperationRequest) -> dict[str, str]:
    """Return the tags that keep what ``spec`` declares from being rolled out."""
    by = tag_text(str(request))
    return ServiceTags(set_aside=content(spec), set_aside_by=by).written()


def restarted_tags(
    request: OperationRequest, service: Mapping[str, Any], now: datetime
) -> dict[str, str]:
    """Return the tags that say when, by whom and why the tasks are to be replaced.

    They name the deployment of ``service`` that is to be followed by another: so
    whoever finds them knows whether the restart came to be.
    """
    return ServiceTags(
        restarted=now.astimezone(UTC).isoformat(timespec="seconds"),
        restarted_by=tag_text(str(request)),
        restarted_after=_present(service),
    ).written()


def asked_before(tags: Mapping[str, str], service: Mapping[str, Any]) -> bool:
    """Whether ``service`` says the same of a restart as ``tags``, but for the time."""
    same = (RESTARTED_BY, RESTARTED_AFTER)
    return all(tags_of(service).get(key) == tags[key] for key in same)


def came_to_be(service: Mapping[str, Any]) -> bool:
    """Whether the restart that the tags tell of has happened."""
    tags = ServiceTags.of(service)
    return tags.restarted is not None and tags.restarted_after != _present(service)


def is_untold(service: Mapping[str, Any]) -> bool:
    """Whether somebody died between a restart and the tag that says it is done."""
    tags = ServiceTags.of(service)
    after = tags.restarted_after
    told = after is None or tags.deployment not in {None, after}
    return came_to_be(service) and not told


def was_restarted(service: Mapping[str, Any], since: Mapping[str, Any]) -> bool:
    """Whether what is asked for was done since ``since`` was seen, or before a crash."""
    after = ServiceTags.of(service).restarted_after
    asked = after != ServiceTags.of(since).restarted_after
    return came_to_be(service) and (asked or is_untold(service))


def restarts_again(
    spec: ServiceSpec, service: Mapping[str, Any], now: datetime
) -> datetime | None:
    """Return when ``service`` may be restarted again; None if it may be now.

    A restart that was written down and did not come to be does not count.
    """
    last = moment_in(ServiceTags.of(service).restarted or "")
    if last is None or not came_to_be(service):
        return None
    again = last + timedelta(seconds=spec.deployment.restart_interval)
    return again if now < again else None


def retried_tags(request: OperationRequest, failed: str) -> dict[str, str]:
    """Return the tags that forgive the service deployment ``failed``."""
    by = tag_text(str(request))
    return ServiceTags(retried=failed, retried_by=by).written()


def failed_deployment(spec: ServiceSpec, state: ServiceState) -> str:
    """Return the deployment for which what is declared is held back; empty if none."""
    wanted = content(settled(spec, state))
    failed = (r.deployment for r in state.rejected if r.content == wanted)
    return next(filter(None, failed), "")


def moment_in(text: str) -> datetime | None:
    """Return the time in a tag; None if somebody wrote something else there."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def stopped_revisions(spec: ServiceSpec, state: ServiceState) -> tuple[str, ...]:
    """Return the revisions of what is declared that a failed step holds back."""
    wanted = content(settled(spec, state))
    found = (r.stopped for r in state.rejected if r.content == wanted)
    return tuple(filter(None, found))


def tag_text(text: str) -> str:
    """Return ``text`` in characters that a tag may hold, and no more of them."""
    plain = " ".join(_FORBIDDEN.sub(" ", text).split())
    return plain if len(plain) <= _LONGEST else plain[:_LONGEST].rstrip()


def set_aside(
    key: str, spec: ServiceSpec, service: Mapping[str, Any]
) -> Iterator[Rejection]:
    """Yield what is declared, if somebody set it aside.

    Args:
        key: Of the service in the document.
        spec: What is declared.
        service: As DescribeServices answers, with its tags.
    """
    tags = ServiceTags.of(service)
    if tags.set_aside == content(spec):
        told = tags.set_aside_by or "somebody"
        yield Rejection(
            content(spec),
            f"What is declared was set aside by {told}. It is rolled out again when "
            "the declaration of its tasks changes, or with "
            f"`hokusai rollback service/{key} --undo --reason TEXT`.",
        )


def is_outdated(spec: ServiceSpec, service: Mapping[str, Any]) -> bool:
    """Whether ``service`` says that something else than ``spec`` was set aside."""
    return ServiceTags.of(service).set_aside not in {None, content(spec)}


def refuses(
    verb: Verb,
    request: OperationRequest,
    spec: ServiceSpec,
    state: ServiceState,
    now: datetime,
) -> str:
    """Return why what a person asks for cannot be done now; empty if it can."""
    if state.status != "ACTIVE":
        return "ECS is deleting the service"
    match verb:
        case Verb.RESTART:
            return _refuses_restart(spec, state, now)
        case Verb.ROLL_BACK:
            return _refuses_rollback(request, spec, state)
        case Verb.RETRY:
            return _refuses_retry(spec, state)
        case Verb.RESUME if ServiceTags.of(state.settings).set_aside is None:
            return "nothing was set aside"
        case _:
            return ""


def _refuses_restart(spec: ServiceSpec, state: ServiceState, now: datetime) -> str:
    if under_way := _under_way(spec, state):
        return under_way
    if state.described.get("status") == "INACTIVE":
        return inactive(spec, state)
    again = restarts_again(spec, state.settings, now)
    if again is None or is_untold(state.settings):
        # Whoever died before the last tag left it to be written.
        return ""
    last = ServiceTags.of(state.settings).restarted
    return (
        f"it was restarted at {last}, and `deployment.restart_interval` allows it "
        f"once in {spec.deployment.restart_interval} s: again at {again:%H:%M:%S} UTC"
    )


def _refuses_rollback(
    request: OperationRequest, spec: ServiceSpec, state: ServiceState
) -> str:
    primary = state.primary
    there = state.definition_arn.rpartition("/")[2] == request.wanted
    if primary is None or primary.id != state.our_deployment or not there:
        # Whoever died before the last tag left it to be written.
        return ""
    if ServiceTags.of(state.settings).set_aside == content(spec):
        return f"{request.wanted} is in place, and what is declared is set aside"
    return ""


def _refuses_retry(spec: ServiceSpec, state: ServiceState) -> str:
    if under_way := _under_way(spec, state):
        return under_way
    same = {content(spec), content(settled(spec, state))}
    rejections = [r for r in state.rejected if r.content in same]
    for rejection in rejections:
        if not rejection.deployment and not rejection.stopped:
            # Somebody set it aside, which has its own way.
            return rejection.message.rstrip(".")
    if gave_up(state) and state.described.get("status") == "INACTIVE":
        return inactive(spec, state)
    if not rejections and state.pending_step:
        return f"it is tried again already: {state.pending_step}"
    by = ServiceTags.of(state.settings).retried_by
    if not rejections and by:
        return f"nothing was rejected since it was to be tried again, for {by}"
    return "" if rejections else "nothing was rejected"


def gave_up(state: ServiceState) -> bool:
    """Whether ECS left in place what it gave up on, so that it is deployed anew."""
    return state.primary is not None and state.primary.rollout == "FAILED"


def inactive(spec: ServiceSpec, state: ServiceState) -> str:
    """Return that what is in place cannot be deployed anew, and what to do instead.

    See "Deregistering an Amazon ECS task definition revision", developer guide.
    """
    revision = state.definition_arn.rpartition("/")[2]
    return (
        f"{revision} is INACTIVE, since somebody deregistered it, and ECS starts no new "
        "deployment of it: change what the service declares of its tasks, such as "
        "`environment`, which registers another, or go back with `hokusai rollback`; "
        f"`aws ecs list-task-definitions --family-prefix {spec.name} --status INACTIVE` "
        "lists what was deregistered"
    )


def _under_way(spec: ServiceSpec, state: ServiceState) -> str:
    deadline = timedelta(seconds=spec.deployment.progress_deadline)
    if state.primary is None or state.primary.rollout == "IN_PROGRESS":
        return f"a rollout is under way: {rollout_of(state, deadline).message}"
    return ""


def _present(service: Mapping[str, Any]) -> str:
    return deployment_tag(service).get(DEPLOYMENT_TAG, "")
