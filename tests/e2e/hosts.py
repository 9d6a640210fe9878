"""Three hosts in one machine: network namespaces, each joined to the others by a wire.

``run`` and ``serve`` share a network, ``run`` and ``cli`` another, ``serve`` and
``cli`` a third; nobody forwards. What listens in one of them is not there for the
host that is not on it.
"""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SKIP = "HOKUSAI_NO_NAMESPACES"
NAMES = ("run", "serve", "cli")
# Each pair of hosts, and the first three numbers of its network.
WIRES = {
    ("run", "serve"): "10.203.1",
    ("run", "cli"): "10.203.2",
    ("serve", "cli"): "10.203.3",
}
_ASK = """
import sys, urllib.request
method, url, key = sys.argv[1:]
headers = {"Authorization": f"Bearer {key}"}
asked = urllib.request.Request(url, method=method, headers=headers)
print(urllib.request.urlopen(asked, timeout=10).read().decode())
"""


def missing() -> str:
    """Return what to install or do before namespaces can be made; "" if nothing."""
    if os.geteuid() != 0:
        return "network namespaces need root: run this test as root"
    if shutil.which("ip") is None:
        return "`ip` was not found: install the distribution's `iproute2`"
    return ""


@dataclass(frozen=True)
class Host:
    """One of the three.

    Attributes:
        name: As in ``NAMES``.
        namespace: What the kernel knows it by.
        folder: Its working directory; the document is there.
        variables: The environment of its processes, beside the machine's.
    """

    name: str
    namespace: str
    folder: Path
    variables: Mapping[str, str]

    @property
    def inside(self) -> tuple[str, ...]:
        """What to put before a command that runs on this host."""
        return ("ip", "netns", "exec", self.namespace)

    def hokusai(self, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            self._command(words),
            cwd=self.folder,
            env={**self.environ, **more},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def aws(self, *words: str) -> None:
        """Run the AWS CLI, as a person would to change something by hand."""
        program = str(Path(sys.executable).with_name("aws"))
        command = (*self.inside, program, "--region", "us-east-1", *words)
        subprocess.run(command, env=self.environ, capture_output=True, check=True)

    @contextlib.contextmanager
    def running(self, *words: str, **more: str) -> "Iterator[subprocess.Popen[bytes]]":
        """Run a command for as long as the block lasts."""
        with (self.folder / f"{words[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                self._command(words),
                cwd=self.folder,
                env={**self.environ, **more},
                stdout=log,
                stderr=log,
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=40)

    def ask(self, method: str, url: str, key: str) -> Any:
        """Send a request from this host; return the answer, or None if none came."""
        program = (sys.executable, "-c", _ASK, method, url, key)
        command = (*self.inside, *program)
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            return None
        try:
            return json.loads(ran.stdout)
        except ValueError:
            return ran.stdout

    @property
    def environ(self) -> dict[str, str]:
        """Return the environment of its processes."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "HOKUSAI_", "MLFLOW_"))
        }
        return {**kept, "PYTHONPATH": str(ROOT), **self.variables}

    def _command(self, words: tuple[str, ...]) -> tuple[str, ...]:
        return (*self.inside, sys.executable, "-m", "controller", *words)


def address(host: str, seen_from: str) -> str:
    """Return the address of ``host`` on the network it shares with another."""
    for wire, network in WIRES.items():
        if {host, seen_from} == set(wire):
            return f"{network}.{wire.index(host) + 1}"
    msg = f"{host} and {seen_from} share no network"
    raise ValueError(msg)


@contextlib.contextmanager
def namespaces() -> Iterator[dict[str, str]]:
    """Yield the namespace of each host; they and their wires are gone afterwards."""
    made = {name: f"hokusai-{os.getpid()}-{name}" for name in NAMES}
    try:
        for namespace in made.values():
            _ip("netns", "add", namespace)
            _ip("-n", namespace, "link", "set", "lo", "up")
        for number, (pair, network) in enumerate(WIRES.items()):
            _wire(number, [made[name] for name in pair], network)
        yield made
    finally:
        for namespace in made.values():
            with contextlib.suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", namespace)


def _wire(number: int, pair: list[str], network: str) -> None:
    """Join two namespaces by a pair of network devices, made inside of them."""
    ends = [f"wire{number}{side}" for side in "ab"]
    here, there = pair
    _ip(
        *("-n", here, "link", "add", ends[0], "type", "veth"),
        *("peer", "name", ends[1], "netns", there),
    )
    for namespace, device, host in zip(pair, ends, itertools.count(1), strict=False):
        _ip("-n", namespace, "addr", "add", f"{network}.{host}/24", "dev", device)
        _ip("-n", namespace, "link", "set", device, "up")


def _ip(*words: str) -> None:
    subprocess.run(("ip", *words), check=True, capture_output=True, text=True)
