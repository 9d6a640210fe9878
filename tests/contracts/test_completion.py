"""Completion in a real bash, with the program as it is installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from controller.cli.parser import full_parser
from controller.cli.shell_completion import commands_of, script

ROOT = Path(__file__).resolve().parents[2]
BASH = shutil.which("bash") or "bash"


def completed(line, tmp_path):
    """Return the words that bash offers at the end of ``line``, in the repository."""
    file = tmp_path / "completion.bash"
    file.write_text(script("bash", full_parser()))
    last = "''" if line.endswith(" ") else ""
    program = (
        f". {file}\nCOMP_WORDS=({line} {last})\n"
        'COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_hokusai\necho "${COMPREPLY[*]}"\n'
    )
    binaries = Path(sys.executable).parent
    done = subprocess.run(
        [BASH, "--norc", "-euc", program],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        pytest.param("hokusai exp", ["explain"], id="a command"),
        pytest.param("hokusai diff --with", ["--without-store"], id="an option"),
        pytest.param("hokusai diff -o j", ["json"], id="a choice"),
        pytest.param("hokusai diff -f hokusai.y", ["hokusai.yaml"], id="a file"),
        pytest.param("hokusai status service/", None, id="addresses"),
        pytest.param("hokusai completion f", ["fish"], id="an argument's choice"),
        pytest.param("hokusai apply --timeout 9", [], id="a number"),
    ],
)
def test_bash_completes(line, offered, tmp_path):
    found = completed(line, tmp_path)

    assert found == (offered or ["service/api", "service/mlflow"] * (offered is None))


def test_bash_completes_the_addresses_of_the_selected_environment(tmp_path):
    found = completed("hokusai diff -e local endpoint/", tmp_path)

    assert found == ["endpoint/api", "endpoint/mlflow"]


def test_bash_offers_every_option_and_address_after_a_command(tmp_path):
    found = completed("hokusai why ", tmp_path)

    assert {"--help", "-o", "service/api", "webhook/site"} <= set(found)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_knows_every_command_and_option(shell):
    text = script(shell, full_parser())

    for name, command in commands_of(full_parser()).items():
        assert name in text
        for parameter in command.parameters:
            for option in parameter.names:
                assert option.lstrip("-") in text


def test_the_bash_script_is_valid_bash(tmp_path):
    file = tmp_path / "completion.bash"
    file.write_text(script("bash", full_parser()))

    done = subprocess.run([BASH, "-n", file], capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")
