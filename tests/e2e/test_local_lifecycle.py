"""How the local platform begins and ends."""

import signal
import socket
from pathlib import Path

import pytest

from tests.builders.local_process import LocalProcess


def processes_of(local: LocalProcess) -> list[str]:
    """Return the command lines that name this platform's folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(local.folder) in words:
            found.append(words)
    return found


@pytest.fixture
def local(tmp_path):
    return LocalProcess(tmp_path)


def test_once_converges_says_how_long_it_took_and_leaves_nothing_behind(local):
    local.start("--once")

    assert local.wait(within=120) == 0
    assert "Every resource is ready after" in local.log.read_text()
    assert processes_of(local) == []


def test_what_was_made_survives_a_restart_and_is_made_no_second_time(local):
    for _ in range(2):
        local.start("--once")
        assert local.wait(within=120) == 0

    lines = (local.state / "deliveries.jsonl").read_text().splitlines()
    assert len(lines) == 1


def test_a_signal_ends_all_that_was_started(local):
    local.start()
    local.converge(within=90)

    assert local.stop(signal.SIGTERM, within=40) == 0
    assert processes_of(local) == []
    assert not (local.state / "environment.json").exists()


def test_a_target_on_another_machine_is_refused(local):
    local.edit_overlay(local.receiver, "https://hokus.ai")

    local.start("--once")

    assert local.wait(within=30) == 2
    assert "is not this machine" in local.log.read_text()


def test_a_port_that_is_taken_is_told_with_what_to_do(local):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(local.receiver.rpartition(":")[2])))
        taken.listen()

        local.start("--once")

        assert local.wait(within=30) == 2
    told = local.log.read_text()
    assert "cannot listen on" in told
    assert "specs/environments/local.yaml" in told
