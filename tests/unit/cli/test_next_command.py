"""Suggested commands select the platform of the command that prints them."""

from argparse import Namespace

import pytest

from controller.cli.next_command import with_platform_options
from controller.core.document.resource import ResourceId
from controller.core.resources.plan import Advice, Plan, Reason

API = ResourceId("service", "api")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("hokusai approve model/a 3", "hokusai approve model/a 3 -e local --state s"),
        ("aws ecs list-clusters", "aws ecs list-clusters"),
        ("aws x\nhokusai apply", "aws x\nhokusai apply -e local --state s"),
        ("", ""),
    ],
)
def test_advice_runs_on_the_same_platform(command, expected):
    advice = Advice(API, Reason.DRIFTED, "It differs.", command=command)
    args = Namespace(environment="local", file="hokusai.yaml", state="s")

    plan = with_platform_options(Plan((), (advice,), ()), args)

    (found,) = plan.advice
    assert (found.command, found.message) == (expected, "It differs.")
