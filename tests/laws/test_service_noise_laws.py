"""A diff that never lies.

What ECS fills in and reorders is no difference, and every change is one.
"""

import copy
import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from controller.core.values.paths import leaves
from controller.kinds.service import KIND
from controller.kinds.service.compare.diff import setting_differences, tags_by_key
from controller.kinds.service.normalize import (
    NameContext,
    canonical,
    canonical_service,
    managed_paths,
    real_differences,
)
from controller.kinds.service.render.fingerprint import declared_definition
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.state.service import ServiceState
from tests.laws.service_strategies import (
    declarations,
    in_awss_words,
    seen,
    spec_of,
)

SWITCHES = ("empty-lists", "breaker-thresholds", "propagate-tags",
            "documented-defaults", "log-secret-options", "flags-off", "fargate-defaults",
            "deployment-defaults", "connect-names", "shuffled-sets")  # fmt: skip


def paths(fields, state: ServiceState) -> set[str]:
    return {change.path for change in KIND.compare(spec_of(fields), state)}


@tried(max_examples=40)
@given(declarations(), st.sets(st.sampled_from(SWITCHES)))
def test_what_was_just_applied_differs_in_nothing(fields, switches):
    assert paths(fields, seen(spec_of(fields), switches)) == set()


CHANGES = {
    "image": ("task.containers.hokusai-api-development.image", "hokusai/other:9"),
    "environment": (
        "task.containers.hokusai-api-development.environment",
        {"EDITED": "yes"},
    ),
    "secrets": (
        "task.containers.hokusai-api-development.secrets",
        {"EDITED": {"ssm": "/edited"}},
    ),
    "command": (
        "task.containers.hokusai-api-development.command",
        ["edited", "by", "hand", "now"],
    ),
    "architecture": ("task.runtimePlatform.cpuArchitecture", "ARM64"),
    "log_group": (
        "task.containers.hokusai-api-development.logConfiguration",
        "/edited",
    ),
    "roles": ("task.taskRoleArn", {"task": "arn:aws:iam::123456789012:role/edited"}),
    "network": ("service.networkConfiguration", {"subnets": ["subnet-edededed"]}),
    "desired_count": ("desired_count", 7),
    "discovery": ("discovery", "edited"),
}


@pytest.mark.parametrize("field", CHANGES)
@tried(max_examples=20)
@given(declarations())
def test_every_change_of_the_document_is_seen_at_its_path(field, fields):
    path, value = CHANGES[field]
    state = seen(spec_of(fields))

    edited = {**copy.deepcopy(fields), field: value}

    assert any(found.startswith(path) for found in paths(edited, state))


@given(declarations(), st.data())
def test_every_change_by_hand_is_seen(fields, data):
    spec = spec_of(fields)
    live = render(spec)
    (container,) = live["containerDefinitions"]
    edits = {
        "environment": [{"name": "BY_HAND", "value": "1"}],
        "user": "1000",
        "readonlyRootFilesystem": True,
        "image": "hokusai/by-hand:1",
        "cpu": 7,
        "stopTimeout": 5,
        "linuxParameters": {"initProcessEnabled": True},
    }
    field = data.draw(st.sampled_from(sorted(edits)))
    before = container.get(field)
    container[field] = (
        [*before, *edits[field]] if field == "environment" and before else edits[field]
    )

    state = ServiceState("arn", "ACTIVE", canonical(live), "td", settings(spec))

    found = paths(fields, state)
    assert any(field in path for path in found), found


@tried(max_examples=50)
@given(in_awss_words(), st.sets(st.sampled_from(SWITCHES)))
def test_what_was_said_in_awss_words_differs_in_nothing(fields, switches):
    assert paths(fields, seen(spec_of(fields), switches)) == set()


@pytest.mark.parametrize("switches", [(), SWITCHES], ids=["none", "all"])
@tried(max_examples=15)
@given(in_awss_words())
def test_no_fill_and_every_fill_differ_in_nothing(switches, fields):
    assert paths(fields, seen(spec_of(fields), switches)) == set()


