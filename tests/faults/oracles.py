"""Who judges a run. Each oracle says what is wrong, or nothing."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from controller.cli.exit_codes import Exit
from controller.core.rates.ecs_rates import CATEGORIES, RATES
from controller.core.values.identity import DEPLOYMENT_TAG
from tests.fakes.sim_ecs import DEPLOYMENT
from tests.fakes.sim_faults import FaultKind
from tests.faults.outcome import Run
from tests.faults.workloads import Workload

Oracle: TypeAlias = Callable[[Workload, Run, Run], Iterator[str]]

# Without a token, one of these repeated by the network makes one more object. For
# UpdateService that is a deployment, where a new one is asked for and nothing changes.
_WITHOUT_TOKEN = frozenset(
    {
        "ecs:RegisterTaskDefinition",
        "ecs:UpdateService",
        "POST model-versions/create",
        "POST webhooks",
    }
)
# What they make, as effects name it, and as a person does.
_MADE = {
    "create": "model versions or webhooks",
    "RegisterTaskDefinition": "task definitions",
    DEPLOYMENT: "deployments",
}
# A call on its way when its sender was stopped is as late as one that lingers.
_TAKEN_OVER = frozenset({FaultKind.PAUSED_LEADER, FaultKind.EQUAL_NAMES})
_REPEATING = frozenset({FaultKind.LATE_EFFECT, FaultKind.DUPLICATE}) | _TAKEN_OVER
# What is written only because there is an extra object.
_MARKS = (
    "tag hokusai.ai/duplicate-of",
    "DeregisterTaskDefinition",
    "delete webhook",
)
_CREATES = ("create", "RegisterTaskDefinition", "CreateService", "CreateLogGroup")


def eventually_stable(workload: Workload, run: Run, reference: Run) -> Iterator[str]:
    """(a) Done within the depth and two more passes, then no write in three.

    Addresses of further tasks, which another writer asked for, are published only once
    DNS has returned them for some time.
    """
    bound = workload.depth + 2
    if run.took is None:
        yield f"not converged {bound} passes after the last fault"
    elif run.took > bound:
        yield f"converged after {run.took} passes, not {bound}"
    grown = run.struck_by(FaultKind.HOSTILE_EDIT) and _published(run, reference)
    if run.noisy and not grown:
        yield f"{run.noisy} writes after all was done"


def same_end(workload: Workload, run: Run, reference: Run) -> Iterator[str]:
    """(a) The world looks as it does without faults."""
    for part, expected in reference.end.items():
        have, want = run.end.get(part), expected
        if part == "services" and run.struck_by(FaultKind.HOSTILE_EDIT):
            have, want = _without_counts(have), _without_counts(want)
        elif part == "parameters" and run.struck_by(FaultKind.HOSTILE_EDIT):
            have, want = _first_addresses(have), _first_addresses(want)
        elif part == "services" and _deployed_twice(run, reference):
            have, want = _without_deployment(have), _without_deployment(want)
        elif part == "load balancing" and _in_flight(run)["CreateTargetGroup"]:
            # A search every ten minutes finds the target group of a late trial.
            have, want = _without_trials(have), _without_trials(want)
        elif part == "deliveries" and _has_forgotten(workload, run):
            continue
        if have != want:
            yield f"{part} are {have}, not {want}"


def same_updates(workload: Workload, run: Run, reference: Run) -> Iterator[str]:
    """(b) Each object was created and changed as often as without faults."""
    allowed, in_flight = _allowed(run), _in_flight(run)
    repaired = run.struck_by(FaultKind.HOSTILE_EDIT)
    extra = 0
    for key in sorted(run.effects.keys() | reference.effects.keys()):
        verb, subject = key
        more = run.effects[key] - reference.effects[key]
        if verb in _MARKS or more == 0 or (repaired and verb not in _CREATES):
            continue
        if verb == "TagResource" and not workload.settles:
            continue
        if more > 0 and verb in _MADE and allowed:
            extra += more
            continue
        if 0 < more <= in_flight[verb]:
            in_flight[verb] -= more
            continue
        yield f"{verb} {subject}: {more:+d}"
    if extra > allowed:
        yield f"{extra} extra objects, {allowed} allowed"


def safe(_: Workload, run: Run, __: Run) -> Iterator[str]:
    """(c) Nothing forbidden happened on the way."""
    yield from run.problems
    for seen in run.passes:
        for target in seen.touched_unknown:
            yield f"{target} was acted on unseen"
        yield from seen.forbidden


def extras_marked(_: Workload, run: Run, __: Run) -> Iterator[str]:
    """(b) A copy says that it is one, two passes after the last fault.

    What a late leader had on its way is known to nobody who may still mark it. And
    a list that lags, just when it is asked for a copy, does not show it.
    """
    hidden = any(
        fault.kind in {FaultKind.STALE_READ, FaultKind.TORN_PAGE}
        and call.operation == "ecs:ListTaskDefinitions"
        for fault, call in run.struck
    )
    if hidden or run.struck_by(*_TAKEN_OVER):
        return
    last = max((i for i, seen in enumerate(run.passes) if seen.blinded), default=0)
    for seen in run.passes[last + 3 :]:
        if seen.unmarked:
            yield f"{seen.unmarked} copies are not marked"
            return


def honest(_: Workload, run: Run, __: Run) -> Iterator[str]:
    """(d) Ready is said of nothing that is not so."""
    for seen in run.passes:
        if seen.blinded:
            continue
        for id_ in sorted(seen.ready - seen.true):
            yield f"{id_} was said to be ready and was not"


def _has_forgotten(workload: Workload, run: Run) -> bool:
    """Whether a pass declared nothing, so that a transition has no beginning."""
    return workload.forgets and run.struck_by(FaultKind.EMPTY_DOCUMENT)


def told_once(workload: Workload, run: Run, reference: Run) -> Iterator[str]:
    """(e) One event a version, one delivery a target, and none lost."""
    if len(run.rows) != len(set(run.rows)):
        yield "a delivery was recorded twice"
    if _has_forgotten(workload, run):
        return
    for target, want in reference.told.items():
        have = run.told.get(target, Counter())
        if len(have) != len(want):
            yield f"{target} heard of {len(have)} events, not {len(want)}"


def no_secret_told(_: Workload, run: Run, __: Run) -> Iterator[str]:
    """(f) No secret is in what is kept, logged or sent."""
    yield from run.leaks


def within_rates(_: Workload, run: Run, __: Run) -> Iterator[str]:
    """(g) No pass asks more at once than the client's buckets hold."""
    for seen in run.passes:
        asked: Counter[str] = Counter()
        for operation, times in seen.calls.items():
            asked[CATEGORIES.get(operation.removeprefix("ecs:"), "")] += times
        for category, times in asked.items():
            if category in RATES and times > RATES[category].burst:
                yield f"{times} calls of the category {category} in a pass"


