"""What was said of how tasks are replaced, and is not any more.

The field as a whole is always settled, and what an update leaves out of it stays as it
was (API reference, UpdateService.deploymentConfiguration): a part that was taken out
of the document is sent once more, as ECS has it by default.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from controller.core.resources.plan import Change
from controller.kinds.service.normalize import canonical_service
from controller.kinds.service.render.update_effects import PREFIX
from controller.kinds.service.spec.aws_fields import merged

ROLLOUT = "deploymentConfiguration"
# How the parts are called in the tag, which has little room.
WORD = "rollout."
_PATH = f"{PREFIX}{ROLLOUT}."
# What each part is without a word about it; the rules R49 to R53 say from where.
_DEFAULTS: Mapping[str, Any] = {
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
    "alarms": {"alarmNames": [], "enable": False, "rollback": False},
    "lifecycleHooks": [],
    "earlySuccessCriteria": {"enable": False},
}


def rollout_words(declared: Mapping[str, Any]) -> frozenset[str]:
    """Return which parts ``declared``, as CreateService takes it, settles."""
    parts = declared.get(ROLLOUT) or {}
    return frozenset(WORD + part for part in _DEFAULTS if part in parts)


def released_part(word: str, live: Mapping[str, Any]) -> Iterator[Change]:
    """Yield that a part is to be as ECS has it by default, unless it is."""
    part = word.removeprefix(WORD)
    if part == word or part not in _DEFAULTS:
        return
    plain = canonical_service({ROLLOUT: {part: _DEFAULTS[part]}})[ROLLOUT]
    before = live[ROLLOUT].get(part)
    if before != plain.get(part):
        yield Change(_PATH + part, before, None)


def with_released(
    fields: Mapping[str, Any], changes: Iterable[Change]
) -> dict[str, Any]:
    """Return an update's ``fields`` with what sets the released parts back."""
    parts = {
        part: _DEFAULTS[part]
        for change in changes
        if change.after is None
        and (part := change.path.removeprefix(_PATH)) in _DEFAULTS
    }
    return merged(fields, {ROLLOUT: parts}) if parts else dict(fields)
