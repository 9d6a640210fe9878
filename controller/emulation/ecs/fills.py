"""What ECS adds to a request and how it reorders it, driven by data.

The rules are a data file, so that each can cite where it comes from, and so
that what is not confirmed can be switched off. A path such as
``containerDefinitions[].portMappings[]`` names every place a rule applies to.
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
    """One fill or one reordering.

    Attributes:
        kind: ``fill`` a value, ``copy`` a sibling field, or ``shuffle`` a list.
        at: the path of the objects that hold the field.
        name: the field that is filled or shuffled.
        value: the value to fill, or the sibling's name to copy.
        when: fields of the whole body and the values they must have one of.
        unless: fields of the same object that switch the rule off by being there.
        needs: fields of the same object without which the rule is off.
        switch: the name of the switch, if AWS's behaviour is not confirmed.
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
    """The rules in force for task definitions and for services."""

    task_definition: tuple[FillRule, ...] = ()
    service: tuple[FillRule, ...] = ()
    switched_on: frozenset[str] = frozenset()

    def fill_definition(self, body: Body) -> Body:
        """Return a task definition as ECS would keep it."""
        return self._apply(self.task_definition, body)

    def fill_service(self, body: Body) -> Body:
        """Return a service's fields as ECS would keep them."""
        return self._apply(self.service, body)

    def with_switches(self, on: Iterable[str]) -> "Fills":
        """Return the same rules with exactly these switches on."""
        return Fills(self.task_definition, self.service, frozenset(on))

    def _apply(self, rules: Iterable[FillRule], body: Body) -> Body:
        filled = deepcopy(body)
        for rule in rules:
            in_force = rule.switch is None or rule.switch in self.switched_on
            if in_force and _condition_holds(rule, filled):
                _apply_rule(rule, filled)
        return filled


def fills_from(data: Mapping[str, Any]) -> Fills:
    """Return the rules written in the data file."""
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
    return all(_value_at(body, key) in wanted for key, wanted in rule.when.items())


def _value_at(body: Body, key: str) -> Any:
    value = body.get(key)
    return value[0] if isinstance(value, list) and value else value


def _apply_rule(rule: FillRule, body: Body) -> None:
    for place in objects_at(body, rule.at):
        off = any(place.get(other) for other in rule.unless)
        if not off and all(place.get(other) for other in rule.needs):
            _ACTIONS[rule.kind](rule, place)


def _fill(rule: FillRule, place: Body) -> None:
    if place.get(rule.name) is None:
        place[rule.name] = deepcopy(rule.value)


def _copy(rule: FillRule, place: Body) -> None:
    if not place.get(rule.name) and rule.value in place:
        place[rule.name] = place[rule.value]


def _shuffle(rule: FillRule, place: Body) -> None:
    if rule.name in place:
        place[rule.name] = shuffled(place[rule.name])


_ACTIONS: Mapping[str, Callable[[FillRule, Body], None]] = {
    "fill": _fill,
    "copy": _copy,
    "shuffle": _shuffle,
}


def shuffled(items: Iterable[Any]) -> list[Any]:
    """Return the items in an order that looks random and is always the same."""
    return sorted(items, key=lambda item: sha256(_canonical(item)).digest())


def _canonical(item: Any) -> bytes:
    return json.dumps(item, sort_keys=True).encode()


def objects_at(body: Body, path: str) -> Iterator[Body]:
    """Yield every object at a path; a missing step yields nothing."""
    if not path:
        yield body
        return
    step, _, rest = path.partition(".")
    value = body.get(step.removesuffix("[]"))
    for child in value if isinstance(value, list) else [value]:
        if isinstance(child, dict):
            yield from objects_at(child, rest)
