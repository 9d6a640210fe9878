"""What the exit status of each command says; the same words stand in its help."""

from collections.abc import Mapping
from enum import IntEnum

from controller.core.explanation import Likeness, Told
from controller.core.plan import Plan
from controller.core.preflight import Finding, Results, unseen
from controller.core.resource import ResourceId


class Exit(IntEnum):
    """The three answers a program can branch on."""

    OK = 0
    DIFFERENT = 1
    FAILED = 2


DIFF = """\
exit status:
  0  everything was seen and nothing is to be done; apply would write nothing
  1  something differs, is held back, or is left to a person
  2  something could not be seen, or no plan is possible (2 beats 1)"""

APPLY = """\
exit status:
  0  everything is as declared
  1  something failed, is blocked, or is left to a person
  2  not started: invalid document, wrong account, somebody else has the lease,
     nobody agreed, or what a saved plan rests on has moved
  130  interrupted: nothing further was begun; run it again to go on"""

PREFLIGHT = """\
exit status:
  0  nothing was found
  1  something is not as it must be; each finding comes with a command
  2  something could not be looked at (2 beats 1)"""

BY_HAND = """\
exit status:
  0  done, and the service does well
  1  done, and the service does not do well, or not yet
  2  not done: refused, nobody agreed, or somebody else has the lease
  130  interrupted: what was begun goes on by itself"""

LOGS = """\
exit status:
  0  everything that was written in that time was read, even if it was nothing
  2  not read; the message says why
  130  interrupted, as --follow is unless whoever reads it goes away"""

IMPORT = """\
exit status:
  0  the entries say all there is: applying them changes only whose it is
  1  something is left to a person; stderr says what
  2  not done; the message says why"""

STATUS = """\
exit status:
  0  everything is ready
  1  something is not ready
  2  nothing is known: no pass was ever recorded, or the store cannot be read"""

PLAIN = """\
exit status:
  0  done
  2  not done; the message says why"""


COMPLETION = f"""\
add to ~/.bashrc, ~/.zshrc or ~/.config/fish/config.fish:
  eval "$(hokusai completion bash)"
  eval "$(hokusai completion zsh)"
  hokusai completion fish | source
with `addresses` it prints the addresses that are declared, one a line.

{PLAIN}"""


def of_results(results: Results) -> Exit:
    """Return what ``preflight`` answers: not seeing beats finding."""
    found = [result for of_one in results.values() for result in of_one]
    if unseen(found):
        return Exit.FAILED
    wrong = any(isinstance(result, Finding) for result in found)
    return Exit.DIFFERENT if wrong else Exit.OK


def of_plan(plan: Plan) -> Exit:
    """Return what ``diff`` answers for ``plan``: not seeing beats differing."""
    if not plan.complete:
        return Exit.FAILED
    return Exit.OK if plan.in_sync else Exit.DIFFERENT


def of_explanations(told: Mapping[ResourceId, Told]) -> Exit:
    """Return what ``diff --explain`` answers, of what it speaks of alone."""
    if any(isinstance(found, str) for found in told.values()):
        return Exit.FAILED
    every = [
        one for found in told.values() for one in found if not isinstance(one, str)
    ]
    differs = any(one.likeness is Likeness.DIFFERS for one in every)
    return Exit.DIFFERENT if differs else Exit.OK
