"""A pass that is about a part of the document, or about some actions only."""

from datetime import timedelta

from controller.core.document.resource import ResourceId
from controller.core.planning.safety import SafetyLimits
from controller.core.planning.scope import Scope, with_dependencies
from controller.core.resources.condition import ConditionType, Truth
from controller.core.resources.plan import Verb
from controller.engine.executor import Executor
from controller.engine.memory_without_store import NullMemory
from controller.engine.observer import Observer
from controller.engine.reconciler import Reconciler
from tests.fakes.inline import InlinePool, SteppedClock
from tests.fakes.toy import KINDS, ToyState, declared, toy
from tests.fakes.toy_world import ToyDriver

A, B, C = (ResourceId("toy", name) for name in "abc")
MINUTE = timedelta(minutes=1)


class Memory(NullMemory):
    """Remembers what it was told is undeclared."""

    noted = None

    def save_undeclared(self, ids):
        self.noted = ids


def reconciler(driver, memory=None):
    clock, memory, pool = SteppedClock(), memory or Memory(), InlinePool()
    drivers = {"toy": driver}
    return Reconciler(
        KINDS,
        Observer(drivers, pool, clock),
        Executor(drivers, memory, pool, clock),
        memory,
        clock,
    )


def test_only_the_targets_are_touched():
    driver = ToyDriver()
    desired = declared(toy("a"), toy("b"))

    result = reconciler(driver).run(
        desired, SafetyLimits(), MINUTE, Scope(frozenset({A}))
    )

    assert driver.done == [("toy/a", Verb.CREATE)]
    assert result.converged
    assert set(result.statuses) == {A}


def test_what_is_known_of_the_rest_is_kept():
    driver, memory = ToyDriver(), Memory()
    machine = reconciler(driver, memory)
    machine.run(declared(toy("a"), toy("b")), SafetyLimits(), MINUTE)

    machine.run(declared(toy("a")), SafetyLimits(), MINUTE, Scope(frozenset({A})))

    assert set(memory.statuses()) == {A, B}


def test_the_rest_of_the_document_is_not_taken_for_undeclared():
    driver, memory = ToyDriver({A: ToyState(), B: ToyState()}), Memory()
    scope = Scope(frozenset({A}))
    machine = reconciler(driver, memory)

    result = machine.run(declared(toy("a")), SafetyLimits(prune=True), MINUTE, scope)

    assert result.left.in_sync
    assert memory.noted is None
    assert set(driver.toys) == {A, B}


def test_a_dependency_outside_is_told_as_it_is_and_not_waited_for():
    driver = ToyDriver()
    desired = declared(toy("a"), toy("b", depends_on=frozenset({A})))
    memory = Memory()

    result = reconciler(driver, memory).run(
        desired, SafetyLimits(), MINUTE, Scope(frozenset({B}))
    )

    (action,) = result.left.actions
    assert action.waits_for == (A,)
    assert result.settled
    assert not result.converged
    assert memory.statuses()[A][ConditionType.SYNCED].status is Truth.FALSE


def test_an_action_that_is_not_allowed_is_left_and_not_denied():
    driver, memory = ToyDriver(), Memory()
    scope = Scope(allows=lambda action: action.target == A)

    result = reconciler(driver, memory).run(
        declared(toy("a"), toy("b")), SafetyLimits(), MINUTE, scope
    )

    assert driver.done == [("toy/a", Verb.CREATE)]
    assert result.settled
    assert not result.converged
    assert [action.target for action in result.others.actions] == [B]


def test_dependencies_are_found_however_far_away():
    resources = declared(
        toy("a"),
        toy("b", depends_on=frozenset({A})),
        toy("c", depends_on=frozenset({B})),
    )

    assert with_dependencies([C], resources) == {A, B, C}
    assert with_dependencies([A], resources) == {A}
