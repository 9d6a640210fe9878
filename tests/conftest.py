"""Rules for all tests: child processes, and the folders that count as coverage."""

import os
import signal
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# Tests that search, prove or drive whole programs: they execute far more code than
# they check, and tracing it doubles their time. Coverage is that of the other folders.
UNMEASURED = {"contracts", "e2e", "faults", "incidents", "laws"}
TRACED = "COVERAGE_PROCESS_CONFIG"


def _nothing(*_):
    """Do nothing: as long as SIGINT was ignored, this process goes on ignoring it."""


# A job that a script starts with `&` ignores SIGINT, and so do all its children; a
# handled signal, unlike an ignored one, is back at its default in a new program.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, _nothing)

# The test runner gives its processes the width of a terminal; a command has the width
# that its test states, and with none the output of a file: lines are not wrapped.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)

# A child that may not write byte code compiles the AWS SDK each time: more than half
# of what a command costs. It writes to a folder of its own, outside the sources.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    cache = Path(tempfile.gettempdir(), f"hokusai-tests-bytecode-{os.getuid()}")
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(cache))


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Use two processes for plain ``pytest``; with paths or options it is as usual."""
    if hasattr(config, "workerinput") or "PYTEST_XDIST_WORKER" in os.environ:
        return
    options = config.option
    is_plain = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    is_chosen = getattr(options, "numprocesses", 0) is not None
    if is_plain and not is_chosen and not (options.usepdb or options.collectonly):
        options.numprocesses, options.dist = 2, "worksteal"


def pytest_collection_modifyitems(items):
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in UNMEASURED or item.get_closest_marker("proof"):
            item.add_marker("no_cover")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Keep coverage out of the processes that an unmeasured test starts."""
    if item.get_closest_marker("no_cover") is None or TRACED not in os.environ:
        return (yield)
    kept = os.environ.pop(TRACED)
    try:
        return (yield)
    finally:
        os.environ[TRACED] = kept
