"""Overlays of maps in which one field decides about the meaning of others."""

import pytest

from controller.core.document.dependent_fields import DEPENDENT_FIELDS
from controller.kinds.service.spec.aws_fields import merged
from controller.spec.node import Node
from controller.spec.overlay import overlaid


def node(value) -> Node:
    if isinstance(value, dict):
        value = {key: node(entry) for key, entry in value.items()}
    return Node(value, str(value), "f", 1, 1)


def by_overlay(base, over):
    return overlaid(node(base), node(over)).plain()


MERGES = pytest.mark.parametrize("merge", [by_overlay, merged])
STRUCTURES = pytest.mark.parametrize("structure", sorted(DEPENDENT_FIELDS))


@MERGES
@STRUCTURES
def test_dependent_fields_of_another_variant_are_dropped(structure, merge):
    deciding, dependent = DEPENDENT_FIELDS[structure]
    base = {"kept": 1, deciding: "a", **{name: {"old": "1"} for name in dependent}}
    name = min(dependent)
    over = {deciding: "b", name: {"new": "2"}}

    found = merge({"x": {structure: base}}, {"x": {structure: over}})

    assert found == {"x": {structure: {"kept": 1, deciding: "b", name: {"new": "2"}}}}


@MERGES
@STRUCTURES
@pytest.mark.parametrize("repeated", [True, False])
def test_dependent_fields_of_the_same_variant_merge(structure, repeated, merge):
    deciding, dependent = DEPENDENT_FIELDS[structure]
    name = min(dependent)
    base = {deciding: "a", name: {"old": "1"}}
    over = {name: {"new": "2"}, **({deciding: "a"} if repeated else {})}

    found = merge({structure: base}, {structure: over})

    assert found == {structure: {deciding: "a", name: {"old": "1", "new": "2"}}}
