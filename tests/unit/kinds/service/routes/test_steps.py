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


def test_as_declared_there_is_nothing_to_do():
    assert steps(service(API), seen(listener(443, OURS))) == ()


def test_from_nothing_the_group_is_made_before_the_rule():
    made = steps(service(API), seen(listener(), group=False))

    assert kinds(made) == [CreateTargetGroup, CreateRule]
    assert made[0].network == "vpc-1"
    assert [step.change.path for step in made] == [
        "routes.target_group",
        "routes[api.hokus.ai/api/*].listeners[443]",
    ]


def test_a_rule_on_one_listener_says_nothing_of_the_other():
    both = {**API, "listeners": [80, 443]}
    world = seen(listener(443), listener(80, OURS, protocol="HTTP"))

    (made,) = steps(service(both), world)

    assert made.change.path == "routes[api.hokus.ai/api/*].listeners[443]"


def test_a_rule_typed_in_by_hand_that_does_the_same_is_enough():
    by_hand = rule(7, "api.hokus.ai", "/api/*", ours=False)

    assert steps(service(API), seen(listener(443, by_hand))) == ()


def test_on_the_load_balancer_of_others_nothing_is_done():
    assert steps(service(API), seen(listener(), ours=False, group=False)) == ()


def test_the_priority_of_another_rule_is_left_to_it():
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


def test_a_special_route_of_ours_goes_before_a_general_one_that_is_there():
    special = {**API, "path": "/api/v1/*"}
    general = rule(5, "api.hokus.ai", "/api/*")

    (made,) = steps(service(API, special), seen(listener(443, general)))

    assert made.priority < 5


def test_a_general_route_goes_behind_a_special_one_of_ours_that_is_there():
    special = {**API, "path": "/api/v1/*"}
    there = rule(45_000, "api.hokus.ai", "/api/v1/*")

    (made,) = steps(service(API, special), seen(listener(443, there)))

    assert made.priority > 45_000


def test_a_rule_of_ours_that_leads_elsewhere_is_mended():
    astray = rule(PRIORITY, "api.hokus.ai", "/api/*", target="other")

    (mended,) = steps(service(API), seen(listener(443, astray)))

    assert isinstance(mended, UpdateRule)
    assert mended.change.path.endswith(".target")


def test_a_route_that_is_gone_takes_its_rule_with_it():
    other = rule(9, "old.hokus.ai")

    (dropped,) = steps(service(API), seen(listener(443, OURS, other)))

    assert isinstance(dropped, DeleteRule)
    assert dropped.change.path == "routes[old.hokus.ai/*].listeners[443]"
    assert dropped.change.after is None


def test_the_last_route_takes_the_group_with_it():
    dropped = steps(service(), seen(listener(443, OURS)))

    assert kinds(dropped) == [DeleteRule, DeleteTargetGroup]


def test_rules_of_other_services_and_of_nobody_stay():
    world = seen(
        listener(
            443,
            OURS,
            rule(8, "web.hokus.ai", service="hokusai-web-development"),
            rule(9, "old.hokus.ai", ours=False),
        )
    )

    assert steps(service(API), world) == ()


def test_a_second_rule_for_the_same_route_is_one_too_many():
    copy = rule(PRIORITY + 1, "api.hokus.ai", "/api/*")

    (dropped,) = steps(service(API), seen(listener(443, OURS, copy)))

    assert isinstance(dropped, DeleteRule)
    assert dropped.priority == PRIORITY + 1


def test_a_group_that_checks_something_else_is_mended():
    world = seen(listener(443, OURS), health=(("HealthCheckPath", "/other"),))

    (mended,) = steps(service(API), world)

    assert isinstance(mended, UpdateTargetGroup)
    assert "HealthCheckPath /other" in mended.change.before


def test_a_group_that_was_not_finished_is_finished():
    assert kinds(steps(service(API), seen(listener(443, OURS), finished=False))) == [
        UpdateTargetGroup
    ]


def test_a_group_without_our_tag_gets_no_rules():
    world = seen(listener(), ownership=Ownership.UNMANAGED)

    assert steps(service(API), world) == ()
    assert not will_be_attached(service(API), world)


def test_ecs_is_told_of_a_group_only_once_a_rule_leads_to_it():
    assert will_be_attached(service(API), seen(listener(), group=False))
    assert not will_be_attached(service(API), seen(group=False))
    assert not will_be_attached(service(API), RoutingState())
    assert will_be_attached(service(API), seen(ours=False))


def test_the_group_is_of_the_service_alone():
    assert service(API).target_group in GROUP
