"""A real controller that has found nothing to do for a while, and its memory."""

import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.builders.local_process import free_port
from tests.builders.waiting import eventually
from tests.load.hokusai import Hokusai

KIB = 1024
_PASSES = re.compile(r'^reconcile_total\{outcome="\w+"\} (\d+)', re.MULTILINE)


@contextmanager
def resting(hokusai: Hokusai, passes: int = 4) -> Iterator[int]:
    """Yield the process of a ``run`` that has completed some passes."""
    port = str(free_port())
    probe = {"HOKUSAI_PROBE_HOST": "127.0.0.1", "HOKUSAI_PROBE_PORT": port}
    log = hokusai.file.with_suffix(".log")
    with log.open("ab") as output:
        process = subprocess.Popen(
            hokusai.command("run"),
            env={**hokusai.environ, **probe},
            stdout=output,
            stderr=output,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: _passes(url, process, log) >= passes, within=90)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def memory_of(pid: int, line: str = "Pss") -> float:
    """Return the bytes that a process holds, shared pages divided by their users."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(rf"^{line}:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) * KIB


def _passes(url: str, process: "subprocess.Popen[bytes]", log: Path) -> int:
    """Ask for a pass, and return how many there were."""
    assert process.poll() is None, log.read_text()[-2000:]
    wish = urllib.request.Request(f"{url}/reconcile", method="POST")
    try:
        urllib.request.urlopen(wish, timeout=2).close()
        with urllib.request.urlopen(f"{url}/metrics", timeout=2) as answer:
            text = answer.read().decode()
    except OSError:
        return 0
    return sum(int(float(number)) for number in _PASSES.findall(text))
