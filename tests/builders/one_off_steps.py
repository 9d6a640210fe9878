"""Steps before a rollout and the tasks that execute them."""

from datetime import timedelta

from controller.emulation.runtimes.scripted import Script
from tests.builders.reconcile_loop import PLATFORM

MIGRATE = ({"name": "migrate", "command": ["alembic", "upgrade", "head"]},)


def finishes(code):
    """Return how a one-off task of an image ends."""
    return Script(exits_after=timedelta(seconds=5), exit_code=code)


def one_off_tasks(world):
    tasks = world.server.simulator.world.clusters[PLATFORM.cluster].tasks.values()
    return [task for task in tasks if task.service is None]
