from dataclasses import replace

import pytest

from controller.core.resources.observation import Ownership
from controller.core.resources.plan import Hold, Reason
from controller.kinds.service.routes.findings import findings, held
from controller.kinds.service.routes.health_checks import declared_health
from controller.kinds.service.routes.matching.match import natural_priority
from controller.kinds.service.routes.state import (
    HealthCheckTrial,
    RoutingState,
    TargetResult,
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


def test_routes_in_sync_have_no_findings():
    world = seen(listener(443, OURS, names=("*.hokus.ai",)))

    assert findings(service(API), world) == ()


def test_a_missing_load_balancer_is_a_finding_with_a_command():
    (found,) = findings(service(API), RoutingState())

    assert found.reason is Reason.MISSING
    assert "hokusai-development does not exist" in found.message
    assert "aws elbv2 create-load-balancer --name hokusai-dev" in found.command


def test_a_missing_listener_is_a_finding_with_the_existing_ones():
    (found,) = findings(service(API), seen(listener(80, protocol="HTTP")))

    assert found.path == "routes[api.hokus.ai/api/*].listeners[443]"
    assert "has no listener there; it listens on 80" in found.message
    assert "create-listener --load-balancer-arn lb/1 --protocol HTTPS" in found.command


def test_a_missing_rule_on_an_unmanaged_load_balancer_is_a_finding_with_a_command():
    (found,) = findings(service(API), seen(listener(), ours=False))

    assert "does not manage that load balancer" in found.message
    assert found.command == (
        f"aws elbv2 create-rule --listener-arn listener/443 --priority {PRIORITY} "
        "--conditions Field=host-header,Values=api.hokus.ai "
        "'Field=path-pattern,Values=/api/*' "
        f"--actions Type=forward,TargetGroupArn={GROUP} "
        "--tags Key=hokusai.ai/managed-by,Value=hokusai/development "
        "Key=hokusai.ai/service,Value=hokusai-api-development"
    )


def test_the_command_for_a_missing_target_group_comes_first():
    (found,) = findings(service(API), seen(listener(), ours=False, group=False))

    first, second = found.command.splitlines()
    assert first.startswith("aws elbv2 create-target-group --name hokusai-api-dev")
    assert "--vpc-id vpc-1" in first
    assert second.startswith("aws elbv2 create-rule")


def test_a_manual_rule_on_an_unmanaged_load_balancer_is_enough():
    manual = rule(3, "api.hokus.ai", "/api/*", ours=False)

    assert findings(service(API), seen(listener(443, manual), ours=False)) == ()


def test_an_unmanaged_rule_to_another_target_is_a_finding():
    other = rule(3, "api.hokus.ai", "/api/*", ours=False, target="other")

    found = findings(service(API), seen(listener(443, other)))

    assert "sends api.hokus.ai/api/* to another target" in found[0].message
    assert "modify-rule --rule-arn rule/3" in found[0].command


@pytest.mark.parametrize("ours", [True, False])
def test_an_earlier_rule_that_takes_all_requests_is_a_finding(ours):
    before = rule(9, "*.hokus.ai", ours=ours, target="other", service="other")

    (found,) = findings(service(API), seen(listener(443, before, OURS)))

    assert found.reason is Reason.CONFLICT
    assert "with priority 9 on port 443 of hokusai-development" in found.message
    assert f"RuleArn=rule/9,Priority={PRIORITY + 1}" in found.command


@pytest.mark.parametrize(
    "before",
    [
        rule(9, "*.hokus.ai", "/other", ours=False, target="other"),
        rule(9, "*.hokus.ai", ours=False, target="other", more=True),
        rule(9, "*.hokus.ai", ours=False),
        rule(PRIORITY + 9, "*.hokus.ai", ours=False, target="other"),
    ],
    ids=["another path", "further conditions", "the same group", "it comes later"],
)
def test_a_rule_that_takes_no_requests_is_no_finding(before):
    assert findings(service(API), seen(listener(443, before, OURS))) == ()


def test_a_declared_priority_in_use_is_a_finding():
    taken = rule(12, "www.hokus.ai", ours=False, target="other")
    asked = {**API, "priority": 12}

    (found,) = findings(service(asked), seen(listener(443, taken)))

    assert "priority 12 on port 443" in found.message
    assert "RuleArn=rule/12,Priority=13" in found.command


@pytest.mark.parametrize(
    ("names", "covered"),
    [
        (("api.hokus.ai",), True),
        (("*.hokus.ai",), True),
        (("hokus.ai",), False),
        (("*.ai",), False),
        ((), False),
        (None, True),
    ],
    ids=str,
)
def test_a_readable_certificate_must_cover_the_host(names, covered):
    found = findings(service(API), seen(listener(443, OURS, names=names)))

    assert bool(found) is not covered
    assert all("add-listener-certificates" in f.command for f in found)


def test_an_unreadable_certificate_is_one_warning():
    more = {"host": "www.hokus.ai", "path": "/api/*"}
    rules = OURS, rule(PRIORITY + 1, "www.hokus.ai", "/api/*")
    unread = "acm:DescribeCertificate was refused: AccessDenied."

    (found,) = findings(
        service(API, more), seen(listener(443, *rules, certificate_error=unread))
    )

    assert (found.path, found.reason) == (
        "routes.certificates[443]",
        Reason.PREFLIGHT_WARNING,
    )
    assert "could not be read: acm:DescribeCertificate was refused" in found.message
    assert "describe-listener-certificates --listener-arn listener/443" in found.command


def test_the_finding_of_an_untagged_target_group_has_the_command_to_adopt_it():
    world = seen(listener(443), ownership=Ownership.UNMANAGED)

    (found,) = findings(service(API), world)

    assert found.reason is Reason.NOT_MANAGED
    assert f"add-tags --resource-arns {GROUP}" in found.command


def test_a_target_group_of_another_type_is_a_finding():
    (found,) = findings(service(API), seen(listener(443, OURS), kind="instance"))

    assert "target type instance" in found.message


def test_a_group_of_another_controller_holds_the_service():
    world = seen(listener(443), ownership=Ownership.FOREIGN)

    hold = held(service(API), world)

    assert hold.hold is Hold.OWNERSHIP_CONFLICT
    assert held(service(), world) is None


@pytest.mark.parametrize(("ours", "reported"), [(True, False), (False, True)])
def test_a_health_check_that_cannot_be_tried_first_is_for_a_user(ours, reported):
    other = declared_health(service(API, health={"path": "/health"}))
    result = TargetResult("10.0.0.1", "healthy")
    state = replace(
        seen(listener(443), ours=ours, health=other),
        trial=HealthCheckTrial(current=(result,)),
    )

    found = [f for f in findings(service(API), state) if "try it first" in f.message]

    assert bool(found) is reported
    assert all("--health-check-path /" in finding.command for finding in found)
