"""How many attempts it takes to converge where most calls are refused or fail."""

import subprocess

import pytest

from tests.fakes.stage import stage
from tests.load import services
from tests.load.hokusai import Hokusai
from tests.load.services import Emulator, spent

pytestmark = pytest.mark.load
FEW, LOST, TIMES = 20, 0.3, 100_000


def test_it_converges_at_a_call_a_second_with_three_in_ten_failing(tmp_path, figures):
    file = services.write(tmp_path / "few", FEW)
    with stage(tmp_path, file, "development") as variables:
        needed = attempts(file, variables, "needed")
    with stage(tmp_path / "few", file, "development") as variables:
        emulator = Emulator(variables)
        emulator.tell("settings", {"throttling": 1.0})
        fault = {"call": "*", "fault": "5xx", "share": LOST, "seed": 7}
        emulator.tell("faults", {**fault, "times": TIMES})
        taken = attempts(file, variables, "taken")
        lost = emulator.struck(TIMES)

    # Of two hundred calls, some more or fewer than the share may be hit.
    allowed = 1.1 * needed / (1 - lost)
    what = f"attempts to make {FEW} services at 1 call/s, {lost:.0%} failing"
    figures.note(what, taken, allowed, "calls")


def attempts(file, variables, store):
    """Make the services, and return how often ECS was asked."""
    emulator = Emulator(variables)
    before = emulator.calls()
    hokusai = Hokusai(file, variables)
    hokusai.environ["HOKUSAI_STORE_URL"] = f"sqlite:///{file.parent}/{store}.db"
    command = hokusai.command("apply", "--yes", "--timeout", "400")
    ran = subprocess.run(
        command, env=hokusai.environ, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return spent(before, emulator.calls())
