"""Explanation of a comparison: the rules that applied to each value.

A rule can make two spellings equal, or exclude a field from the comparison.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from controller.core.resources.explanation import Comparison, Explanation, is_below
from controller.core.values.paths import leaves
from controller.core.values.plain_data import copied
from controller.core.values.redact import masked
from controller.kinds.service.compare.diff import tags_by_key
from controller.kinds.service.normalize import (
    DEFINITION,
    DEFINITION_BY_NAME,
    SERVICE,
    SERVICE_BY_NAME,
    NameContext,
    NormalizationRule,
    left_to_others,
    spelled_alike,
)
from controller.kinds.service.normalize.rule import ruled
from controller.kinds.service.render.fingerprint import name_context
from controller.kinds.service.render.revision_tags import TASK, TASK_TAGS, declared_tags
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.render.update_effects import PREFIX
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState

Fields = Mapping[str, Any]
_NOT_DECLARED = "Not declared."
# Rules for fields that only ECS sets. They explain more than "not declared".
_SET_BY_ECS = frozenset({"R6", "R37", "R40"})


def explain(
    spec: ServiceSpec, state: ServiceState, path: str
) -> tuple[Explanation, ...]:
    """Explain each value at or below ``path``, as in ``task.containers.api.cpu``."""
    place = name_context(spec, state)
    prefix = path.replace("task.containerDefinitions", "task.containers", 1)
    found = (
        *_task(render(spec), state.described or state.definition, place),
        *_service(settings(spec), state.settings, place),
        *_count_and_discovery(spec, state),
        *_tags(spec, state),
    )
    return tuple(one for one in found if is_below(one.path, prefix))


def _task(declared: Fields, live: Fields, place: NameContext) -> Iterator[Explanation]:
    # Tags are not part of the content of a task definition; see `_tags`.
    content = {
        name: copied(value) for name, value in declared.items() if name != "tags"
    }
    for one in traced(DEFINITION_BY_NAME, DEFINITION, (content, live), place):
        path = one.path.replace("containerDefinitions", "containers", 1)
        yield _shown(TASK + path, one)


def _service(
    declared: Fields, live: Fields, place: NameContext
) -> Iterator[Explanation]:
    managed = tags_by_key(declared)
    for one in traced(SERVICE_BY_NAME, SERVICE, (declared, live), place):
        rule = left_to_others(one.path, managed, live)
        own = tuple(r for r in one.reasons if r.partition(":")[0] in _SET_BY_ECS)
        if rule is None and not own:
            yield _shown(PREFIX + one.path, one)
            continue
        why = own or (str(rule),)
        yield _shown(
            PREFIX + one.path,
            Explanation("", one.declared, one.live, Comparison.NOT_COMPARED, why),
        )


def traced(
    by_name: tuple[NormalizationRule, ...],
    rules: tuple[NormalizationRule, ...],
    sides: tuple[Fields, Fields],
    place: NameContext,
) -> list[Explanation]:
    """Apply the rules one by one, and note for each value which rules changed it.

    Args:
        by_name: First rules, which give each value its path.
        rules: All rules, in order.
        sides: Declared and live fields.
        place: Context in which short names are resolved.
    """
    forms = [ruled(by_name, side) for side in sides]
    raw = [dict(leaves(form)) for form in forms]
    touched: dict[str, list[str]] = {path: [] for side in raw for path in side}
    now = raw
    for rule in rules[len(by_name) :]:
        for form in forms:
            rule.apply(form)
        before, now = now, [dict(leaves(form)) for form in forms]
        for path, notes in touched.items():
            if any(
                b.get(path) != n.get(path) for b, n in zip(before, now, strict=True)
            ):
                notes.append(str(rule))
    return [
        _concluded(path, _at(raw, path), _at(now, path), notes, place)
        for path, notes in sorted(touched.items())
    ]


def _at(sides: Sequence[Fields], path: str) -> tuple[Any, Any]:
    declared, live = (side.get(path) for side in sides)
    return declared, live


def _concluded(
    path: str,
    raw: tuple[Any, Any],
    final: tuple[Any, Any],
    notes: list[str],
    place: NameContext,
) -> Explanation:
    declared, live = raw
    if declared == live:
        return Explanation(path, declared, live, Comparison.EQUAL)
    if final[0] == final[1]:
        rule = Comparison.EQUAL_BY_RULE
        return Explanation(path, declared, live, rule, tuple(notes))
    spelling = spelled_alike(path, *final, place)
    if spelling is not None:
        why = (*notes, str(spelling))
        return Explanation(path, declared, live, Comparison.EQUAL_BY_RULE, why)
    return Explanation(path, declared, live, Comparison.DIFFERS, tuple(notes))


def _count_and_discovery(
    spec: ServiceSpec, state: ServiceState
) -> Iterator[Explanation]:
    """Yield the explanations of ``desired_count`` and ``discovery``."""
    pairs = (
        ("desired_count", spec.desired_count, state.desired),
        ("discovery", spec.discovery, state.discovery),
    )
    for path, declared, live in pairs:
        asked = {} if declared is None else {"desiredCount": declared}
        rule = left_to_others("desiredCount", asked, state.settings)
        if declared is None or (path == "desired_count" and rule):
            why = (str(rule),) if path == "desired_count" else (_NOT_DECLARED,)
            yield Explanation(path, declared, live, Comparison.NOT_COMPARED, why)
        else:
            same = declared == live
            comparison = Comparison.EQUAL if same else Comparison.DIFFERS
            yield Explanation(path, declared, live, comparison)


def _tags(spec: ServiceSpec, state: ServiceState) -> Iterator[Explanation]:
    """Yield the tags of the task definition; only declared tags are managed."""
    declared, live = declared_tags(spec), state.revision_tags
    for key in sorted({*declared, *live}):
        path, pair = TASK_TAGS + key, (declared.get(key), live.get(key))
        if key not in declared:
            why = (_NOT_DECLARED,)
            yield _shown(path, Explanation("", *pair, Comparison.NOT_COMPARED, why))
            continue
        comparison = Comparison.EQUAL if pair[0] == pair[1] else Comparison.DIFFERS
        yield _shown(path, Explanation("", *pair, comparison))


def _shown(path: str, one: Explanation) -> Explanation:
    """Return ``one`` at ``path``, with values that look like secrets masked."""
    values = masked(path, one.declared), masked(path, one.live)
    return Explanation(path, *values, one.comparison, one.reasons)
