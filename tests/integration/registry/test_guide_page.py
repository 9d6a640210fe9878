"""The quick start of the guide, from training to the webhook."""

import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from controller.emulation.mlflow import MlflowServer
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer

ROOT = Path(__file__).parents[3]
DOCUMENT = """\
apiVersion: hokusai.ai/v1
platform: {{name: t, environment: local, account: "123456789012", region: us-east-1}}
webhooks:
  site:
    url: http://127.0.0.1:{port}/hook
    announce: all
    secrets: [{{env: SITE_SECRET}}]
"""


class Receiver(ThreadingHTTPServer):
    """A webhook receiver that keeps what it gets."""

    daemon_threads = True

    def __init__(self):
        self.received = []
        super().__init__(("127.0.0.1", 0), Hook)


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.received.append(json.loads(body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Log nothing."""


@pytest.fixture
def receiver():
    with Receiver() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def test_the_quick_start_ends_with_a_webhook(tmp_path, receiver):
    page = (ROOT / "specs" / "guide" / "models.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "hokusai.yaml").write_text(DOCUMENT.format(port=receiver.server_port))
    with (
        MlflowServer(tmp_path / "mlflow") as mlflow,
        EmulatorServer(runtime=ScriptedRuntime()) as aws,
    ):
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "MLFLOW_TRACKING_URI": mlflow.url,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "ENVIRONMENT": "local",
            "SITE_SECRET": "whsec_c2VjcmV0c2VjcmV0c2VjcmV0",
            "HOKUSAI_STORE_URL": f"sqlite:///{tmp_path}/store.db",
        }
        trained = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert trained.returncode == 0, trained.stderr
        assert trained.stdout.splitlines()[-1].startswith("Lead Scoring/1 ")
        applied = subprocess.run(
            [sys.executable, "-m", "controller", "apply", "--yes"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert applied.returncode == 0, applied.stdout + applied.stderr
    (event,) = receiver.received
    assert event["event_type"] == "model.registered"
    assert (event["model_id"], event["token_symbol"]) == ("lead-scoring", "LSCOR")
    assert event["baseline_metrics"] == {"accuracy": 0.65}
    assert event["metadata"]["mlflow_run_id"]
