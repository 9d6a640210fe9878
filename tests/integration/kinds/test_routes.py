"""Routes on the emulated load balancers, over HTTP; time moves only when told."""

from datetime import timedelta

import pytest

from controller.core.planning.safety import SafetyLimits
from controller.core.resources.plan import Reason
from controller.core.values.identity import OWNER_TAG
from tests.builders.emulated_routes import OURS, Routed, pairs
from tests.builders.reconcile_loop import declared

ROUTE = {"host": "api.hokus.ai", "path": "/api/*", "listeners": [80]}


@pytest.fixture
def world():
    with Routed.emulated() as found:
        yield found


def test_a_new_service_is_reached_by_its_route(world):
    world.balancer()

    result = world.run(world.api(routes=[ROUTE], health={"path": "/health"}))

    assert result.converged
    assert world.rules() == [(80, "api.hokus.ai", "/api/*")]
    assert world.healthy() == ["healthy"]
    assert world.service()["healthCheckGracePeriodSeconds"] == 120
    (group,) = world.aws.call("elbv2", "DescribeTargetGroups")["TargetGroups"]
    assert group["TargetGroupName"] == "hokusai-api-local"
    assert (group["Port"], group["TargetType"]) == (8001, "ip")
    assert group["HealthCheckPath"] == "/health"


def test_a_route_is_added_to_a_service_that_runs_and_taken_away_again(world):
    world.balancer()
    assert world.run(world.api()).converged

    added = world.run(world.api(routes=[ROUTE]))
    there = world.rules(), world.groups(), world.healthy()
    removed = world.run(world.api())

    assert added.converged
    assert there == (
        [(80, "api.hokus.ai", "/api/*")],
        ["hokusai-api-local"],
        ["healthy"],
    )
    assert removed.converged
    assert (world.rules(), world.groups()) == ([], [])
    assert not world.service().get("loadBalancers")


def test_pruning_a_service_deletes_its_rules_and_target_group(world):
    world.balancer()
    fields = {"image": "api:1", "network": world.network}
    web = declared("service", "web", {**fields, "port": 80, "routes": [ROUTE]})
    world.run(world.api(), web)
    before = world.rules(), world.groups()

    world.machine.reconciler.memory.doomed = frozenset({web.id})
    world.run(world.api(), passes=4, limits=SafetyLimits(prune=True))

    assert before == ([(80, "api.hokus.ai", "/api/*")], ["hokusai-web-local"])
    assert (world.rules(), world.groups()) == ([], [])


def test_another_route_is_made_without_a_restart(world):
    world.balancer(ports=(80, 8080))
    world.run(world.api(routes=[ROUTE]))
    before = world.service()["deployments"][0]["id"]

    both = {**ROUTE, "listeners": [80, 8080]}
    result = world.run(world.api(routes=[both]))

    assert result.converged
    assert world.rules() == [
        (80, "api.hokus.ai", "/api/*"),
        (8080, "api.hokus.ai", "/api/*"),
    ]
    assert world.service()["deployments"][0]["id"] == before


def test_a_deleted_rule_is_created_again(world):
    world.balancer()
    world.run(world.api(routes=[ROUTE]))
    rules = world.aws.call(
        "elbv2",
        "DescribeRules",
        ListenerArn=_first_listener(world),
    )["Rules"]
    world.aws.call("elbv2", "DeleteRule", RuleArn=rules[0]["RuleArn"])

    assert world.run(world.api(routes=[ROUTE])).converged
    assert world.rules() == [(80, "api.hokus.ai", "/api/*")]


def _first_listener(world):
    balancers = world.aws.call("elbv2", "DescribeLoadBalancers")["LoadBalancers"]
    arn = balancers[0]["LoadBalancerArn"]
    listeners = world.aws.call("elbv2", "DescribeListeners", LoadBalancerArn=arn)
    return listeners["Listeners"][0]["ListenerArn"]


