"""When what resources rest on is looked at, and what a pass makes of it."""

from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core.document.resource import ResourceId
from controller.core.errors import ThrottledError
from controller.core.planning.preflight import (
    CheckFinding,
    CheckPassed,
    CheckUnknown,
    Severity,
)
from controller.core.planning.safety import SafetyLimits
from controller.core.planning.scope import Scope
from controller.core.rates.schedule import Schedule
from controller.core.resources.condition import ConditionType, Truth
from controller.core.resources.plan import Hold
from controller.engine.executor import Executor
from controller.engine.memory_without_store import NullMemory
from controller.engine.observer import Observer
from controller.engine.preflight import PreflightRunner
from controller.engine.reconciler import Reconciler
from tests.fakes.inline import InlinePool, SteppedClock
from tests.fakes.toy import KINDS, ToySpec, ToyState, declared, toy
from tests.fakes.toy_world import ToyDriver

A, B = ResourceId("toy", "a"), ResourceId("toy", "b")
MINUTE = timedelta(minutes=1)
AROUND = Schedule(MINUTE, inspections=10 * MINUTE)
GONE = CheckFinding(
    "image", Severity.BLOCKS, "image", "There is no image.", "aws ecr x"
)


class Inspected(ToyDriver):
    """Looks at what toys rest on; ``wrong`` says what is amiss, by id."""

    def __init__(self, *args, wrong=None, **more):
        super().__init__(*args, **more)
        self.wrong = wrong or {}
        self.inspected = []

    def inspect(self, resources):
        self.inspected.append(sorted(id_.name for id_ in resources))
        return {id_: self.wrong.get(id_, (CheckPassed("image"),)) for id_ in resources}


def machine(driver, clock=None):
    clock, memory, pool = clock or SteppedClock(), NullMemory(), InlinePool()
    drivers = {"toy": driver}
    executor = Executor(drivers, memory, pool, clock)
    return Reconciler(KINDS, Observer(drivers, pool, clock), executor, memory, clock)


def run(machine, *resources, schedule=None, scope=None):
    desired = declared(*(resources or [toy("a")]))
    more = {} if scope is None else {"scope": scope}
    return machine.run(desired, SafetyLimits(), MINUTE, schedule=schedule, **more)


def test_nothing_is_deployed_on_what_is_missing_and_once_mended_it_is():
    driver = Inspected(wrong={A: (GONE,)})
    of = machine(driver)

    held = run(of)
    driver.wrong = {}
    mended = run(of)

    assert [b.hold for b in held.left.blocked] == [Hold.PREFLIGHT_FAILED]
    assert held.settled
    assert mended.converged
    assert driver.done == [("toy/a", "create")]


def test_planning_looks_and_tells_everything():
    driver = Inspected(wrong={A: (GONE,), B: (GONE,)})

    plan = machine(driver).plan(declared(toy("a"), toy("b")), SafetyLimits())[1]

    assert driver.inspected == [["a", "b"]]
    assert [a.target for a in plan.advice] == [A, B]


def test_what_is_in_sync_is_not_looked_at_without_being_asked():
    driver = Inspected({A: ToyState()})

    result = run(machine(driver))

    assert result.converged
    assert driver.inspected == []


def test_all_are_looked_at_once_in_a_while_by_the_steady_clock():
    clock, driver = SteppedClock(), Inspected({A: ToyState(), B: ToyState()})
    of = machine(driver, clock)

    for _ in range(21):
        run(of, toy("a"), toy("b"), schedule=AROUND)
        clock.sleep(60)

    assert driver.inspected == [["a", "b"]] * 3


def test_what_something_in_sync_rests_on_was_taken_away_and_came_back():
    clock, driver = SteppedClock(), Inspected({A: ToyState(), B: ToyState()})
    of, both, ready = machine(driver, clock), (toy("a"), toy("b")), []

    for wrong in ({A: (GONE,)}, {A: (GONE,)}, {}):
        driver.wrong = wrong
        statuses = run(of, *both, schedule=AROUND).statuses
        ready.append(statuses[A][ConditionType.READY].status)
        clock.sleep(60)

    assert ready == [Truth.FALSE, Truth.FALSE, Truth.TRUE]
    assert driver.inspected == [["a", "b"], ["a"], ["a"]]


def test_a_finding_does_not_outlive_the_declaration_it_was_made_for():
    driver = Inspected({A: ToyState()}, wrong={A: (GONE,)})
    of = machine(driver)
    run(of, schedule=AROUND)

    result = run(of, replace(toy("a"), generation="v1:other"))

    assert result.statuses[A][ConditionType.READY].status is Truth.TRUE


def test_a_warning_does_not_keep_apply_from_being_done():
    warning = replace(GONE, severity=Severity.WARNS)
    result = run(machine(Inspected(wrong={A: (warning,)})))

    assert result.converged
    assert [a.message for a in result.plan.advice] == ["There is no image."]
    assert result.statuses[A][ConditionType.STALLED].status is Truth.FALSE
    assert "There is no image." in result.statuses[A][ConditionType.READY].message


@pytest.mark.parametrize("error", [ThrottledError("slow down"), KeyError("x")])
@pytest.mark.usefixtures("caplog")
def test_an_inspection_that_fails_deploys_nothing_and_breaks_no_pass(error):
    class Failing(Inspected):
        def inspect(self, resources):
            raise error

    driver = Failing()

    result = run(machine(driver))

    assert [b.hold for b in result.left.blocked] == [Hold.UNKNOWN]
    assert driver.done == []


def test_an_inspection_that_takes_too_long_is_unseen():
    class Never(InlinePool):
        def submit(self, fn, /, *args, **kwargs):
            return Future()

    of = PreflightRunner({"toy": Inspected()}, Never(), SteppedClock(), deadline=0)

    (found,) = of.check(declared(toy("a")), [A])[A]

    assert found == CheckUnknown(
        "surroundings", "no response within 0 s.", temporary=True
    )


def test_only_what_is_asked_for_is_looked_at():
    driver = Inspected(wrong={B: (GONE,)})

    result = run(machine(driver), toy("a"), toy("b"), scope=Scope(frozenset({A})))

    assert driver.inspected == [["a"]]
    assert result.left.in_sync


def test_a_driver_that_cannot_inspect_is_passed_over():
    assert run(machine(ToyDriver()), toy("a", ToySpec())).converged


@pytest.mark.parametrize(
    "warning",
    [
        replace(GONE, severity=Severity.WARNS),
        CheckUnknown("image", "access was denied.", temporary=False),
    ],
    ids=["finding", "denied"],
)
def test_a_warning_is_gone_a_minute_after_its_cause(warning):
    clock, driver = SteppedClock(), Inspected({A: ToyState()}, wrong={A: (warning,)})
    subject = machine(driver, clock)
    reasons = [ready(run(subject, schedule=AROUND)).reason]
    driver.wrong = {}

    for _ in range(2):
        clock.sleep(30)
        reasons.append(ready(run(subject, schedule=AROUND)).reason)

    assert driver.inspected == [["a"], ["a"]]
    assert reasons == ["PreflightWarning", "PreflightWarning", "Ready"]


def ready(result):
    return result.statuses[A][ConditionType.READY]
