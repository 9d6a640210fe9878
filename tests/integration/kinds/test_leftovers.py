"""Target groups that were made for services that never were; time moves when told."""

from dataclasses import replace

import pytest

from controller.core.planning.safety import SafetyLimits
from controller.core.resources.plan import Reason
from controller.kinds.service.driver import ServiceDriver
from controller.kinds.service.routes.aws.load_balancers import LoadBalancers
from tests.builders.emulated_routes import Routed
from tests.builders.reconcile_loop import PLATFORM, declared

ROUTE = {"host": "web.hokus.ai", "listeners": [80]}
RULE = (80, "web.hokus.ai", "/*")
GROUP = "hokusai-web-local"


class Left(Routed):
    """The same, where things may be deleted, and a controller died."""

    def driver(self):
        return ServiceDriver(self.aws, replace(PLATFORM, prune=True), self.clock)

    def web(self, *routes):
        fields = {"image": "web:1", "port": 80, "network": self.network}
        return declared("service", "web", {**fields, "routes": [*routes]})

    def die_before_the_service(self):
        """Do what comes before CreateService, and no more."""
        balancers = LoadBalancers(self.aws, PLATFORM.owner, self.clock)
        assert balancers.settle(self.web(ROUTE).spec, {})

    def pruned(self, *resources):
        self.machine.reconciler.memory.doomed = frozenset({self.web().id})
        return self.run(*resources, passes=2, limits=SafetyLimits(prune=True))

    def what_is_left(self):
        return self.rules(), self.groups()

    def arn(self):
        (group,) = self.aws.call("elbv2", "DescribeTargetGroups")["TargetGroups"]
        return group["TargetGroupArn"]


@pytest.fixture
def world():
    with Left.emulated() as found:
        found.balancer()
        found.die_before_the_service()
        assert found.what_is_left() == ([RULE], [GROUP])
        yield found


def test_the_leftover_of_an_undeclared_service_is_pruned(world):
    first = world.run(world.api(), passes=0, limits=SafetyLimits(prune=True))
    held = world.what_is_left()
    result = world.pruned(world.api())

    (hold,) = [b for b in first.left.blocked if b.target == world.web().id]
    assert "No longer declared since this pass" in hold.message
    assert {change.path for change in hold.changes} == {
        "routes[web.hokus.ai/*].listeners[80]",
        "routes.target_group",
    }
    assert held == ([RULE], [GROUP])
    assert world.what_is_left() == ([], [])
    assert result.converged


def test_a_leftover_is_reported_unless_pruning_is_allowed(world):
    result = world.run(world.api())

    (advice,) = result.left.advice
    assert advice.reason is Reason.NO_LONGER_DECLARED
    assert world.what_is_left() == ([RULE], [GROUP])


def test_the_leftover_of_a_service_without_routes_is_deleted(world):
    result = world.run(world.web())

    assert result.converged
    assert world.what_is_left() == ([], [])
    assert world.service("web")["runningCount"] == 1


def test_a_declared_service_takes_over_its_leftover(world):
    result = world.run(world.web(ROUTE), limits=SafetyLimits(prune=True))

    assert result.converged
    assert world.what_is_left() == ([RULE], [GROUP])
    assert world.service("web")["loadBalancers"][0]["targetGroupArn"] == world.arn()


def test_a_target_group_of_an_unmanaged_rule_is_kept(world):
    listener = world.aws.call("elbv2", "DescribeListeners", LoadBalancerArn=_lb(world))
    world.aws.call(
        "elbv2",
        "CreateRule",
        ListenerArn=listener["Listeners"][0]["ListenerArn"],
        Priority=3,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": world.arn()}],
    )

    world.pruned(world.api())

    assert world.groups() == [GROUP]
    assert RULE in world.rules()


def test_a_target_group_with_targets_is_kept(world):
    world.aws.call(
        "elbv2",
        "RegisterTargets",
        TargetGroupArn=world.arn(),
        Targets=[{"Id": "10.0.0.9", "Port": 80}],
    )

    world.pruned(world.api())

    assert world.what_is_left() == ([RULE], [GROUP])


def test_an_untagged_target_group_is_kept(world):
    world.aws.call(
        "elbv2",
        "RemoveTags",
        ResourceArns=[world.arn()],
        TagKeys=["hokusai.ai/managed-by"],
    )

    world.pruned(world.api())

    assert world.groups() == [GROUP]


def _lb(world):
    (balancer,) = world.aws.call("elbv2", "DescribeLoadBalancers")["LoadBalancers"]
    return balancer["LoadBalancerArn"]
