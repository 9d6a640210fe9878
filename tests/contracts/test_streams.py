"""Whole processes: equal by either name, and true to whoever stops reading."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE = [sys.executable, "-m", "controller"]
SCRIPT = [str(Path(sys.executable).parent / "hokusai")]


def hokusai(command, *words):
    return subprocess.run(
        [*command, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("words", [["--version"], ["validate"], ["diff", "-o", "xml"]])
def test_the_module_and_the_script_are_one_program(words):
    module, script = hokusai(MODULE, *words), hokusai(SCRIPT, *words)

    assert (module.returncode, module.stdout, module.stderr) == (
        script.returncode,
        script.stdout,
        script.stderr,
    )


def test_a_reader_that_stops_changes_nothing_but_the_output():
    read, write = os.pipe()
    os.close(read)

    done = subprocess.run(
        [*MODULE, "schema"], cwd=ROOT, stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)

    assert (done.returncode, done.stderr) == (0, b"")


def test_a_mistake_is_told_on_stderr_and_stdout_stays_empty(tmp_path):
    done = hokusai(MODULE, "diff", "-f", str(tmp_path / "none.yaml"))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("does not exist; select a document with -f FILE\n")


def test_programs_get_mistakes_as_data(tmp_path):
    document = tmp_path / "hokusai.yaml"
    document.write_text("nonsense: 1\n")

    done = hokusai(MODULE, "validate", "-o", "json", "-f", str(document))

    assert done.returncode == 2
    assert '"valid": false' in done.stdout
