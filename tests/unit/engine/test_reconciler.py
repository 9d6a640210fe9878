"""What one pass does, and when the next one comes."""

from datetime import timedelta

import pytest

from controller.core.document.resource import ResourceId
from controller.core.errors import PermanentError, TransientError
from controller.core.planning.safety import SafetyLimits
from controller.core.resources.condition import ConditionType, Truth
from controller.core.resources.driver import Failed
from controller.core.resources.observation import Unknown
from controller.core.resources.plan import Hold, Verb
from controller.engine.executor import Executor
from controller.engine.memory_without_store import NullMemory
from controller.engine.observer import Observer
from controller.engine.reconciler import Reconciler
from tests.builders.reconcilers import reconciler
from tests.fakes.inline import InlinePool, SteppedClock
from tests.fakes.toy import KINDS, ToySpec, ToyState, declared, toy
from tests.fakes.toy_world import ToyDriver

A, B = ResourceId("toy", "a"), ResourceId("toy", "b")
MINUTE = timedelta(minutes=1)


def run(driver, desired=None, limits=None, **parts):
    machine = reconciler(driver, **parts)
    return machine.run(desired or declared(toy("a")), limits or SafetyLimits(), MINUTE)


def test_a_pass_makes_what_is_missing_and_says_ready_only_after_looking_again():
    driver = ToyDriver()

    result = run(driver)

    assert result.converged
    assert driver.looks == 2


def test_a_pass_with_nothing_to_do_looks_once_and_writes_nothing():
    driver = ToyDriver({A: ToyState()})

    result = run(driver)

    assert (driver.looks, driver.done) == (1, [])
    assert result.next_in == MINUTE


def test_what_keeps_failing_rests_longer_each_time():
    clock = SteppedClock()
    driver = ToyDriver(failures={A: [PermanentError("denied")] * 9})
    machine = reconciler(driver, clock)

    waits = []
    for _ in range(4):
        waits.append(machine.run(declared(toy("a")), SafetyLimits(), MINUTE).next_in)
        clock.sleep(waits[-1].total_seconds())

    assert waits == sorted(waits)
    assert waits[3] > 2 * waits[0]


def test_while_it_rests_it_is_not_touched_and_others_are():
    driver = ToyDriver(failures={A: [PermanentError("denied")]})
    machine = reconciler(driver)
    machine.run(declared(toy("a")), SafetyLimits(), MINUTE)

    result = machine.run(declared(toy("a"), toy("b")), SafetyLimits(), MINUTE)

    resting = result.outcomes[A]
    assert isinstance(resting, Failed)
    assert resting.retry_at is not None
    assert driver.done == [("toy/b", Verb.CREATE)]


def test_why_it_failed_is_told_while_it_rests_and_nothing_new_is_written():
    driver = ToyDriver(failures={A: [PermanentError("denied")] * 9})
    machine = reconciler(driver)

    first = machine.run(declared(toy("a")), SafetyLimits(), MINUTE).statuses
    second = machine.run(declared(toy("a")), SafetyLimits(), MINUTE).statuses

    ready = first[A][ConditionType.READY]
    assert ready.message.startswith("denied. Next attempt at 2026-01-01T12:00:0")
    assert second == first


def test_a_failure_that_somebody_mended_is_forgotten():
    driver = ToyDriver(failures={A: [PermanentError("denied")]})
    machine = reconciler(driver)
    machine.run(declared(toy("a")), SafetyLimits(), MINUTE)
    driver.toys[A] = ToyState()

    machine.run(declared(toy("a")), SafetyLimits(), MINUTE)

    assert machine.backoff.soonest() is None


def test_a_changed_declaration_is_tried_at_once():
    driver = ToyDriver(failures={A: [PermanentError("denied")]})
    machine = reconciler(driver)
    machine.run(declared(toy("a")), SafetyLimits(), MINUTE)
    changed = toy("a", ToySpec(targets=frozenset({"10.0.0.2"})))

    machine.run(
        declared(type(changed)(A, changed.spec, "v1:other")), SafetyLimits(), MINUTE
    )

    assert driver.done == [("toy/a", Verb.CREATE)]


