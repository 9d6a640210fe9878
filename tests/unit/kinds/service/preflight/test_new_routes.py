"""Preflight results about the routes of a service that does not exist yet."""

from dataclasses import replace

import pytest

from controller.core.planning.preflight import CheckFinding, Severity
from controller.core.resources.observation import Absent, Present
from controller.kinds.service.preflight.facts import (
    RegisteredTargetGroup,
    SecurityGroup,
    SecurityGroupRule,
)
from controller.kinds.service.routes.state import RoutingState
from tests.builders.load_balancers import listener, rule, seen
from tests.fakes.surroundings import results, spec_of

ROUTE = {"host": "api.hokus.ai", "listeners": [443]}
GROUPS = {"subnets": ["subnet-00000001"], "security_groups": ["sg-0000000a"]}
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/mine/1"


def spec(*routes, **fields):
    given = {"port": 8001, "network": GROUPS, "routes": [*routes], **fields}
    return spec_of(**given)


def found(service, check="routes", **facts):
    live = {service.name: Absent()}
    return [
        result
        for result in results(service, live=live, **facts)
        if isinstance(result, CheckFinding) and result.check == check
    ]


def routed(state, service=None, **facts):
    service = service or spec(ROUTE)
    return found(service, routing={service.name: Present(state)}, **facts)


def messages(findings):
    return " ".join(finding.message for finding in findings)


def test_routes_that_can_be_made_are_no_finding():
    assert routed(seen(listener(443), group=False)) == []


@pytest.mark.parametrize(
    ("state", "text"),
    [
        pytest.param(RoutingState(), "does not exist", id="no load balancer"),
        pytest.param(seen(listener(80), group=False), "no listener", id="no listener"),
        pytest.param(
            seen(listener(443), ours=False, group=False),
            "does not manage that load balancer",
            id="of another system",
        ),
        pytest.param(
            seen(listener(443, rule(1, "*", ours=False, target="other")), group=False),
            "takes every request",
            id="shadowed by a live rule",
        ),
    ],
)
def test_a_route_without_requests_is_reported_before_the_creation(state, text):
    assert text in messages(routed(state))


def _behind(state):
    (balancer,) = state.balancers
    return replace(state, balancers=(replace(balancer, groups=("sg-000000lb",)),))


@pytest.mark.parametrize(
    ("rules", "closed"),
    [
        pytest.param((), True, id="no rule"),
        pytest.param(
            (SecurityGroupRule(ports=(9000, 9000), groups=frozenset({"sg-000000lb"})),),
            True,
            id="another port",
        ),
        pytest.param(
            (SecurityGroupRule(groups=frozenset({"sg-000000lb"})),), False, id="open"
        ),
        pytest.param((SecurityGroupRule(ranges=("10.0.0.0/8",)),), False, id="range"),
    ],
)
def test_the_load_balancer_must_reach_the_port(rules, closed):
    state = _behind(seen(listener(443), group=False))
    groups = {"sg-0000000a": Present(SecurityGroup("vpc-1", rules))}

    findings = routed(state, groups=groups)

    assert bool(findings) is closed
    for finding in findings:
        assert finding.severity is Severity.BLOCKS
        assert "authorize-security-group-ingress" in finding.command
        assert "--source-group sg-000000lb" in finding.command


@pytest.mark.parametrize(
    ("group", "text"),
    [
        pytest.param({"balancers": ()}, "No listener forwards", id="no listener"),
        pytest.param({"path": "/"}, "checks /", id="path"),
        pytest.param({"port": 80}, "was created for port 80", id="port"),
        pytest.param({"matcher": "204"}, "expects the codes 204", id="matcher"),
        pytest.param({"protocol": "TCP"}, "uses TCP", id="protocol"),
    ],
)
def test_a_target_group_in_aws_fields_is_checked_before_the_creation(group, text):
    balancer = {
        "targetGroupArn": ARN,
        "containerName": "hokusai-api-development",
        "containerPort": 8001,
    }
    service = spec(health={"path": "/health"}, service={"loadBalancers": [balancer]})
    well = {"port": 8001, "path": "/health", "balancers": ("lb/1",)}
    there = RegisteredTargetGroup(**{**well, **group})

    findings = found(service, "target groups", targets={ARN: Present(there)})

    assert text in messages(findings)
    assert findings
