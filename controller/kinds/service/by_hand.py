"""What a person did to a service by hand, as its own tags tell it.

No store is needed to know that a revision was set aside: whoever looks at the service
sees it. See "Tagging your Amazon ECS resources" for what a tag may hold.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.core.plan import Verb
from controller.core.request import Request
from controller.kinds.service.compare import content
from controller.kinds.service.rollout import rollout_of
from controller.kinds.service.spec import ServiceSpec
from controller.kinds.service.state import Rejection, ServiceState
from controller.kinds.service.tags import tags_of

SET_ASIDE = "hokusai.ai/set-aside"
SET_ASIDE_BY = "hokusai.ai/set-aside-by"
RESTARTED = "hokusai.ai/restarted"
RESTARTED_BY = "hokusai.ai/restarted-by"

_LONGEST = 256
_FORBIDDEN = re.compile(r"[^\w\s.:/=+@-]+")


def set_aside_tags(spec: ServiceSpec, request: Request) -> dict[str, str]:
    """Return the tags that keep what ``spec`` declares from being rolled out."""
    return {SET_ASIDE: content(spec), SET_ASIDE_BY: tag_text(str(request))}


def restarted_tags(request: Request, now: datetime) -> dict[str, str]:
    """Return the tags that say when, by whom and why the tasks were replaced."""
    at = now.astimezone(UTC).isoformat(timespec="seconds")
    return {RESTARTED: at, RESTARTED_BY: tag_text(str(request))}


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
    tags = tags_of(service)
    if tags.get(SET_ASIDE) == content(spec):
        told = tags.get(SET_ASIDE_BY) or "somebody"
        yield Rejection(
            content(spec),
            f"What is declared was set aside by {told}. It is rolled out again when "
            "the declaration of its tasks changes, or with "
            f"`hokusai rollback service/{key} --undo --reason TEXT`.",
        )


def is_outdated(spec: ServiceSpec, service: Mapping[str, Any]) -> bool:
    """Whether ``service`` says that something else than ``spec`` was set aside."""
    return tags_of(service).get(SET_ASIDE, content(spec)) != content(spec)


def refuses(
    verb: Verb, request: Request, spec: ServiceSpec, state: ServiceState, now: datetime
) -> str:
    """Return why what a person asks for cannot be done now; empty if it can."""
    if state.status != "ACTIVE":
        return "ECS is deleting the service"
    match verb:
        case Verb.RESTART:
            return _refuses_restart(spec, state, now)
        case Verb.ROLL_BACK:
            return _refuses_rollback(request, spec, state)
        case Verb.RESUME if SET_ASIDE not in tags_of(state.settings):
            return "nothing was set aside"
        case _:
            return ""


def _refuses_restart(spec: ServiceSpec, state: ServiceState, now: datetime) -> str:
    deadline = timedelta(seconds=spec.deployment.progress_deadline)
    if state.primary is None or state.primary.rollout == "IN_PROGRESS":
        return f"a rollout is under way: {rollout_of(state, deadline).message}"
    last = _moment(tags_of(state.settings).get(RESTARTED, ""))
    interval = timedelta(seconds=spec.deployment.restart_interval)
    if last is None or now - last >= interval:
        return ""
    again = last + interval
    return (
        f"it was restarted at {last:%H:%M:%S} UTC, and `deployment.restart_interval` "
        f"allows it once in {interval.total_seconds():.0f} s: again at "
        f"{again:%H:%M:%S} UTC"
    )


def _refuses_rollback(request: Request, spec: ServiceSpec, state: ServiceState) -> str:
    primary = state.primary
    there = state.definition_arn.rpartition("/")[2] == request.wanted
    if primary is None or primary.id != state.ours or not there:
        # Whoever died before the last tag left it to be written.
        return ""
    if tags_of(state.settings).get(SET_ASIDE) == content(spec):
        return f"{request.wanted} is in place, and what is declared is set aside"
    return ""


def _moment(text: str) -> datetime | None:
    """Return the time in a tag; None if somebody wrote something else there."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