def edited(value):
    """Return another value of the same type."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case list():
            return [*value, "edited_by_hand"]
        case _:
            return f"{value}_edited_by_hand"


def places(value, path=()):
    """Yield the path of every scalar, and of every list of scalars."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        nested = isinstance(item, dict) or (
            isinstance(item, list) and any(isinstance(one, dict) for one in item)
        )
        if nested:
            yield from places(item, (*path, key))
        elif item not in ([], {}):
            yield (*path, key)


def with_edit(value, path):
    """Return ``value`` with another scalar at ``path``."""
    changed = copy.deepcopy(value)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = edited(place[path[-1]])
    return changed


def told_at(body, path):
    """Return where in a change an edit of a definition at ``path`` must be told."""
    if path[0] != "containerDefinitions":
        return f"task.{path[0]}"
    name = body["containerDefinitions"][path[1]]["name"]
    return (
        "task.containers" if path[2] == "name" else f"task.containers.{name}.{path[2]}"
    )


# Where two spellings are one, an edit at random is not sure to be another value.
SAME = {"protocol", "hostPort"}


@tried(max_examples=50)
@given(in_awss_words(), st.data())
def test_every_edit_of_what_is_live_in_a_task_definition_is_seen(fields, data):
    spec = spec_of(fields)
    state = seen(spec, data.draw(st.sets(st.sampled_from(SWITCHES))))
    body = {k: v for k, v in state.described.items() if k in render(spec)}
    path = data.draw(st.sampled_from([p for p in places(body) if p[-1] not in SAME]))

    live = with_edit(body, path)

    found = {
        change.path
        for change in KIND.compare(
            spec, dataclasses.replace(state, definition=canonical(live))
        )
    }
    assert any(one.startswith(told_at(body, path)) for one in found), (path, found)


@tried(max_examples=50)
@given(in_awss_words(), st.data())
def test_every_edit_of_what_is_declared_in_a_task_definition_is_seen(fields, data):
    state = seen(spec_of(fields))
    # Tags are no part of its content, and are told by themselves.
    body = {k: v for k, v in render(spec_of(fields)).items() if k != "tags"}
    path = data.draw(st.sampled_from([p for p in places(body) if p[-1] not in SAME]))

    asked = canonical(with_edit(body, path))

    assert asked != declared_definition(spec_of(fields)), path
    found = {
        f"task.{d.path.replace('containerDefinitions', 'containers', 1)}"
        for d in real_differences(dict(state.definition), asked, NameContext())
    }
    assert any(one.startswith(told_at(body, path)) for one in found), (path, found)


@tried(max_examples=50)
@given(in_awss_words(), st.data())
def test_every_edit_of_a_setting_that_is_ours_is_seen(fields, data):
    spec = spec_of(fields)
    state = seen(spec, data.draw(st.sets(st.sampled_from(SWITCHES))))
    declared = settings(spec)
    seen_at = [path for path in places(declared) if not is_off(declared, path)]
    path = data.draw(st.sampled_from(seen_at))

    changed = with_edit(declared, path)

    found = {
        d.path for d in setting_differences(changed, state.settings, NameContext())
    }
    assert any(one.startswith(path[0]) for one in found), (path, found)


def is_off(declared, path):
    """Whether ``path`` is within a Service Connect that is off: it has no meaning."""
    connect = declared.get("serviceConnectConfiguration", {})
    off = connect.get("enabled") is False
    return off and path[0] == "serviceConnectConfiguration" and path[1:] != ("enabled",)


@tried(max_examples=50)
@given(in_awss_words(), st.data())
def test_every_edit_by_hand_of_a_setting_that_is_ours_is_seen(fields, data):
    spec = spec_of(fields)
    state = seen(spec)
    ours = {*managed_paths(tags_by_key(settings(spec)))}
    live = canonical_service(state.settings)
    of_ours = [
        path
        for path, _ in leaves(live)
        if any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in ours)
    ]
    path = data.draw(st.sampled_from(sorted(of_ours)))
    steps = [s for s in re.split(r"[.\[\]]+", path) if s]
    keys = [int(s) if s.isdigit() and "[" in path else s for s in steps]

    changed = with_edit(live, tuple(keys))

    found = {
        d.path for d in setting_differences(settings(spec), changed, NameContext())
    }
    assert any(one.startswith(steps[0]) for one in found), (path, found)
