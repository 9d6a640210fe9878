"""Import of services with routes, scaling, log retention and tags."""

import json

import pytest

from controller.core.errors import PermanentError
from controller.core.planning.safety import SafetyLimits
from controller.core.resources.importing import ImportSelection
from controller.spec.literals import looks_secret
from tests.builders.emulated_routes import Routed
from tests.builders.reconcile_loop import declared

ROUTE = {"host": "api.hokus.ai", "path": "/api/*", "listeners": [80]}
BOTH = {"host": "registry.hokus.ai", "listeners": [80, 8080]}


class Imported(Routed):
    """A routed service, read back as an entry of the document."""

    def entry(self, name="hokusai-api-local", **wanted):
        (found,) = self.driver().entries(ImportSelection(name, **wanted), looks_secret)
        return json.loads(json.dumps(found.fields)), found.remarks

    def differences(self, fields):
        """Return what applying the imported entry would change."""
        more = {key: fields[key] for key in fields if key != "adopt"}
        api = declared("service", "api", more, adopt=fields["adopt"])
        self.restart()
        plan = self.machine.reconciler.plan({api.id: api}, SafetyLimits())[1]
        changes = {c.path for action in plan.actions for c in action.changes}
        return changes - {"applied"}, plan.advice, plan.blocked


@pytest.fixture
def world():
    with Imported.emulated() as found:
        yield found


def test_a_service_is_imported_with_its_routes_its_scaling_and_its_logs(world):
    world.balancer(ports=(80, 8080))
    fields = {
        "routes": [ROUTE, BOTH],
        "health": {"path": "/health", "grace": 200, "matcher": "200-204"},
        "scaling": {"minimum": 1, "maximum": 3},
        "log_retention_days": 7,
    }
    assert world.run(world.api(**fields)).converged

    found, remarks = world.entry()

    assert remarks == ()
    assert {name: found[name] for name in fields} == fields
    assert not found.keys() & {"desired_count", "service", "target_protocol"}
    assert world.differences(found) == (set(), (), ())


@pytest.mark.parametrize(
    "health",
    [
        {"path": "/ready", "command": ["CMD-SHELL", "test -f /live || exit 1"]},
        {
            "path": "/ready",
            "command": ["CMD-SHELL", "curl -f http://localhost:8001/live || exit 1"],
        },
        {"command": ["CMD-SHELL", "true"]},
    ],
    ids=["command", "other path", "no path"],
)
def test_the_path_of_the_target_group_is_imported(world, health):
    world.balancer()
    assert world.run(world.api(routes=[ROUTE], health=health)).converged

    found, remarks = world.entry()

    assert remarks == ()
    assert found["routes"] == [ROUTE]
    assert found["health"] == health
    assert world.differences(found) == (set(), (), ())


def test_a_declared_priority_is_imported(world):
    world.balancer()
    route = {**ROUTE, "priority": 7}
    assert world.run(world.api(routes=[route])).converged

    found, remarks = world.entry()

    assert (found["routes"], remarks) == ([route], ())
    assert world.differences(found) == (set(), (), ())


def test_only_declared_tags_are_imported(world):
    tags = [{"key": "team", "value": "growth"}]
    assert world.run(world.api(service={"tags": tags})).converged
    foreign = [{"key": "cost-centre", "value": "7"}]
    arn = world.service()["serviceArn"]
    world.aws.call("ecs", "TagResource", resourceArn=arn, tags=foreign)

    found, _ = world.entry()

    assert found["service"] == {"tags": tags}
    assert world.differences(found) == (set(), (), ())


def test_an_unmanaged_target_group_is_imported_as_aws_fields_with_a_remark(world):
    world.balancer(tags={})
    world.run(world.api())
    group = by_hand(world, "by-hand")
    world.run(world.api())

    found, remarks = world.entry()

    (balancer,) = found["service"]["loadBalancers"]
    assert balancer["targetGroupArn"] == group
    assert "routes" not in found
    (remark,) = remarks
    assert remark == (
        "receives traffic from old.hokus.ai/* on port 80 of hokusai-local, which cannot "
        "be imported as routes: its target group is named by-hand; the controller uses "
        "hokusai-api-local"
    )
    assert world.differences(found) == (set(), (), ())


def test_an_untagged_target_group_of_the_expected_name_is_imported_with_a_remark(world):
    world.balancer(tags={})
    world.run(world.api())
    by_hand(world, "hokusai-api-local")

    found, remarks = world.entry()

    assert "routes" not in found
    assert "exists without the ownership tag" in remarks[0]


def test_a_route_to_mlflow_is_imported_with_a_placeholder_for_the_reason(world):
    world.balancer()
    open_door = {**ROUTE, "unauthenticated": "inside the office only"}
    world.run(world.api("hokusai/mlflow:1", routes=[open_door]))

    found, remarks = world.entry()

    assert found["routes"] == [{**ROUTE, "unauthenticated": "CHANGE-ME"}]
    assert "its routes send requests directly to MLflow" in remarks[0]


def test_unlimited_retention_of_an_unmanaged_log_group_is_not_imported(world):
    world.aws.call("logs", "CreateLogGroup", logGroupName="/ecs/hokusai-api-local")
    world.run(world.api())

    found, remarks = world.entry()

    assert ("log_retention_days" in found, remarks) == (False, ())


def test_an_unreadable_attachment_is_left_out_with_a_remark(world):
    world.run(world.api())
    world.aws = Denying(world.aws, "application-autoscaling")

    found, (remark,) = world.entry()

    assert found["image"] == "api:1"
    assert remark.startswith("its autoscaling could not be read: ")


class Denying:
    """AWS that denies access to one service."""

    def __init__(self, aws, service):
        self.aws = aws
        self.service = service

    def call(self, service, operation, **parameters):
        if service == self.service:
            msg = f"{service}:{operation} was refused: AccessDeniedException"
            raise PermanentError(msg)
        return self.aws.call(service, operation, **parameters)


def by_hand(world, name):
    """Create an unmanaged target group and rule for the service."""
    answer = world.aws.call("elbv2", "DescribeLoadBalancers")
    balancer = answer["LoadBalancers"][0]
    group = world.aws.call(
        "elbv2",
        "CreateTargetGroup",
        Name=name,
        Protocol="HTTP",
        Port=8001,
        VpcId=balancer["VpcId"],
        TargetType="ip",
    )["TargetGroups"][0]["TargetGroupArn"]
    arn = balancer["LoadBalancerArn"]
    listeners = world.aws.call("elbv2", "DescribeListeners", LoadBalancerArn=arn)
    world.aws.call(
        "elbv2",
        "CreateRule",
        ListenerArn=listeners["Listeners"][0]["ListenerArn"],
        Priority=9,
        Conditions=[
            {"Field": "host-header", "HostHeaderConfig": {"Values": ["old.hokus.ai"]}}
        ],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    world.aws.call(
        "ecs",
        "UpdateService",
        cluster="hokusai-local",
        service="hokusai-api-local",
        loadBalancers=[
            {
                "targetGroupArn": group,
                "containerName": "hokusai-api-local",
                "containerPort": 8001,
            }
        ],
    )
    return group
