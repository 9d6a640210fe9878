"""Tags of task definitions, on the emulated AWS."""

import pytest

from controller.core.values.identity import OWNER_TAG
from tests.builders.emulated_routes import Routed


class Tagged(Routed):
    """A world whose revisions carry tags."""

    def with_tags(self, **tags):
        pairs = [{"key": key, "value": value} for key, value in tags.items()]
        return self.api(task={"tags": pairs} if pairs else {})

    def revision(self):
        return self.service()["taskDefinition"]

    def revision_tags(self):
        answer = self.aws.call(
            "ecs",
            "DescribeTaskDefinition",
            taskDefinition=self.revision(),
            include=["TAGS"],
        )
        return {tag["key"]: tag["value"] for tag in answer["tags"]}


@pytest.fixture
def world():
    with Tagged.emulated() as found:
        yield found


def test_declared_tags_are_registered_in_addition_to_the_owner_tag(world):
    assert world.run(world.with_tags(team="growth")).converged

    tags = world.revision_tags()
    assert tags.pop(OWNER_TAG)
    assert tags == {"team": "growth"}


def test_a_changed_and_a_removed_tag_are_settled_without_a_restart(world):
    assert world.run(world.with_tags(team="growth", cost="7")).converged
    before = world.revision(), world.service()["deployments"][0]["id"]
    tags = [{"key": "theirs", "value": "x"}]
    world.aws.call("ecs", "TagResource", resourceArn=world.revision(), tags=tags)

    assert world.run(world.with_tags(team="sales")).converged

    kept = world.revision_tags()
    del kept[OWNER_TAG]
    assert kept == {"team": "sales", "theirs": "x"}
    assert before == (world.revision(), world.service()["deployments"][0]["id"])


def test_a_changed_tag_is_observed_and_restored(world):
    assert world.run(world.with_tags(team="growth")).converged
    tags = [{"key": "team", "value": "others"}]
    world.aws.call("ecs", "TagResource", resourceArn=world.revision(), tags=tags)

    assert world.run(world.with_tags(team="growth")).converged

    assert world.revision_tags()["team"] == "growth"
