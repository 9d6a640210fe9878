"""Pairs of what was declared and what ECS answered; see ``tests/corpus/README.md``."""

import copy
import json
import os
from pathlib import Path

import pytest

from controller.core.walk import differences
from controller.kinds.service.canonical import canonical

OURS = Path(__file__).parents[1] / "corpus"
THEIRS = os.environ.get("CORPUS", "")
FOLDERS = [OURS, *([Path(THEIRS)] if THEIRS else [])]
PAIRS = sorted(p for folder in FOLDERS for p in folder.glob("TaskDefinition.*.json"))
# Names a thing; another name is another thing, not a change of this one.
_TAGS = "tags"


def pair(file: Path):
    """Return what was declared and what is live, without tags, which ECS keeps apart."""
    both = json.loads(file.read_text())
    declared, live = both["declared"], both["live"]
    live.setdefault("family", declared.get("family"))
    declared.setdefault("family", live["family"])
    return (
        {k: v for k, v in declared.items() if k != _TAGS},
        {k: v for k, v in live.items() if k != _TAGS},
    )


def leaves(value, path=()):
    """Yield the path of every scalar."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, dict | list):
            yield from leaves(item, (*path, key))
        else:
            yield (*path, key)


def edited(value, path):
    """Return ``value`` with another scalar at ``path``."""
    changed = copy.deepcopy(value)
    place = changed
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    if isinstance(old, bool):
        place[path[-1]] = not old
    elif isinstance(old, int):
        place[path[-1]] = old + 1
    else:
        place[path[-1]] = f"{old}-edited"
    return changed


@pytest.mark.parametrize("file", PAIRS, ids=lambda file: file.stem)
def test_what_is_in_sync_compares_as_equal(file):
    declared, live = pair(file)

    assert list(differences(canonical(live), canonical(declared))) == []


@pytest.mark.parametrize("file", PAIRS, ids=lambda file: file.stem)
def test_every_leaf_that_is_changed_is_seen(file):
    declared, live = pair(file)

    missed = [
        path
        for path in leaves(declared)
        if not list(differences(canonical(live), canonical(edited(declared, path))))
    ]

    assert missed == []


def test_a_folder_that_is_named_holds_pairs():
    assert not THEIRS or len(PAIRS) > len(list(OURS.glob("*.json")))
