"""What people ask for passes the guard, and is written down with their names."""

from dataclasses import replace

import pytest

from controller.core.document.freeze import Freeze
from controller.core.document.resource import Mode, ResourceId
from controller.core.errors import RefusedError, TransientError
from controller.core.planning.safety import SafetyLimits
from controller.core.resources.driver import Applied, Failed
from controller.core.resources.observation import Ownership
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Reason, Verb
from controller.engine.interventions import InterventionRunner
from tests.builders.reconcilers import reconciler
from tests.fakes.stopped_clock import NOON
from tests.fakes.toy import KINDS, ToyState, declared, toy
from tests.fakes.toy_world import ToyDriver

A = ResourceId("toy", "a")
ASKED = OperationRequest("ada@laptop", "it leaks")
FROZEN = SafetyLimits(freezes=(Freeze("the fair"),))


class Nobodys(ToyDriver):
    def observe(self, found):
        seen = super().observe(found)
        return {i: replace(s, ownership=Ownership.UNMANAGED) for i, s in seen.items()}


class Blind(ToyDriver):
    def observe(self, found):
        msg = "no answer"
        raise TransientError(msg)


def requests(driver, refuses=""):
    machine = reconciler(driver)
    kind = replace(KINDS["toy"], check_request=lambda *_: refuses)
    machine.kinds = {"toy": kind}
    return InterventionRunner(machine)


def asked(driver, verb=Verb.RESTART, limits=None, refuses="", **meta):
    resource = toy("a", **meta)
    desired = declared(resource)
    found = requests(driver, refuses)
    return found.action(verb, ASKED, resource, desired, limits or SafetyLimits())


def test_a_request_becomes_an_action_that_says_who_asks():
    action = asked(ToyDriver({A: ToyState()}))

    assert (action.verb, action.reason, action.request) == (
        Verb.RESTART,
        Reason.USER_REQUESTED,
        ASKED,
    )


def resolving(resolve):
    """Return a runner for a kind that resolves requests with ``resolve``."""
    found = requests(ToyDriver({A: ToyState()}))
    kind = replace(found.reconciler.kinds["toy"], resolve_request=resolve)
    found.reconciler.kinds = {"toy": kind}
    return found


def test_the_action_carries_the_request_as_its_kind_resolved_it():
    found = resolving(lambda _verb, request, *_: replace(request, wanted="a:7"))
    resource = toy("a")

    action = found.action(
        Verb.ROLL_BACK, ASKED, resource, declared(resource), SafetyLimits()
    )

    assert action.request == replace(ASKED, wanted="a:7")
    assert [change.after for change in action.changes] == ["a:7"]


def test_a_request_that_cannot_be_resolved_is_refused_by_name():
    def resolve(*_):
        msg = "there is no version 7"
        raise RefusedError(msg)

    resource = toy("a")

    with pytest.raises(RefusedError, match="approval of toy/a refused: there is no"):
        resolving(resolve).action(
            Verb.APPROVE, ASKED, resource, declared(resource), SafetyLimits()
        )


@pytest.mark.parametrize(
    ("driver", "more", "told"),
    [
        pytest.param(ToyDriver(), {}, "does not exist", id="absent"),
        pytest.param(Blind(), {}, "could not be observed: no answer", id="unseen"),
        pytest.param(
            Nobodys({A: ToyState()}),
            {},
            "not managed by this controller",
            id="not ours",
        ),
        pytest.param(None, {"refuses": "not now"}, "not now", id="by its kind"),
        pytest.param(None, {"mode": Mode.SUGGEST}, "mode: suggest", id="by its mode"),
        pytest.param(
            None, {"limits": FROZEN}, "the fair.*platform.freeze", id="frozen"
        ),
        pytest.param(
            None,
            {"limits": SafetyLimits(max_disruptive_actions=0)},
            "max_disruptive_actions",
            id="budget",
        ),
    ],
)
def test_what_may_not_be_done_is_refused_with_the_reason(driver, more, told):
    with pytest.raises(RefusedError, match=told):
        asked(driver or ToyDriver({A: ToyState()}), **more)


def test_what_worked_may_come_back_in_a_freeze_too():
    driver = ToyDriver({A: ToyState()})
    limits = replace(FROZEN, max_disruptive_actions=0)

    assert asked(driver, Verb.ROLL_BACK, limits).verb is Verb.ROLL_BACK


def test_a_request_is_carried_out_by_the_driver():
    driver = ToyDriver({A: ToyState()})
    action = asked(driver)

    outcome = requests(driver).carry_out(action, declared(toy("a")))

    assert isinstance(outcome, Applied)
    assert driver.done == [("toy/a", Verb.RESTART)]


def test_a_kind_that_says_nothing_of_requests_refuses_all():
    driver = ToyDriver({A: ToyState()})
    found = InterventionRunner(reconciler(driver))

    with pytest.raises(RefusedError, match="its kind does not support `restart`"):
        found.action(Verb.RESTART, ASKED, toy("a"), declared(toy("a")), SafetyLimits())


def test_how_a_resource_does_is_looked_at_anew():
    found = requests(ToyDriver({A: ToyState(broken=True)}))

    assert found.health(toy("a")).reason == "Broken"
    assert isinstance(found.health(toy("b")).reason, str)


def test_what_its_kind_allows_may_be_asked_for_of_what_does_not_exist_yet():
    found = requests(ToyDriver())
    kinds = found.reconciler.kinds
    found.reconciler.kinds = {
        "toy": replace(kinds["toy"], allowed_when_absent={Verb.RETRY})
    }
    resource = toy("a")

    action = found.action(
        Verb.RETRY, ASKED, resource, declared(resource), SafetyLimits()
    )

    assert (action.verb, action.observed) == (Verb.RETRY, None)
    with pytest.raises(RefusedError, match="does not exist"):
        found.action(Verb.RESTART, ASKED, resource, declared(resource), SafetyLimits())


def test_what_failed_before_somebody_acted_is_tried_at_once():
    driver = ToyDriver({A: ToyState()})
    action, found = asked(driver), requests(driver)
    now, error = NOON, TransientError("no answer")
    found.reconciler.backoff.record([action], {A: Failed(error)}, now)

    found.carry_out(action, declared(toy("a")))

    assert found.reconciler.backoff.soonest() is None
