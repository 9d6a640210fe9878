"""Linux namespaces, where this machine allows them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

_ROOT = Path(__file__).parents[2]
SKIP = "HOKUSAI_NO_NAMESPACES"


def require_namespaces(*flags: str) -> None:
    """Skip the test where ``unshare`` with ``flags`` is not wanted or not allowed."""
    if os.environ.get(SKIP):
        pytest.skip(f"{SKIP} is set")
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("namespaces need root and util-linux")
    ran = subprocess.run(
        ("unshare", *flags, "true"), capture_output=True, text=True, check=False
    )
    if ran.returncode:
        pytest.skip(f"this machine allows no namespaces: {ran.stderr.strip()}")


@dataclass(frozen=True)
class LinkedNamespace:
    """A network namespace, joined to this one by a wire.

    Attributes:
        name: Name of the namespace.
        here: Address of this end of the wire.
        there: Address of the other end.
        network: Network of both.
    """

    name: str
    here: str
    there: str
    network: str

    def link(self, state: str) -> None:
        """Set the other end of the wire ``up`` or ``down``: no packet passes then."""
        ip("-n", self.name, "link", "set", "far", state)

    @contextmanager
    def running(
        self, program: str, *words: str, output: int | IO[bytes] = subprocess.PIPE
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run a Python program in the namespace until the block ends."""
        command = ("ip", "netns", "exec", self.name, sys.executable, "-c", program)
        environ = {**os.environ, "PYTHONPATH": str(_ROOT)}
        process = subprocess.Popen((*command, *words), env=environ, stdout=output)
        try:
            yield process
        finally:
            process.kill()
            process.wait(10)
            if process.stdout is not None:
                process.stdout.close()


@contextmanager
def linked_namespace(label: str, second: int) -> Iterator[LinkedNamespace]:
    """Yield a namespace; skip the test where this machine allows none.

    Args:
        label: One or two letters that differ between the namespaces of a test.
        second: Second number of the network, as in ``10.204.0.0/16``; the third one
            differs between processes.
    """
    require_namespaces("--net")
    if shutil.which("ip") is None:
        pytest.skip("`ip` was not found: install the distribution's `iproute2`")
    name, wire = f"hokusai-{os.getpid()}-{label}", f"hk{os.getpid() % 100_000}{label}"
    prefix = f"10.{second}.{os.getpid() % 250}"
    made = LinkedNamespace(name, f"{prefix}.1", f"{prefix}.2", f"{prefix}.0/24")
    try:
        ip("netns", "add", name)
        ip("link", "add", wire, "type", "veth", "peer", "name", "far", "netns", name)
        ip("addr", "add", f"{made.here}/24", "dev", wire)
        ip("link", "set", wire, "up")
        ip("-n", name, "addr", "add", f"{made.there}/24", "dev", "far")
        made.link("up")
        yield made
    finally:
        for words in (("link", "delete", wire), ("netns", "delete", name)):
            with suppress(subprocess.CalledProcessError):
                ip(*words)


def ip(*words: str) -> None:
    """Run the command ``ip``; raises CalledProcessError."""
    subprocess.run(("ip", *words), check=True, capture_output=True, text=True)