def exit_law(_: Workload, run: Run, __: Run) -> Iterator[str]:
    """(h) If apply writes, diff is not 0; if something is unknown, it is 2."""
    for seen in run.passes:
        if seen.planned is None:
            continue
        if seen.planned.unknown and seen.planned.code is not Exit.FAILED:
            yield "something is unknown and diff says otherwise"
        if seen.planned.code is Exit.OK and seen.planned.verdicts:
            yield "there are verdicts and diff says 0"


ORACLES: tuple[Oracle, ...] = (
    eventually_stable,
    same_end,
    same_updates,
    extras_marked,
    safe,
    honest,
    told_once,
    no_secret_told,
    within_rates,
    exit_law,
)


def judged(workload: Workload, run: Run, reference: Run) -> list[tuple[str, str]]:
    """Return the name of each oracle that finds something wrong, and what."""
    return [
        (oracle.__name__, wrong)
        for oracle in ORACLES
        for wrong in oracle(workload, run, reference)
    ]


def _allowed(run: Run) -> int:
    """Return how many more objects there may be.

    A webhook in MLflow has no key: a list that lags makes one more, which is deleted.
    """
    return sum(
        (fault.kind in _REPEATING and call.operation in _WITHOUT_TOKEN)
        or (fault.kind is FaultKind.STALE_READ and call.operation == "GET webhooks")
        for fault, call in run.struck
    )


def extra_objects(run: Run, reference: Run) -> Counter[str]:
    """Return how many more objects there are than without faults, by what they are."""
    extra: Counter[str] = Counter()
    for verb, subject in run.effects:
        more = run.effects[verb, subject] - reference.effects[verb, subject]
        if more > 0 and verb in _MADE:
            extra[_MADE[verb]] += more
    return extra


def _in_flight(run: Run) -> Counter[str]:
    """Return how many more of each call there may be: those that were on their way.

    UpdateService and TagResource know no token and no condition: the last writer
    wins. A tag that a late one took back is written again, and so is a health check; a
    tag that a late one put back is removed again.
    """
    late = Counter(
        call.operation.rpartition(":")[2]
        for fault, call in run.struck
        if fault.kind in _TAKEN_OVER and call.writes
    )
    late["TagResource"] *= 2
    late["ModifyTargetGroup"] *= 2
    late["RemoveTags"] += late["AddTags"]
    return late


def _deployed_twice(run: Run, reference: Run) -> bool:
    """Whether the network deployed once more what was asked for once.

    The answer that we have tells of the first; the second replaces it and is the
    same.
    """
    return _allowed(run) > 0 and extra_objects(run, reference)["deployments"] > 0


def _without_trials(things: Any) -> list[Any]:
    return [thing for thing in things if "-trial/" not in thing[0]]


def _published(run: Run, reference: Run) -> bool:
    """Whether a set of addresses was published more often than without faults."""
    more = run.effects - reference.effects
    return any(verb == "PutParameter" for verb, _ in more)


def _first_addresses(parameters: Any) -> Any:
    """Return parameters with the first address of each published set."""
    return [(name, value.partition(",")[0].strip("'")) for name, value in parameters]


def _without_counts(services: object) -> object:
    """Leave out what a repair may leave otherwise: the count, and whose rollout it is.

    A service that was made and never changed says nothing of its deployment.
    """
    kept = _without_deployment(services)
    return {name: (*s[:2], *s[3:]) for name, s in kept.items()}


def _without_deployment(services: object) -> dict[str, tuple[Any, ...]]:
    """Leave out whether the deployment that we know of is the present one."""
    assert isinstance(services, dict)
    return {
        name: (*s[:3], [tag for tag in s[3] if tag[0] != DEPLOYMENT_TAG], *s[4:])
        for name, s in services.items()
    }
