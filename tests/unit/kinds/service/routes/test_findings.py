import pytest

from controller.core.resources.observation import Ownership
from controller.core.resources.plan import Hold, Reason
from controller.kinds.service.routes.findings import findings, held
from controller.kinds.service.routes.matching.match import natural_priority
from controller.kinds.service.routes.state import RoutingState
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


def test_as_declared_nothing_is_amiss():
    world = seen(listener(443, OURS, names=("*.hokus.ai",)))

    assert findings(service(API), world) == ()


def test_a_missing_load_balancer_comes_with_the_command_that_makes_it():
    (found,) = findings(service(API), RoutingState())

    assert found.reason is Reason.MISSING
    assert "hokusai-development does not exist" in found.message
    assert "aws elbv2 create-load-balancer --name hokusai-dev" in found.command


def test_a_missing_listener_is_named_with_those_there_are():
    (found,) = findings(service(API), seen(listener(80, protocol="HTTP")))

    assert found.path == "routes[api.hokus.ai/api/*].listeners[443]"
    assert "it listens on: 80" in found.message
    assert "create-listener --load-balancer-arn lb/1 --protocol HTTPS" in found.command


def test_a_rule_missing_on_the_load_balancer_of_others_is_told_with_its_command():
    (found,) = findings(service(API), seen(listener(), ours=False))

    assert "which is not ours to change" in found.message
    assert found.command == (
        f"aws elbv2 create-rule --listener-arn listener/443 --priority {PRIORITY} "
        "--conditions Field=host-header,Values=api.hokus.ai "
        "'Field=path-pattern,Values=/api/*' "
        f"--actions Type=forward,TargetGroupArn={GROUP} "
        "--tags Key=hokusai.ai/managed-by,Value=hokusai/development "
        "Key=hokusai.ai/service,Value=hokusai-api-development"
    )


def test_without_a_group_on_the_load_balancer_of_others_its_command_comes_first():
    (found,) = findings(service(API), seen(listener(), ours=False, group=False))

    first, second = found.command.splitlines()
    assert first.startswith("aws elbv2 create-target-group --name hokusai-api-dev")
    assert "--vpc-id vpc-1" in first
    assert second.startswith("aws elbv2 create-rule")


def test_a_rule_by_hand_on_the_load_balancer_of_others_is_enough():
    by_hand = rule(3, "api.hokus.ai", "/api/*", ours=False)

    assert findings(service(API), seen(listener(443, by_hand), ours=False)) == ()


def test_a_rule_of_others_that_takes_the_route_elsewhere_is_told():
    other = rule(3, "api.hokus.ai", "/api/*", ours=False, target="other")

    found = findings(service(API), seen(listener(443, other)))

    assert "takes api.hokus.ai/api/* elsewhere" in found[0].message
    assert "modify-rule --rule-arn rule/3" in found[0].command


@pytest.mark.parametrize("ours", [True, False])
def test_a_rule_that_comes_first_and_matches_more_is_named(ours):
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
def test_a_rule_that_takes_nothing_away_is_not_told_of(before):
    assert findings(service(API), seen(listener(443, before, OURS))) == ()


def test_a_declared_priority_that_is_taken_is_told():
    taken = rule(12, "www.hokus.ai", ours=False, target="other")
    asked = {**API, "priority": 12}

    (found,) = findings(service(asked), seen(listener(443, taken)))

    assert "Priority 12 on port 443" in found.message
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
def test_a_certificate_must_be_for_the_host_if_it_can_be_read(names, covered):
    found = findings(service(API), seen(listener(443, OURS, names=names)))

    assert bool(found) is not covered
    assert all("add-listener-certificates" in f.command for f in found)


def test_a_certificate_that_cannot_be_read_is_a_warning_and_told_once():
    more = {"host": "www.hokus.ai", "path": "/api/*"}
    rules = OURS, rule(PRIORITY + 1, "www.hokus.ai", "/api/*")
    unread = "acm:DescribeCertificate was refused: AccessDenied."

    (found,) = findings(service(API, more), seen(listener(443, *rules, unread=unread)))

    assert (found.path, found.reason) == (
        "routes.certificates[443]",
        Reason.PREFLIGHT_WARNING,
    )
    assert "is not known: acm:DescribeCertificate was refused" in found.message
    assert "describe-listener-certificates --listener-arn listener/443" in found.command


def test_a_group_without_our_tag_is_offered_to_be_taken_over():
    world = seen(listener(443), ownership=Ownership.UNMANAGED)

    (found,) = findings(service(API), world)

    assert found.reason is Reason.NOT_MANAGED
    assert f"add-tags --resource-arns {GROUP}" in found.command


def test_a_group_that_cannot_become_what_is_declared_is_told():
    (found,) = findings(service(API), seen(listener(443, OURS), kind="instance"))

    assert "targets of type instance" in found.message


def test_a_group_of_another_controller_holds_the_service():
    world = seen(listener(443), ownership=Ownership.FOREIGN)

    hold = held(service(API), world)

    assert hold.hold is Hold.OWNERSHIP_CONFLICT
    assert held(service(), world) is None
