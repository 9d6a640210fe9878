"""What thinking costs, with nothing but memory to look at."""

import time

import pytest

from controller.core.document.resource import ResourceId
from controller.core.planning.planner import diff
from controller.core.resources.observation import ObservedState, Ownership, Present
from controller.kinds import discover
from controller.spec.document import load
from tests.fakes.toy import KINDS, NOON, ToyState, declared, toy
from tests.load import crowd
from tests.load.figures import typical

pytestmark = pytest.mark.load
MANY = 10_000


def test_a_plan_over_ten_thousand_resources_in_sync(figures):
    names = [f"t{n}" for n in range(MANY)]
    before = (None, *names[:-1])
    desired = declared(
        *(
            toy(name, depends_on=frozenset({ResourceId("toy", other)} if other else ()))
            for name, other in zip(names, before, strict=True)
        )
    )
    seen = {id_: Present(ToyState(), Ownership.MANAGED, "v1:g") for id_ in desired}
    observed = ObservedState(seen, NOON)
    plans = []

    cpu = typical(lambda: _cpu(lambda: plans.append(diff(desired, observed, KINDS))))

    assert all(plan.in_sync for plan in plans)
    figures.note(f"planner over {MANY} resources in sync", cpu, 0.5, "s")


def test_reading_again_what_did_not_change(tmp_path, figures):
    file, kinds, documents = crowd.write(tmp_path / "many", 1_000), discover(), []

    def read():
        found = load(str(file), environment=None, environ={}, kinds=kinds)
        documents.append(found)

    first = _cpu(read)
    again = typical(lambda: _cpu(read))

    assert all(document is documents[0] for document in documents)
    figures.note("reading 2000 resources again", again, first, "s", "the first time")


def _cpu(work):
    began = time.process_time()
    work()
    return time.process_time() - began
