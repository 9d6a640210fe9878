"""The local platform as a user starts it, for tests that look at the world."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.builders.waiting import eventually

ROOT = Path(__file__).parents[2]
RECEIVER = "http://127.0.0.1:8088"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(url: str, key: str = ""):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


class LocalProcess:
    """``hokusai local`` on a copy of the repository's own document."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.file = folder / "hokusai.yaml"
        self.state = folder / ".hokusai" / "local"
        self.receiver = f"http://127.0.0.1:{free_port()}"
        shutil.copy(ROOT / "hokusai.yaml", self.file)
        shutil.copytree(ROOT / "specs", folder / "specs")
        self.edit_overlay(RECEIVER, self.receiver)
        self.log = folder / "local.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def overlay(self) -> Path:
        return self.folder / "specs" / "environments" / "local.yaml"

    def edit_overlay(self, old: str, new: str) -> None:
        """Edit the local overlay as a person would: one text by another."""
        text = self.overlay.read_text()
        assert old in text
        self.overlay.write_text(text.replace(old, new, 1))

    def start(self, *more: str) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "controller", "local", *more),
                    *("-f", str(self.file), "--state", str(self.state)),
                ],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONUNBUFFERED": "1"}

    def wait(self, within: float) -> int:
        assert self._process is not None
        return self._process.wait(timeout=within)

    def stop(self, number=signal.SIGINT, within: float = 40) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self.wait(within)

    def hokusai(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the copied document, as in another terminal."""
        return subprocess.run(
            [
                *(sys.executable, "-m", "controller", *words),
                *("-f", str(self.file), "-e", "local"),
            ],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def variables(self) -> dict[str, str]:
        text = (self.state / "environment.json").read_text()
        found: dict[str, str] = json.loads(text)
        return found

    def aws(self, *words: str):
        """Run the AWS CLI against the platform and return what it answers."""
        ran = subprocess.run(
            [str(Path(sys.executable).with_name("aws")), "--output", "json", *words],
            env={**self.environment, **self.variables()},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout) if ran.stdout.strip() else None

    def ready(self) -> bool:
        """Whether everything declared is ready, by the controller's own word."""
        ran = self.hokusai("status", "-o", "json")
        return ran.returncode == 0 and self.hokusai("diff").returncode == 0

    def converge(self, within: float = 60) -> None:
        eventually(self.ready, within=within, every=1.0)

    def condition(self, resource: str, type_: str = "Ready"):
        """Return one condition of one resource, as ``status`` tells it."""
        data = json.loads(self.hokusai("status", "-o", "json").stdout)
        by_name = {entry["resource"]: entry for entry in data["resources"]}
        conditions = by_name[resource]["conditions"]
        return next(c for c in conditions if c["type"] == type_)

    def tasks(self, service: str):
        """Return the running tasks of a service, as the emulator knows them."""
        url = f"{self.variables()['AWS_ENDPOINT_URL']}/_emulator/state"
        cluster = get(url)["clusters"]["hokusai-local"]
        return [
            task
            for task in cluster["tasks"]
            if task["group"] == f"service:{service}" and task["status"] == "RUNNING"
        ]

    def deliveries(self):
        return get(f"{self.receiver}/deliveries")

    def controllers(self) -> set[int]:
        """Return the processes that run ``controller run`` for this platform."""
        words = re.escape(str(self.file))
        pattern = re.compile(rf"controller\0run\0-f\0{words}\0")
        found = set()
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = entry.read_bytes().decode(errors="replace")
            except OSError:
                continue
            if pattern.search(line) and "confine" not in line:
                found.add(int(entry.parent.name))
        return found

    def controller_pid(self) -> int:
        """Return the one process that reconciles this platform."""
        (pid,) = eventually(self.controllers, within=20)
        return int(pid)