def test_a_target_group_with_another_health_check_is_updated(world):
    world.balancer()
    world.run(world.api(routes=[ROUTE]))
    (group,) = world.aws.call("elbv2", "DescribeTargetGroups")["TargetGroups"]
    arn = group["TargetGroupArn"]
    world.aws.call(
        "elbv2", "ModifyTargetGroup", TargetGroupArn=arn, HealthCheckPath="/no"
    )

    assert world.run(world.api(routes=[ROUTE])).converged
    (group,) = world.aws.call("elbv2", "DescribeTargetGroups")["TargetGroups"]
    assert group["HealthCheckPath"] == "/"


@pytest.mark.parametrize("tags", [{}, {OWNER_TAG: "other/local"}], ids=str)
def test_an_unmanaged_load_balancer_gets_advice_only(world, tags):
    world.balancer(tags=tags)

    result = world.run(world.api(routes=[ROUTE]))

    (advice,) = result.left.advice
    assert advice.reason is Reason.MISSING
    assert "aws elbv2 create-target-group" in advice.command
    assert "aws elbv2 create-rule" in advice.command
    assert result.left.actions == ()
    assert (world.rules(), world.groups()) == ([], [])
    assert world.service()["runningCount"] == 1


def test_following_the_advice_routes_traffic_to_the_service(world):
    balancer = world.balancer(tags={})
    world.run(world.api(routes=[ROUTE]))
    network = world.aws.call("elbv2", "DescribeLoadBalancers")["LoadBalancers"][0][
        "VpcId"
    ]
    group = world.aws.call(
        "elbv2",
        "CreateTargetGroup",
        Name="hokusai-api-local",
        TargetType="ip",
        Protocol="HTTP",
        Port=8001,
        VpcId=network,
        Tags=pairs(OURS),
    )["TargetGroups"][0]["TargetGroupArn"]
    listeners = world.aws.call("elbv2", "DescribeListeners", LoadBalancerArn=balancer)
    world.aws.call(
        "elbv2",
        "CreateRule",
        ListenerArn=listeners["Listeners"][0]["ListenerArn"],
        Priority=7,
        Conditions=[
            {"Field": "host-header", "Values": ["api.hokus.ai"]},
            {"Field": "path-pattern", "Values": ["/api/*"]},
        ],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )

    assert world.run(world.api(routes=[ROUTE])).converged
    assert world.healthy() == ["healthy"]


def test_a_missing_load_balancer_stops_nothing_else(world):
    result = world.run(world.api(routes=[ROUTE]))

    (advice,) = result.left.advice
    assert "aws elbv2 create-load-balancer --name hokusai-local" in advice.command
    assert world.service()["runningCount"] == 1


def test_load_balancers_in_sync_are_read_once_a_minute(world):
    world.balancer()
    routed = world.api(routes=[ROUTE])
    assert world.run(routed).converged
    world.clock.advance(timedelta(minutes=2))
    world.machine.run(routed)
    before = dict(world.aws.counts)

    for _ in range(3):
        world.machine.run(routed)
    during = _more(world, before)
    world.clock.advance(timedelta(seconds=60))
    world.machine.run(routed)

    assert during == {"ecs:DescribeServices": 3}
    looks = {k: n for k, n in _more(world, before).items() if k.startswith("elbv2")}
    assert looks == {
        "elbv2:DescribeTargetHealth": 1,
        "elbv2:DescribeTargetGroups": 1,
        "elbv2:DescribeLoadBalancers": 1,
        "elbv2:DescribeListeners": 1,
        "elbv2:DescribeRules": 1,
        "elbv2:DescribeTags": 1,
    }


def _more(world, before):
    return {
        name: count - before.get(name, 0)
        for name, count in world.aws.counts.items()
        if count > before.get(name, 0)
    }


def test_load_balancers_are_not_read_without_routes(world):
    world.run(world.api())

    assert not any(name.startswith("elbv2") for name in world.aws.counts)


def test_a_killed_controller_creates_nothing_twice(world):
    world.balancer()
    world.run(world.api(routes=[ROUTE]))
    writes = dict(world.aws.writes)

    world.restart()

    assert world.run(world.api(routes=[ROUTE])).converged
    assert dict(world.aws.writes) == writes
