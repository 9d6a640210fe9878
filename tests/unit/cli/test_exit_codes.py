"""Exit codes of ``diff``: unknown takes precedence over different."""

import pytest

from controller.cli.exit_codes import Exit, of_plan
from controller.core.resources.plan import Plan
from tests.builders.plans import ADVICE, ROLLOUT, UNKNOWN, UPDATE


@pytest.mark.parametrize(
    ("plan", "status"),
    [
        pytest.param(Plan(), Exit.OK, id="nothing"),
        pytest.param(Plan(actions=(UPDATE,)), Exit.DIFFERENT, id="an action"),
        pytest.param(Plan(advice=(ADVICE,)), Exit.DIFFERENT, id="advice"),
        pytest.param(Plan(blocked=(ROLLOUT,)), Exit.DIFFERENT, id="a rollout"),
        pytest.param(Plan(blocked=(UNKNOWN,)), Exit.FAILED, id="unknown"),
        pytest.param(
            Plan((UPDATE,), (ADVICE,), (ROLLOUT, UNKNOWN)), Exit.FAILED, id="all of it"
        ),
    ],
)
def test_the_exit_code_follows_the_plan(plan, status):
    assert of_plan(plan) is status
