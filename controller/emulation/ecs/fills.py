"""Default values that ECS adds to a request, and lists that it reorders.

The rules are in a data file, so that each can cite its source and unconfirmed ones
can be switched off. A path such as ``containerDefinitions[].portMappings[]`` names
every object that a rule applies to.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from controller.emulation.ecs.state import Body


@dataclass(frozen=True, slots=True)
class FillRule:
    """One default value or one reordering.

    Attributes:
        kind: ``fill`` a value, ``copy`` a sibling field, or ``shuffle`` a list.
        at: Path of the objects that contain the field.
        name: Field that is filled or shuffled.
        value: Value to fill, or name of the sibling to copy.
        when: Fields of the body, each with the values for which the rule applies.
        unless: Fields of the same object whose presence disables the rule.
        needs: Fields of the same object whose absence disables the rule.
        switch: Name of the switch, if AWS's behaviour is not confirmed.
    """

    kind: str
    at: str
    name: str
    value: Any = None
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    unless: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    switch: str | None = None


@dataclass(frozen=True, slots=True)
class Fills:
    """Rules for task definitions and services, and the enabled switches."""

    task_definition: tuple[FillRule, ...] = ()
    service: tuple[FillRule, ...] = ()
    switched_on: frozenset[str] = frozenset()

    def fill_definition(self, body: Body) -> Body:
        """Return a task definition as ECS stores it."""
        return self._apply(self.task_definition, body)

    def fill_service(self, body: Body) -> Body:
        """Return the fields of a service as ECS stores them."""
        return self._apply(self.service, body)

    def with_switches(self, on: Iterable[str]) -> "Fills":
        """Return the same rules with exactly the given switches enabled."""
        return Fills(self.task_definition, self.service, frozenset(on))

    def _apply(self, rules: Iterable[FillRule], body: Body) -> Body:
        filled = deepcopy(body)
        for rule in rules:
            enabled = rule.switch is None or rule.switch in self.switched_on
            if enabled and _condition_holds(rule, filled):
                _apply_rule(rule, filled)
        return filled


def fills_from(data: Mapping[str, Any]) -> Fills:
    """Return the rules of the parsed data file."""
    return Fills(
        task_definition=tuple(_rules(data["task_definition"])),
        service=tuple(_rules(data["service"])),
        switched_on=frozenset(n for n, s in data["switches"].items() if s["enabled"]),
    )


def _rules(entries: Iterable[Mapping[str, Any]]) -> Iterator[FillRule]:
    for entry in entries:
        kind = next(kind for kind in ("fill", "copy", "shuffle") if kind in entry)
        yield FillRule(
            kind=kind,
            at=entry.get("at", ""),
            name=entry[kind],
            value=entry.get("value", entry.get("from")),
            when={k: tuple(v) for k, v in entry.get("when", {}).items()},
            unless=tuple(entry.get("unless", ())),
            needs=tuple(entry.get("needs", ())),
            switch=entry.get("switch"),
        )


def _condition_holds(rule: FillRule, body: Body) -> bool:
    return all(_value_at(body, key) in values for key, values in rule.when.items())


def _value_at(body: Body, key: str) -> Any:
    value = body.get(key)
    return value[0] if isinstance(value, list) and value else value


def _apply_rule(rule: FillRule, body: Body) -> None:
    for target in objects_at(body, rule.at):
        disabled = any(target.get(other) for other in rule.unless)
        if not disabled and all(target.get(other) for other in rule.needs):
            _ACTIONS[rule.kind](rule, target)


def _fill(rule: FillRule, target: Body) -> None:
    if target.get(rule.name) is None:
        target[rule.name] = deepcopy(rule.value)


def _copy(rule: FillRule, target: Body) -> None:
    if not target.get(rule.name) and rule.value in target:
        target[rule.name] = target[rule.value]


def _shuffle(rule: FillRule, target: Body) -> None:
    if rule.name in target:
        target[rule.name] = shuffled(target[rule.name])


_ACTIONS: Mapping[str, Callable[[FillRule, Body], None]] = {
    "fill": _fill,
    "copy": _copy,
    "shuffle": _shuffle,
}


def shuffled(items: Iterable[Any]) -> list[Any]:
    """Return the items in a pseudo-random order that depends only on the items."""
    return sorted(items, key=lambda item: sha256(_canonical(item)).digest())


def _canonical(item: Any) -> bytes:
    return json.dumps(item, sort_keys=True).encode()


def objects_at(body: Body, path: str) -> Iterator[Body]:
    """Yield every object at a path; nothing if a step is missing."""
    if not path:
        yield body
        return
    step, _, rest = path.partition(".")
    value = body.get(step.removesuffix("[]"))
    for child in value if isinstance(value, list) else [value]:
        if isinstance(child, dict):
            yield from objects_at(child, rest)
