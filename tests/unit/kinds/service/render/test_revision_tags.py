"""Tags of a task definition: registered with it, and changed without a restart."""

from dataclasses import replace

import pytest

from controller.core.document.platform import Platform
from controller.core.errors import PermanentError
from controller.core.resources.plan import Effect
from controller.kinds.service import KIND
from controller.kinds.service.aws.revision_tags import RevisionTags
from controller.kinds.service.compare.removed_fields import managed_words
from controller.kinds.service.render.fingerprint import definition_hash
from controller.kinds.service.render.revision_tags import needs_revision
from controller.kinds.service.spec.service import ServiceSpec
from tests.builders.images import state
from tests.fakes.stopped_clock import StoppedClock

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
TEAM = {"key": "team.name/x", "value": "growth"}


def spec(*tags, **service) -> ServiceSpec:
    declared = {"image": "api:1", "task": {"tags": [*tags]}, "service": service}
    return KIND.complete("api", ServiceSpec.model_validate(declared), PLATFORM)


def changes(of, live, **more):
    seen = replace(state(of, **more), revision_tags=live)
    return [(c.path, c.before, c.after, c.effect) for c in KIND.compare(of, seen)]


def test_a_declared_tag_that_is_missing_or_other_is_seen_and_restarts_nothing():
    path = "task.tags.team.name/x"

    assert changes(spec(TEAM), {}) == [(path, None, "growth", Effect.IN_PLACE)]
    assert changes(spec(TEAM), {"team.name/x": "sales"}) == [
        (path, "sales", "growth", Effect.IN_PLACE)
    ]
    assert changes(spec(TEAM), {"team.name/x": "growth"}) == []


def test_tags_that_tasks_get_from_the_revision_are_for_tasks_that_start_later():
    of = spec(TEAM, propagateTags="TASK_DEFINITION")

    assert [effect for *_, effect in changes(of, {})] == [Effect.LATER]


def test_tags_of_others_stay_and_a_removed_one_is_taken_away():
    of, live = spec(), {"team.name/x": "growth", "theirs": "x"}

    assert changes(of, live) == []
    assert changes(of, live, managed=managed_words(spec(TEAM))) == [
        ("task.tags.team.name/x", "growth", None, Effect.IN_PLACE)
    ]


def test_tags_are_no_part_of_the_content():
    assert definition_hash(spec(TEAM)) == definition_hash(spec())
    assert needs_revision("task.cpu")
    assert not needs_revision("task.tags.cpu")


def test_each_tag_is_explained():
    of = spec(TEAM)
    seen = replace(state(of), revision_tags={"team.name/x": "sales", "theirs": "x"})

    told = {e.path: str(e.comparison) for e in KIND.explain(of, seen, "task.tags")}

    assert told == {
        "task.tags.team.name/x": "differs",
        "task.tags.theirs": "is not compared",
    }


class Revisions:
    """ECS's task definitions, with tags only when they are asked for."""

    def __init__(self):
        self.tags = {"theirs": "x", "old": "1"}
        self.reads = 0

    def call(self, _service, operation, /, **asked):
        return getattr(self, operation)(asked)

    def DescribeTaskDefinition(self, asked):
        if asked["taskDefinition"] != "arn:1":
            msg = "no such revision"
            raise PermanentError(msg)
        assert asked["include"] == ["TAGS"]
        self.reads += 1
        tags = [{"key": key, "value": value} for key, value in self.tags.items()]
        return {"taskDefinition": {}, "tags": tags}

    def TagResource(self, asked):
        self.tags |= {tag["key"]: tag["value"] for tag in asked["tags"]}

    def UntagResource(self, asked):
        for key in asked["tagKeys"]:
            self.tags.pop(key, None)


def test_tags_are_read_once_a_minute_and_again_after_they_were_written():
    ecs, clock = Revisions(), StoppedClock()
    look = RevisionTags(ecs, clock)

    look.of("arn:1")
    look.of("arn:1")
    assert ecs.reads == 1
    clock.forward(60)
    look.of("arn:1")
    assert ecs.reads == 2

    look.settle("arn:1", spec(TEAM), ["task.tags.team.name/x", "task.tags.old"])
    assert look.of("arn:1") == {"theirs": "x", "team.name/x": "growth"}


def test_changes_of_other_fields_write_no_tags():
    ecs = Revisions()

    RevisionTags(ecs, StoppedClock()).settle("arn:1", spec(TEAM), ["task.cpu"])

    assert ecs.tags == {"theirs": "x", "old": "1"}


def test_tags_that_cannot_be_read_are_not_taken_for_none():
    with pytest.raises(PermanentError):
        RevisionTags(Revisions(), StoppedClock()).of("arn:2")
