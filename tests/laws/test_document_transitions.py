"""Any document that is accepted is reached from any other, and then left alone."""

import time
from functools import partial

import pytest

from controller.core.errors import SpecError
from controller.core.resources.condition import ConditionType, Truth
from controller.core.values.identity import OWNER_TAG
from controller.engine.reconciler import PassResult
from controller.spec.document import Document, load
from tests.fakes.sim_controller import KINDS
from tests.fakes.sim_documents import accepted_body, body, mangled
from tests.faults.documents import HEADER, MAIN, parsed
from tests.faults.truth import is_so
from tests.faults.workloads import populated
from tests.faults.world import World

SAMPLE, PART = 40, 250
PARTS = range(4)
FUZZED, ALL_FUZZED = 400, 10_000
# A rollout that ECS cannot move is given up after ten minutes, a pass each.
MOST_PASSES, LONGEST = 20, 5.0
# A published set of addresses follows DNS once it was steady for some minutes.
QUIET_PASSES = 5
# After so many documents the world begins anew.
A_WORLD = 20


def refused(text: str) -> list[str]:
    """Return the path of each problem of a document; none if it is accepted."""
    found = parsed(HEADER + text)
    if isinstance(found, Document):
        return []
    return [problem.path for problem in found.diagnostics]


def accepted(count: int, first: int = 0) -> list[str]:
    """Return as many drawn documents, without what is refused in them."""
    return [accepted_body(seed, refused) for seed in range(first, first + count)]


def prepared() -> World:
    world = World()
    populated(world)
    tags = {OWNER_TAG: "hokusai/development"}
    world.aws.balancing.made("hokusai-development", tags, 1, 2)
    for host in ("api.hokusai-development.local", "registry.hokus.ai"):
        world.dns.names[host] = ("10.0.0.1",)
    return world


def idle(result: PassResult) -> bool:
    """Return whether nothing is left to do and no rollout is in progress."""
    return not result.left.actions and not any(
        condition.status is Truth.TRUE
        for conditions in result.statuses.values()
        if (condition := conditions.get(ConditionType.RECONCILING))
    )


def settled(world: World) -> str:
    """Do passes until nothing is done; return what is wrong, if it never is."""
    result, quiet = world.one_pass(), 0
    for _ in range(MOST_PASSES):
        is_quiet = result is not None and idle(result) and not world.wire.writes
        quiet = quiet + 1 if is_quiet else 0
        if quiet == QUIET_PASSES:
            break
        result = world.one_pass()
    if result is None or result.left.actions:
        return f"still at work: {result.left.actions if result else 'broke off'}"
    world.one_pass()
    if world.wire.writes:
        return f"{world.wire.writes} writes after all was done"
    false = [
        str(id_)
        for id_, resource in world.intended().resources.items()
        if result.statuses[id_][ConditionType.READY].status is Truth.TRUE
        and not is_so(world, resource)
    ]
    return f"said to be ready: {false}" if false else ""


def transitions(texts: list[str]) -> dict[int, str]:
    """Go from each document to the next; return what went wrong, by number."""
    wrong: dict[int, str] = {}
    world = prepared()
    for number, text in enumerate(texts):
        if number % A_WORLD == 0:
            world = prepared()
        world.declare(text)
        if problem := settled(world):
            wrong[number] = problem
            world = prepared()
    return wrong


def recoveries(texts: list[str]) -> dict[int, str]:
    """Break each document and mend it; return where anything was written."""
    wrong: dict[int, str] = {}
    for number, text in enumerate(texts):
        world = prepared()
        world.declare(text)
        settled(world)
        good, bad = world.text, mangled(world.text, number).decode(errors="replace")
        if isinstance(parsed(bad), Document):
            continue
        for now in (bad, good):
            world.text, meant = now, good
            world.one_pass()
            world.text = meant
            if world.wire.writes:
                wrong[number] = f"{world.wire.writes} writes with {now!r}"
    return wrong


def fuzzed(count: int) -> list[str]:
    """Read mangled documents; return what was neither accepted nor explained."""
    texts, wrong = [HEADER + body(seed) for seed in range(50)], []
    for seed in range(count):
        data = mangled(texts[seed % len(texts)], seed)
        began = time.perf_counter()
        try:
            load(MAIN, environ={}, kinds=KINDS, read=partial(_only, data))
        except SpecError as error:
            if not error.diagnostics:
                wrong.append(f"{seed}: refused without a word")
        except Exception as error:  # noqa: BLE001 - what must not happen
            wrong.append(f"{seed}: {type(error).__name__}: {error}")
        if time.perf_counter() - began > LONGEST:
            wrong.append(f"{seed}: too slow")
    return wrong


def _only(data: bytes, file: str) -> bytes:
    if file != MAIN:
        raise FileNotFoundError(file)
    return data


def test_a_sample_of_documents_is_reached_one_from_the_other():
    assert transitions(accepted(SAMPLE)) == {}


def test_a_broken_document_has_no_effect_and_is_recovered_from():
    assert recoveries(accepted(SAMPLE // 2)) == {}


def test_a_sample_of_mangled_documents_is_read_or_explained():
    assert fuzzed(FUZZED) == []


@pytest.mark.proof
@pytest.mark.parametrize("part", PARTS)
def test_a_thousand_documents_are_reached_one_from_the_other(part):
    texts = accepted(PART, first=part * PART)

    assert len(set(texts)) > PART * 0.9
    assert transitions(texts) == {}


@pytest.mark.proof
def test_ten_thousand_mangled_documents_are_read_or_explained():
    assert fuzzed(ALL_FUZZED) == []
