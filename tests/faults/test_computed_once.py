"""What one apply computes: a task definition and a guarded plan, each once a look."""

import pytest

from controller.core.planning import safety
from controller.engine.reconciler import PassResult
from controller.kinds.service.render import task_definition
from tests.faults.catalogue import WORKLOADS
from tests.faults.world import World


class Counted:
    """A function that counts its calls."""

    def __init__(self, function):
        self.function = function
        self.calls = 0

    def __call__(self, *args, **more):
        self.calls += 1
        return self.function(*args, **more)


@pytest.fixture
def computed(monkeypatch):
    """Return counters of rendered task definitions and of guarded plans."""
    rendered = Counted(task_definition._own)
    guarded = Counted(safety.permitted)
    monkeypatch.setattr(task_definition, "_own", rendered)
    monkeypatch.setattr(safety, "permitted", guarded)
    return rendered, guarded


def applied(world: World) -> int:
    """Plan and reconcile as ``apply`` does, until converged; return the passes."""
    world.minute()
    controller = world._present_controller()
    limits = safety.SafetyLimits(2)
    controller.reconciler.plan(controller.document.resources, limits)
    for passes in range(1, 4):
        result = world.one_pass()
        assert isinstance(result, PassResult)
        if result.settled:
            return passes
    raise AssertionError(result)


def test_an_apply_renders_a_service_once_and_guards_once_a_look(computed):
    rendered, guarded = computed
    workload = next(w for w in WORKLOADS if w.name == "image rollout")
    world = World()
    workload.before(world)
    world.one_pass()
    workload.steps[0](world)
    rendered.calls = guarded.calls = 0

    passes = applied(world)

    assert passes <= 3
    assert rendered.calls <= 3
    assert guarded.calls <= 5
