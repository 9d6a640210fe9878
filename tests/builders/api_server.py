"""`hokusai serve` in a process of its own, and commands that ask it."""

import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager

from controller.cli import main
from tests.builders.local_process import free_port

KEY = "made-up-key"
AWS = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@contextmanager
def serving(folder, *words, **variables):
    """Yield the URL of a `serve` in a process of its own."""
    port = free_port()
    command = (sys.executable, "-m", "controller", "serve", *words)
    environ = {
        **os.environ,
        "HOKUSAI_API_KEY": KEY,
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:1",
        "HOKUSAI_API_METRICS_HOST": "127.0.0.1",
        "HOKUSAI_API_METRICS_PORT": str(free_port()),
        **variables,
    }
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(
            (*command, "--host", "127.0.0.1", "--port", str(port)),
            cwd=folder,
            env=environ,
            stdout=log,
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        answering(url, process)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def answering(url, process):
    pause = threading.Event()
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/live", timeout=5).close()
        except urllib.error.URLError:
            pause.wait(0.05)
        else:
            return
    raise AssertionError


def printed(capsys, *words, status=0):
    capsys.readouterr()
    assert main([*words]) == status
    return capsys.readouterr().out
