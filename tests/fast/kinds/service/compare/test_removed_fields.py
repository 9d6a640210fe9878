"""Fields that are no longer declared are removed; others are not changed."""

import pytest

from controller.core.resources.plan import Effect
from controller.kinds.service import KIND
from controller.kinds.service.compare.removed_fields import (
    managed_tag_value,
    managed_words,
    with_rollout_defaults,
)
from controller.kinds.service.state.service import ScalingState
from tests.builders.services import spec, state

SPOT = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
RICH = {
    "service": {
        "enableExecuteCommand": True,
        "capacityProviderStrategy": SPOT,
        "tags": [{"key": "team", "value": "growth"}],
    },
    "scaling": {"minimum": 1, "maximum": 4},
}


def there(rich, **more):
    """Return a service as ``rich`` asks, which says so in its tag."""
    seen = state(rich)
    settings = {**seen.settings, **more}
    return state(
        rich,
        settings=settings,
        managed=frozenset(managed_tag_value(rich).split()),
        scaling=ScalingState(1, 4),
    )


def changes(of, seen):
    return {c.path: (c.before, c.after, c.effect) for c in KIND.compare(of, seen)}


def test_what_is_settled_is_written_down_in_words_a_tag_may_hold():
    assert managed_tag_value(spec(**RICH)) == (
        "capacityProviderStrategy enableExecuteCommand scaling tags.team"
    )
    assert managed_tag_value(spec()) == ""


def test_what_the_document_does_not_ask_for_any_more_is_removed():
    found = changes(spec(), there(spec(**RICH)))

    assert found["service.enableExecuteCommand"] == (True, None, Effect.LATER)
    assert found["service.tags.team"] == ("growth", None, Effect.IN_PLACE)
    assert found["scaling"] == ({"minimum": 1, "maximum": 4}, None, Effect.IN_PLACE)
    assert found["service.capacityProviderStrategy"][1:] == (None, Effect.RESTART)


BLUE = {
    "strategy": "BLUE_GREEN",
    "bakeTimeInMinutes": 5,
    "alarms": {"alarmNames": ["errors"], "enable": True, "rollback": True},
    "earlySuccessCriteria": {"enable": True},
    "lifecycleHooks": [{"hookTargetArn": "arn:hook", "roleArn": "arn:role"}],
}


def test_a_part_of_the_rollout_that_is_not_asked_for_any_more_is_set_back():
    rich = spec(service={"deploymentConfiguration": BLUE})

    plan = KIND.compare(spec(), there(rich))

    how = "service.deploymentConfiguration."
    assert {c.path for c in plan if c.after is None and c.path.startswith(how)} == {
        how + part for part in BLUE
    }
    sent = with_rollout_defaults(
        {"deploymentConfiguration": {"maximumPercent": 150}}, plan
    )
    assert sent["deploymentConfiguration"] == {
        "maximumPercent": 150,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
        "alarms": {"alarmNames": [], "enable": False, "rollback": False},
        "earlySuccessCriteria": {"enable": False},
        "lifecycleHooks": [],
    }


def test_a_part_of_the_rollout_that_others_settle_stays_theirs():
    rich = spec(service={"deploymentConfiguration": BLUE})

    assert changes(spec(), state(spec(), settings=there(rich).settings)) == {}


def test_what_the_document_never_spoke_of_stays():
    seen = state(spec(), settings=there(spec(**RICH)).settings)

    assert changes(spec(), seen) == {}


def test_what_is_gone_already_needs_no_removing():
    seen = state(spec(), managed=frozenset(managed_tag_value(spec(**RICH)).split()))

    assert changes(spec(), seen) == {}


def test_what_was_written_and_is_not_to_be_seen_yet_is_removed_all_the_same():
    words = frozenset({"tags.team", "enableExecuteCommand"})
    seen = state(spec(), unseen=words)

    assert [*changes(spec(), seen)] == [
        "service.enableExecuteCommand",
        "service.tags.team",
    ]


def test_what_is_still_asked_for_is_not_removed():
    assert changes(spec(**RICH), there(spec(**RICH))) == {}


def test_a_long_list_is_cut_between_words():
    tags = [{"key": f"a-rather-long-name-{n}", "value": "x"} for n in range(20)]
    value = managed_tag_value(spec(service={"tags": tags}))

    assert len(value) <= 256
    assert frozenset(value.split()) < managed_words(spec(service={"tags": tags}))


@pytest.mark.parametrize(
    ("seen", "paths"),
    [
        pytest.param(None, ["scaling.minimum", "scaling.maximum"], id="nobody scales"),
        pytest.param(ScalingState(1, 9), ["scaling.maximum"], id="one number differs"),
        pytest.param(ScalingState(1, 4), [], id="as declared"),
    ],
)
def test_the_numbers_of_an_autoscaler_are_compared(seen, paths):
    scaled = spec(scaling={"minimum": 1, "maximum": 4})

    assert [*changes(scaled, state(scaled, scaling=seen))] == paths
