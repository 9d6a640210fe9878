"""Every outage of the predecessor is met by the verdict that would have helped."""

import pytest

from controller.core.errors import SpecError
from controller.core.planning.pipeline import PlanningView
from controller.core.planning.planner import diff
from controller.core.planning.safety import SafetyLimits
from controller.core.planning.scope import ALL
from controller.core.resources.condition import ConditionType
from controller.core.resources.plan import Action, Advice
from controller.core.status.resource_conditions import conditions_of
from tests.fakes.toy import judged
from tests.incidents.incident import FOLDERS, KINDS, Incident, incidents

CASES = incidents()


def _cases():
    for case in CASES:
        marks = (
            [pytest.mark.xfail(reason=case.xfail, strict=True)] if case.xfail else []
        )
        yield pytest.param(case, id=case.folder.name, marks=marks)


@pytest.mark.parametrize("case", [*_cases()])
def test_an_outage_gets_the_verdict_that_would_have_helped(case: Incident):
    verdict = reached(case)

    for key, want in case.expected.items():
        if key != "xfail":
            assert verdict[key] == want, key


def test_all_outages_are_written_down():
    numbers = {case.folder.name.partition("-")[0] for case in CASES}

    assert len(numbers) == len(CASES) == 24
    assert all((case.folder / "README.md").read_text() for case in CASES)
    assert all(
        folder.is_dir() or folder.name == "README.md" for folder in FOLDERS.iterdir()
    )


def reached(case: Incident) -> dict[str, object]:
    """Return the verdict on ``case``, in the form of ``expected.json``."""
    try:
        document = case.document()
    except SpecError as error:
        told = [f"{d.path}: {d.problem}" for d in error.diagnostics]
        return {"diagnostics": told, "verdicts": [], "ready": {}}
    observed = case.seen(document)
    desired = {
        id_: resource
        for id_, resource in document.resources.items()
        if id_ in observed.observations
    }
    view = PlanningView(desired, observed, SafetyLimits(9), ALL)
    plan = judged(diff(desired, observed, KINDS), view, case.inspected(document))
    statuses = conditions_of(desired, observed, plan, {}, KINDS, {})
    return {
        "diagnostics": [],
        "verdicts": [_told(v) for v in plan.verdicts],
        "ready": {
            str(id_): conditions[ConditionType.READY].reason
            for id_, conditions in sorted(statuses.items())
        },
    }


def _told(verdict):
    target = str(verdict.target)
    match verdict:
        case Action():
            paths = [change.path for change in verdict.changes]
            words = f"{verdict.verb} {target}: {verdict.reason}"
            return f"{words} ({', '.join(paths)})" if paths else words
        case Advice():
            return f"advice on {target}: {verdict.reason}"
        case _:
            return f"{target} is held: {verdict.hold}"
