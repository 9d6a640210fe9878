from controller.core.resources.plan import Effect
from controller.kinds.service.routes.attachment import (
    balancers,
    due_steps,
    route_changes,
)
from controller.kinds.service.routes.matching.match import natural_priority
from controller.kinds.service.routes.state import RoutingState
from tests.builders.load_balancers import (
    API,
    GROUP,
    NAME,
    listener,
    match,
    rule,
    seen,
    service,
)

OURS = rule(natural_priority(match("api.hokus.ai", "/api/*")), "api.hokus.ai", "/api/*")
MINE = {"targetGroupArn": GROUP, "containerName": NAME, "containerPort": 8001}
FOREIGN = {"targetGroupArn": "x:targetgroup/other/1", "containerName": NAME}
IN = {"loadBalancers": [FOREIGN, MINE]}


def paths(spec, world, settings):
    return [change.path for change in route_changes(spec, world, settings)]


def test_a_service_in_its_target_group_is_in_sync():
    assert paths(service(API), seen(listener(443, OURS)), IN) == []


def test_joining_a_group_restarts_the_tasks():
    world = seen(listener(443, OURS))

    (change,) = route_changes(service(API), world, {"loadBalancers": [FOREIGN]})

    assert change.path == "routes.loadBalancers"
    assert (change.before, change.after) == (None, f"{NAME}:8001")
    assert change.effect is Effect.RESTART


def test_target_groups_of_other_systems_are_kept():
    assert balancers(service(API), GROUP, IN) == [FOREIGN, MINE]
    assert balancers(service(), None, IN) == [FOREIGN]


def test_a_changed_port_is_registered_even_in_an_unusable_target_group():
    moved = service(API, port=9000)
    world = seen(listener(443, OURS), protocol="HTTPS")

    assert "routes.loadBalancers" in paths(moved, world, IN)


def test_a_target_group_without_traffic_is_left_when_the_port_changes():
    moved, alone = service(API, port=9000), seen(listener(80), attached=False)

    (change,) = route_changes(moved, alone, IN)

    assert change.after is None
    assert paths(service(API), alone, IN) == []


def test_the_target_group_is_deleted_after_the_service_has_left_it():
    world = seen(listener(443))

    assert due_steps(service(), world, IN) == ()
    assert due_steps(service(), world, {"deployments": [{}, {}]}) == ()
    assert len(due_steps(service(), world, {"deployments": [{}]})) == 1


def test_the_tag_is_removed_last():
    tags = {"tags": [{"key": "hokusai.ai/target-group", "value": NAME}]}

    assert paths(service(), RoutingState(), tags) == ["routes.tag"]
    assert "routes.tag" not in paths(service(), seen(), tags)


def test_the_grace_period_applies_to_members_of_the_group_only():
    checked = service(API, health={"path": "/health", "grace": 60})
    health = {"health": None}
    world = seen(listener(443, OURS))

    assert "routes.healthCheckGracePeriodSeconds" in paths(checked, world, IN)
    assert "routes.healthCheckGracePeriodSeconds" not in paths(checked, world, health)
