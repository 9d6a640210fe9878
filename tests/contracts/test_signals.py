"""Tests pass in a background job too, which ignores SIGINT."""

import os
import signal
import subprocess
import sys

ASK = "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
CHILD = f"{__file__}::test_a_child_can_be_interrupted"


def ignore():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def test_a_child_can_be_interrupted():
    asked = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, check=False
    )

    assert asked.stdout == "False\n"


def test_a_child_can_be_interrupted_where_tests_run_in_the_background():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", CHILD]

    ran = subprocess.run(
        command,
        capture_output=True,
        text=True,
        preexec_fn=ignore,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=False,
    )

    assert ran.returncode == 0, ran.stdout
