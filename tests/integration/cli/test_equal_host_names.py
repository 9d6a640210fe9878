"""Two ``run`` with one host name and one pid, as in containers: one of them leads."""

import re
import signal
import sys

import pytest

from tests.builders.namespaces import require_namespaces
from tests.builders.waiting import eventually

# The names that Python sees in two containers with one host name.
SAME_NAMES = """
import os, socket, sys
socket.gethostname = lambda: "task"
os.getpid = lambda: 1
from controller.cli import main
sys.exit(main(["run"]))
"""
IN_NAMESPACE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
FREQUENT = "region: us-east-1\n  reconcile: {interval: 5s}\n"
LIFETIME = 15


def injected():
    return (sys.executable, "-c", SAME_NAMES)


def in_pid_namespaces():
    require_namespaces("--pid", "--fork", "--mount-proc")
    return (*IN_NAMESPACE, sys.executable, "-m", "controller", "run")


@pytest.mark.parametrize("command", [injected, in_pid_namespaces])
def test_one_of_two_processes_with_equal_names_leads(world, controllers, command):
    world.edit("region: us-east-1\n", FREQUENT)
    first = controllers("first", command=command()).start()
    eventually(first.leads, within=60)
    second = controllers("second", command=command()).start()
    eventually(lambda: "holds it" in second.probe("/ready")[1], within=60)

    for _ in range(3):
        first.await_pass()

    assert first.leads()
    assert not second.leads()
    assert second.passes() == 0
    assert re.search(r":1:[0-9a-f]{16} holds it", second.probe("/ready")[1])


def test_after_kill_9_another_process_waits_for_the_lifetime_of_the_lease(
    world, controllers
):
    first = controllers("first", command=injected()).start()
    eventually(first.leads, within=60)
    second = controllers("second", command=injected()).start()
    eventually(lambda: "holds it" in second.probe("/ready")[1], within=60)

    first.end(signal.SIGKILL)

    assert not second.leads()
    eventually(second.leads, within=2 * LIFETIME)
