"""A new user: a fresh clone, an empty environment, and the README's first command."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.builders.local_process import RECEIVER, free_port
from tests.builders.waiting import eventually

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path):
    """Return a clone of what is committed; the receiver has a port of its own."""
    subprocess.run(
        ["git", "clone", "--quiet", str(ROOT), str(tmp_path / "clone")], check=True
    )
    overlay = tmp_path / "clone" / "specs" / "environments" / "local.yaml"
    port = f"http://127.0.0.1:{free_port()}"
    overlay.write_text(overlay.read_text().replace(RECEIVER, port))
    return tmp_path / "clone"


def test_make_run_sets_everything_up_and_converges(clone):
    kept = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR")
    environment = {k: v for k, v in os.environ.items() if k in kept or "PIP" in k}
    log = clone / "run.log"
    with log.open("wb") as output:
        running = subprocess.Popen(
            ["make", "run"],
            cwd=clone,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        # Installing everything takes minutes on a loaded machine.
        eventually(lambda: _is_up(log) or running.poll() is not None, within=1200)
        text = log.read_text()
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGINT)
        code = running.wait(timeout=120)

    assert "Press Ctrl-C to stop everything" in text, text[-2000:]
    assert "Every resource is ready after" in text
    # make itself reports the interrupt as an error.
    assert code in {0, 2, 130, -signal.SIGINT}


def _is_up(log: Path) -> bool:
    return "Press Ctrl-C to stop everything" in log.read_text()
