"""Faults in the looks that are made before something is deployed."""

import pytest

from tests.faults.enumerate import singles
from tests.faults.player import played
from tests.faults.search import case_of, verdict

LOOKS = frozenset(
    {
        "ec2:DescribeSubnets",
        "iam:GetRole",
        "secretsmanager:DescribeSecret",
        "ssm:DescribeParameters",
    }
)


@pytest.mark.parametrize("name", ["everything from nothing", "image rollout"])
def test_no_fault_in_a_look_breaks_a_pass_or_deploys_blindly(name):
    case = case_of(name)
    looks = {call.index for call in case.trace if call.operation in LOOKS}
    plans = [plan for plan in singles(case.trace) if plan[0].at in looks]

    found = {plan: verdict(case, played(case, plan)) for plan in plans}

    assert plans
    assert not {plan: wrongs for plan, wrongs in found.items() if wrongs}
