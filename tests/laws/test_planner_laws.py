"""The laws every plan obeys, whatever the kinds are."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from controller.core.document.resource import Resource, ResourceId
from controller.core.planning.planner import diff
from controller.core.planning.safety import SafetyLimits, guard
from controller.core.resources.observation import (
    Absent,
    ObservedState,
    Ownership,
    Present,
    Unknown,
)
from controller.core.resources.plan import Verb
from tests.fakes.toy import (
    KINDS,
    NOON,
    TOY,
    ToySpec,
    ToyState,
    applied,
    compare,
    declared,
    toy,
)

hosts = st.sampled_from(["a.internal", "b.internal"])
targets = st.frozensets(st.sampled_from(["10.0.0.1", "10.0.0.2"]), min_size=1)
specs = st.builds(ToySpec, host=hosts, targets=targets)
states = st.builds(
    ToyState, host=hosts, targets=targets, ttl=st.sampled_from([60, 300])
)
ids = st.builds(ResourceId, st.just("toy"), st.sampled_from("abcd"))
desired_states = st.dictionaries(ids, specs, max_size=4).map(
    lambda d: {id_: Resource(id_, spec) for id_, spec in d.items()}
)
ownerships = st.sampled_from([Ownership.MANAGED, Ownership.MANAGED, *Ownership])
observations = st.one_of(
    st.builds(Present, states, ownerships),
    st.just(Absent()),
    st.just(Unknown("timeout")),
)
observed_states = st.dictionaries(ids, observations, max_size=4).map(
    lambda o: ObservedState(o, NOON)
)


def ours_or_absent(observed, id_):
    """Whether we may act on it at all."""
    match observed.of(id_):
        case Present(_, ownership):
            return ownership is Ownership.MANAGED
        case Unknown():
            return False
        case _:
            return True


def shuffle(mapping, random):
    return dict(random.sample(list(mapping.items()), len(mapping)))


@given(desired_states, observed_states)
def test_plan_once_applied_makes_the_world_as_declared(desired, observed):
    world = applied(diff(desired, observed, KINDS), observed)

    for id_, resource in desired.items():
        if ours_or_absent(observed, id_):
            left = compare(resource.spec, world.of(id_).state)
            assert {change.path for change in left} <= TOY.advice_only


@given(desired_states, observed_states)
def test_plan_once_applied_leaves_nothing_to_do(desired, observed):
    world = applied(diff(desired, observed, KINDS), observed)

    assert diff(desired, world, KINDS).actions == ()


@given(desired_states, observed_states)
def test_what_could_not_be_seen_is_never_touched(desired, observed):
    plan = diff(desired, observed, KINDS)

    touched = {action.target for action in plan.actions}
    unseen = {i for i in desired if isinstance(observed.of(i), Unknown)}
    assert touched.isdisjoint(unseen)
    assert plan.complete is not bool(unseen)


@given(desired_states, observed_states)
def test_what_is_not_ours_is_never_touched(desired, observed):
    plan = diff(desired, observed, KINDS)

    others = {
        id_
        for id_, o in observed.observations.items()
        if isinstance(o, Present) and o.ownership is not Ownership.MANAGED
    }
    assert others.isdisjoint(action.target for action in plan.actions)


@given(desired_states, observed_states, st.randoms())
def test_order_of_input_does_not_matter(desired, observed, random):
    shuffled = diff(
        shuffle(desired, random),
        ObservedState(shuffle(observed.observations, random), NOON),
        KINDS,
    )

    plan = diff(desired, observed, KINDS)
    assert shuffled == plan
    assert shuffled.fingerprint == plan.fingerprint


@given(desired_states, observed_states, st.integers(0, 4))
def test_plan_interrupted_anywhere_still_converges(desired, observed, crash_after):
    plan = diff(desired, observed, KINDS)
    half_done = applied(replace(plan, actions=plan.actions[:crash_after]), observed)

    resumed = diff(desired, half_done, KINDS)

    assert diff(desired, applied(resumed, half_done), KINDS).actions == ()


@given(st.permutations("abcd"), observed_states)
def test_nothing_happens_before_what_it_depends_on(chain, observed):
    ids_ = [ResourceId("toy", name) for name in chain]
    desired = declared(
        *(
            toy(id_.name, depends_on=frozenset(ids_[:i][-1:]))
            for i, id_ in enumerate(ids_)
        )
    )

    done = [action.target for action in diff(desired, observed, KINDS).actions]

    assert done == [id_ for id_ in ids_ if id_ in done]


@given(observed_states)
def test_an_action_names_every_dependency_that_is_not_ready(observed):
    base, dependent = toy("a"), toy("b", depends_on=frozenset({ResourceId("toy", "a")}))

    plan = diff(declared(base, dependent), observed, KINDS)

    there = isinstance(observed.of(base.id), Present)
    for action in plan.actions:
        if action.target == dependent.id:
            assert action.waits_for == (() if there else (base.id,))


@given(desired_states, observed_states)
def test_what_is_a_persons_to_change_is_never_in_an_action(desired, observed):
    plan = diff(desired, observed, KINDS)

    changed = {c.path for action in plan.actions for c in action.changes}
    assert changed.isdisjoint(TOY.advice_only)


@given(desired_states, observed_states)
def test_what_is_no_longer_declared_and_ours_is_gone(desired, observed):
    world = applied(diff(desired, observed, KINDS), observed)

    alive = {
        id_
        for id_, o in world.observations.items()
        if isinstance(o, Present) and o.ownership is Ownership.MANAGED
    }
    assert alive <= set(desired)


@given(desired_states, observed_states)
def test_an_immutable_field_is_never_updated_in_place(desired, observed):
    plan = diff(desired, observed, KINDS)

    updates = (a for a in plan.actions if a.verb is Verb.UPDATE)
    paths = {change.path for action in updates for change in action.changes}
    assert paths.isdisjoint(TOY.immutable)


limits = st.builds(
    SafetyLimits,
    max_disruptive_actions=st.integers(0, 3),
    prune=st.booleans(),
    in_flight=st.integers(0, 2),
    seen_undeclared=st.frozensets(ids),
)


@given(desired_states, observed_states, limits)
def test_the_guard_adds_nothing_and_drops_nothing(desired, observed, limits):
    plan = diff(desired, observed, KINDS)

    guarded = guard(plan, desired, observed, limits)

    assert set(guarded.actions) <= set(plan.actions)
    assert sorted(targets_of(guarded)) == sorted(targets_of(plan))


@given(desired_states, observed_states, limits)
def test_the_guard_keeps_the_disruptive_budget(desired, observed, limits):
    guarded = guard(diff(desired, observed, KINDS), desired, observed, limits)

    disruptive = [action for action in guarded.actions if action.disruptive]
    budget = max(0, limits.max_disruptive_actions - limits.in_flight)
    assert len(disruptive) <= budget


@given(desired_states, observed_states, limits)
def test_nothing_is_deleted_that_was_not_seen_undeclared_twice(
    desired, observed, limits
):
    guarded = guard(diff(desired, observed, KINDS), desired, observed, limits)

    deleted = {a.target for a in guarded.actions if a.verb is Verb.DELETE}
    assert deleted <= (limits.seen_undeclared if limits.prune else frozenset())


def targets_of(plan):
    return [verdict.target for verdict in plan.verdicts]
