"""Pairs of what was declared and what ECS answered; see ``tests/corpus/README.md``."""

import copy

import pytest

from controller.kinds.service.normalize import left_to_others
from tests.builders.ecs_corpus import IDENTITY, OURS, PAIRS, THEIRS, leaves, pair

LEAST_OF_EACH = 12


def edited(value, path):
    """Return ``value`` with another scalar at ``path``."""
    changed = copy.deepcopy(value)
    place = changed
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    if isinstance(old, bool):
        place[path[-1]] = not old
    elif isinstance(old, int | float):
        place[path[-1]] = old + 1
    else:
        # Not "-edited": six characters after a hyphen may be Secrets Manager's own.
        place[path[-1]] = f"{old}_edited"
    return changed


def is_compared(found, path) -> bool:
    """Whether an edit of what is declared at ``path`` has to be seen."""
    if path[0] in IDENTITY or (path[0] == "tags" and "tags" not in found.live):
        return False
    if found.kind == "Service":
        return left_to_others(path[0], found.declared, found.live) is None
    return True


@pytest.mark.parametrize("file", PAIRS, ids=lambda file: file.stem)
def test_what_is_in_sync_compares_as_equal(file):
    assert pair(file).differences() == []


@pytest.mark.parametrize("file", PAIRS, ids=lambda file: file.stem)
def test_every_leaf_that_is_changed_is_seen_where_it_is(file):
    found = pair(file)

    missed = []
    for path in leaves(found.declared):
        seen = found.differences(edited(found.declared, path))
        if is_compared(found, path) and not any(s.startswith(path[0]) for s in seen):
            missed.append(path)

    assert missed == []


@pytest.mark.parametrize(
    "file",
    [file for file in PAIRS if pair(file).kind == "TaskDefinition"],
    ids=lambda file: file.stem,
)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("environment", [{"name": "MLFLOW_FALLBACK_IP", "value": "10.0.1.221"}]),
        ("workingDirectory", "/by-hand"),
        ("user", "1000:1000"),
    ],
)
def test_what_is_added_by_hand_is_seen(file, field, value):
    found = pair(file)
    container = found.live["containerDefinitions"][0]
    before = container.get(field)

    container[field] = [*before, *value] if isinstance(before, list) else value

    assert any(field in path for path in found.differences())


def test_ours_are_many_of_each():
    ours = [pair(file).kind for file in PAIRS if file.parent == OURS]

    assert ours.count("TaskDefinition") >= LEAST_OF_EACH
    assert ours.count("Service") >= LEAST_OF_EACH


def test_a_folder_that_is_named_holds_pairs():
    assert not THEIRS or any(OURS not in file.parents for file in PAIRS)
