"""Output of the commands for a stalled rollout."""

from datetime import timedelta

import pytest

from controller.cli import main
from controller.emulation.runtimes.scripted import Script


@pytest.fixture
def stuck(world):
    """Return a world in which a new image of one service never starts."""
    assert main(["apply", "--yes", "--timeout", "60"]) == 0
    world.runtime.scripts["web:2"] = Script(starts_after=timedelta(days=1))
    world.edit(
        '  api:\n    image: "web:1"\n',
        '  api:\n    image: "web:2"\n    deployment: {progress_deadline: 2s}\n',
    )
    return world


def test_apply_ends_when_a_rollout_stalls_and_every_command_reports_it(stuck, capsys):
    assert main(["apply", "--yes", "--timeout", "60"]) == 1
    applied = capsys.readouterr()

    assert main(["why", "service/api"]) == 1
    first, *_, next_, command = capsys.readouterr().out.splitlines()
    assert main(["status"]) == 1
    status = capsys.readouterr().out

    assert "no progress within" in applied.out + applied.err
    assert first.startswith(
        "service/api is not ready: RolloutStalled: Rolling out t-api-"
    )
    assert next_.startswith("  next: Change its declaration or roll it back")
    assert command == "  run: hokusai status service/api"
    assert "Stalled" in status
    assert ": 0 running, 1 desired" in status
