from controller.core.resources.observation import Ownership
from controller.kinds.service.routes.matching.match import natural_priority
from controller.kinds.service.routes.planning import steps, will_be_attached
from controller.kinds.service.routes.state import RoutingState
from controller.kinds.service.routes.steps import (
    CreateRule,
    CreateTargetGroup,
    DeleteRule,
    DeleteTargetGroup,
    SetRulePriority,
    UpdateRule,
    UpdateTargetGroup,
)
from tests.builders.load_balancers import (
    API,
    GROUP,
    listener,
    match,
    rule,
    seen,
    service,
)

PRIORITY = natural_priority(match("api.hokus.ai", "/api/*"))
OURS = rule(PRIORITY, "api.hokus.ai", "/api/*")


def kinds(found):
    return [type(step) for step in found]


def test_routes_in_sync_need_no_steps():
    assert steps(service(API), seen(listener(443, OURS))) == ()


def test_the_target_group_is_created_before_the_rule():
    made = steps(service(API), seen(listener(), group=False))

    assert kinds(made) == [CreateTargetGroup, CreateRule]
    assert made[0].network == "vpc-1"
    assert [step.change.path for step in made] == [
        "routes.target_group",
        "routes[api.hokus.ai/api/*].listeners[443]",
    ]


def test_each_listener_gets_its_own_rule():
    both = {**API, "listeners": [80, 443]}
    world = seen(listener(443), listener(80, OURS, protocol="HTTP"))

    (made,) = steps(service(both), world)

    assert made.change.path == "routes[api.hokus.ai/api/*].listeners[443]"


def test_a_manual_rule_with_the_same_effect_is_enough():
    by_hand = rule(7, "api.hokus.ai", "/api/*", ours=False)

    assert steps(service(API), seen(listener(443, by_hand))) == ()


def test_nothing_changes_on_an_unmanaged_load_balancer():
    assert steps(service(API), seen(listener(), ours=False, group=False)) == ()


def test_the_priority_of_another_rule_is_not_used():
    foreign = rule(PRIORITY, "www.hokus.ai", ours=False, target="other")

    (made,) = steps(service(API), seen(listener(443, foreign)))

    assert made.priority == PRIORITY + 1


def test_two_new_routes_get_two_priorities():
    other = {"host": "app.hokus.ai", "path": "/api/*"}

    made = steps(service(API, other), seen(listener()))

    assert sorted(step.priority for step in made) == [PRIORITY, PRIORITY + 1]


def test_the_order_of_the_document_does_not_matter():
    other = {"host": "app.hokus.ai", "path": "/web/*"}
    special = {**API, "path": "/api/v1/*"}
    world = seen(listener(443, rule(50, "*", ours=False, target="other")))

    there = {str(s.change) for s in steps(service(API, other, special), world)}
    back = {str(s.change) for s in steps(service(special, other, API), world)}

    assert there == back


def test_a_declared_priority_is_taken_and_moved_to():
    asked = {**API, "priority": 12}

    (made,) = steps(service(asked), seen(listener()))
    (moved,) = steps(service(asked), seen(listener(443, OURS)))

    assert made.priority == 12
    assert (type(moved), moved.priority) == (SetRulePriority, 12)


def test_a_priority_once_given_stays():
    elsewhere = rule(7, "api.hokus.ai", "/api/*")

    assert steps(service(API), seen(listener(443, elsewhere))) == ()


def test_a_specific_route_precedes_an_existing_general_one():
    special = {**API, "path": "/api/v1/*"}
    general = rule(5, "api.hokus.ai", "/api/*")

    (made,) = steps(service(API, special), seen(listener(443, general)))

    assert made.priority < 5


def test_a_general_route_follows_an_existing_specific_one():
    special = {**API, "path": "/api/v1/*"}
    there = rule(45_000, "api.hokus.ai", "/api/v1/*")

    (made,) = steps(service(API, special), seen(listener(443, there)))

    assert made.priority > 45_000


def test_a_managed_rule_to_another_target_is_updated():
    astray = rule(PRIORITY, "api.hokus.ai", "/api/*", target="other")

    (updated,) = steps(service(API), seen(listener(443, astray)))

    assert isinstance(updated, UpdateRule)
    assert updated.change.path.endswith(".target")


def test_the_rule_of_a_removed_route_is_deleted():
    other = rule(9, "old.hokus.ai")

    (dropped,) = steps(service(API), seen(listener(443, OURS, other)))

    assert isinstance(dropped, DeleteRule)
    assert dropped.change.path == "routes[old.hokus.ai/*].listeners[443]"
    assert dropped.change.after is None


def test_the_target_group_is_deleted_with_the_last_route():
    dropped = steps(service(), seen(listener(443, OURS)))

    assert kinds(dropped) == [DeleteRule, DeleteTargetGroup]


def test_rules_of_other_services_and_unmanaged_rules_stay():
    world = seen(
        listener(
            443,
            OURS,
            rule(8, "web.hokus.ai", service="hokusai-web-development"),
            rule(9, "old.hokus.ai", ours=False),
        )
    )

    assert steps(service(API), world) == ()


def test_a_second_rule_for_the_same_route_is_deleted():
    copy = rule(PRIORITY + 1, "api.hokus.ai", "/api/*")

    (dropped,) = steps(service(API), seen(listener(443, OURS, copy)))

    assert isinstance(dropped, DeleteRule)
    assert dropped.priority == PRIORITY + 1


def test_a_target_group_with_another_health_check_is_updated():
    world = seen(listener(443, OURS), health=(("HealthCheckPath", "/other"),))

    (updated,) = steps(service(API), world)

    assert isinstance(updated, UpdateTargetGroup)
    assert "HealthCheckPath /other" in updated.change.before


def test_an_unfinished_target_group_is_finished():
    assert kinds(steps(service(API), seen(listener(443, OURS), finished=False))) == [
        UpdateTargetGroup
    ]


def test_an_untagged_target_group_gets_no_rules():
    world = seen(listener(), ownership=Ownership.UNMANAGED)

    assert steps(service(API), world) == ()
    assert not will_be_attached(service(API), world)


def test_a_service_joins_a_target_group_only_once_a_rule_forwards_to_it():
    assert will_be_attached(service(API), seen(listener(), group=False))
    assert not will_be_attached(service(API), seen(group=False))
    assert not will_be_attached(service(API), RoutingState())
    assert will_be_attached(service(API), seen(ours=False))


def test_the_group_is_of_the_service_alone():
    assert service(API).target_group in GROUP