def test_a_driver_that_cannot_look_makes_everything_of_its_kind_unknown():
    class Blind(ToyDriver):
        def observe(self, declared):
            msg = "MLflow did not answer"
            raise TransientError(msg)

    driver = Blind({A: ToyState()})

    result = run(driver)

    ready = result.statuses[A][ConditionType.READY]
    assert (ready.status, ready.message) == (Truth.UNKNOWN, "MLflow did not answer")
    assert driver.done == []


@pytest.mark.usefixtures("caplog")
def test_a_driver_that_breaks_while_looking_is_unknown_too():
    class Broken(ToyDriver):
        def observe(self, declared):
            raise KeyError

    result = run(Broken())

    assert [b.message for b in result.plan.blocked] == [
        "The toy driver failed: KeyError."
    ]


def test_what_is_seen_too_late_is_unknown():
    class Slow(InlinePool):
        def submit(self, fn, /, *args, **kwargs):
            from concurrent.futures import Future

            return Future()

    observer = Observer({"toy": ToyDriver()}, Slow(), SteppedClock(), deadline=0)

    observed = observer.observe(declared(toy("a")))

    assert observed.of(A) == Unknown("No response within 0 s.", temporary=True)


def test_what_is_undeclared_goes_only_in_the_second_pass_that_sees_it():
    class Remembering(NullMemory):
        seen = frozenset()

        def undeclared(self):
            return self.seen

        def save_undeclared(self, ids):
            self.seen = frozenset(ids)

    driver = ToyDriver({A: ToyState(), B: ToyState()})
    machine = reconciler(driver, memory=Remembering())
    limits = SafetyLimits(prune=True)

    machine.run(declared(toy("a")), limits, MINUTE)
    assert B in driver.toys
    machine.run(declared(toy("a")), limits, MINUTE)

    assert set(driver.toys) == {A}


def test_what_somebody_keeps_changing_back_is_left_alone():
    clock = SteppedClock()
    driver = ToyDriver({A: ToyState()})
    machine = reconciler(driver, clock)
    theirs = ToyState(targets=frozenset({"10.9.9.9"}))
    holds = []

    for _ in range(5):
        driver.toys[A] = theirs
        result = machine.run(declared(toy("a")), SafetyLimits(), MINUTE)
        holds.append([blocked.hold for blocked in result.left.blocked])
        clock.sleep(60)

    assert holds == [[], [], [], [Hold.WRITE_CONFLICT], [Hold.WRITE_CONFLICT]]
    assert driver.toys[A] == theirs


def test_what_was_remembered_for_a_pass_is_dropped_at_its_end():
    clock, remembered = SteppedClock(), []

    class Remembering(ToyDriver):
        def observe(self, declared):
            remembered.append("all that there is")
            return super().observe(declared)

    pool, memory, drivers = InlinePool(), NullMemory(), {"toy": Remembering()}
    observer = Observer(drivers, pool, clock, forget=(remembered.clear,))
    executor = Executor(drivers, memory, pool, clock)

    Reconciler(KINDS, observer, executor, memory, clock).run(
        declared(toy("a")), SafetyLimits(), MINUTE
    )

    assert remembered == []


@pytest.mark.parametrize(
    ("error", "settled"),
    [
        pytest.param(TransientError("503"), False, id="another look may see it"),
        pytest.param(PermanentError("denied"), True, id="another look sees no more"),
    ],
)
def test_what_could_not_be_seen_just_now_is_waited_for(error, settled):
    class Blind(ToyDriver):
        def observe(self, declared):
            raise error

    assert run(Blind({A: ToyState()})).settled is settled


class Recording(ToyDriver):
    """A driver with records of its observation, which the store may refuse."""

    def __init__(self, *args, error=None):
        super().__init__(*args)
        self.error = error
        self.recorded = []

    def record(self):
        if self.error is not None:
            raise self.error
        self.recorded.append(self.looks)


def test_a_pass_stores_the_records_of_its_last_observation():
    driver = Recording()

    run(driver)

    assert driver.recorded == [2]


def test_a_plan_stores_no_records():
    driver = Recording()

    reconciler(driver).plan(declared(toy("a")), SafetyLimits())

    assert driver.recorded == []


def test_records_that_cannot_be_stored_do_not_end_the_pass(caplog):
    driver = Recording({A: ToyState()}, error=TransientError("disk is full"))

    result = run(driver)

    assert result.converged
    assert "records of a kind not stored" in caplog.text
