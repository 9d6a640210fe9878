"""Suggested commands select the platform of the command that prints them."""

from argparse import Namespace

import pytest

from controller.cli.next_command import with_options_in, with_platform_options
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


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "To send again: hokusai retry webhook/site --reason TEXT",
            "To send again: hokusai retry webhook/site --reason TEXT -e local --state s",
        ),
        (
            "To approve it, run `hokusai approve model/a 3`. Then wait.",
            "To approve it, run `hokusai approve model/a 3 -e local --state s`. Then wait.",
        ),
        ("hokusai-site is not ready.", "hokusai-site is not ready."),
        ("To see it: aws ecs list-clusters", "To see it: aws ecs list-clusters"),
    ],
)
def test_a_command_in_a_message_runs_on_the_same_platform(message, expected):
    args = Namespace(environment="local", file="hokusai.yaml", state="s")

    assert with_options_in(message, args) == expected


def test_without_options_a_message_is_unchanged():
    args = Namespace(environment=None, file="hokusai.yaml", state=None)

    assert with_options_in("Run: hokusai status", args) == "Run: hokusai status"
