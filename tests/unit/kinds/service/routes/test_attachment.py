from controller.core.resources.plan import Effect
from controller.kinds.service.routes.attachment import balancers, due, routed
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
    return [change.path for change in routed(spec, world, settings)]


def test_a_service_in_its_group_is_as_declared():
    assert paths(service(API), seen(listener(443, OURS)), IN) == []


def test_joining_a_group_restarts_the_tasks():
    world = seen(listener(443, OURS))

    (change,) = routed(service(API), world, {"loadBalancers": [FOREIGN]})

    assert change.path == "routes.loadBalancers"
    assert (change.before, change.after) == (None, f"{NAME}:8001")
    assert change.effect is Effect.RESTART


def test_groups_of_others_stay_the_service_s():
    assert balancers(service(API), GROUP, IN) == [FOREIGN, MINE]
    assert balancers(service(), None, IN) == [FOREIGN]


def test_another_port_is_told_to_ecs_even_if_the_group_is_of_no_use():
    moved = service(API, port=9000)
    world = seen(listener(443, OURS), protocol="HTTPS")

    assert "routes.loadBalancers" in paths(moved, world, IN)


def test_a_group_that_nothing_leads_to_is_left_when_the_port_changes():
    moved, alone = service(API, port=9000), seen(listener(80), attached=False)

    (change,) = routed(moved, alone, IN)

    assert change.after is None
    assert paths(service(API), alone, IN) == []


def test_the_group_goes_once_the_service_has_left_it_and_all_is_calm():
    world = seen(listener(443))

    assert due(service(), world, IN) == ()
    assert due(service(), world, {"deployments": [{}, {}]}) == ()
    assert len(due(service(), world, {"deployments": [{}]})) == 1


def test_the_tag_goes_last():
    tags = {"tags": [{"key": "hokusai.ai/target-group", "value": NAME}]}

    assert paths(service(), RoutingState(), tags) == ["routes.tag"]
    assert "routes.tag" not in paths(service(), seen(), tags)


def test_the_grace_is_the_group_s_members_only():
    checked = service(API, health={"path": "/health", "grace": 60})
    health = {"health": None}
    world = seen(listener(443, OURS))

    assert "routes.healthCheckGracePeriodSeconds" in paths(checked, world, IN)
    assert "routes.healthCheckGracePeriodSeconds" not in paths(checked, world, health)
