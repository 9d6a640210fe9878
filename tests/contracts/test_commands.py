"""A command is one file in ``controller/cli/commands``, named after the word typed."""

import inspect
import json
import subprocess
import sys
from importlib import import_module
from keyword import iskeyword
from pathlib import Path

import pytest

from controller.cli import commands
from controller.cli.commands import Group
from controller.cli.parser import command_modules, full_parser, parse
from controller.cli.shell_completion import commands_of

FOLDER = Path(commands.__path__[0])
FILES = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem != "__init__")
MODULES = command_modules()
NEW = '''\
"""The ``ping`` command."""

from controller.cli.commands import Group

SUMMARY = "Print pong."
GROUP = Group.INSPECT
EXIT_CODES = {0: "printed"}


def arguments(parser):
    """Add no arguments."""


def run(args):
    """Print pong."""
    return 0
'''


def test_every_file_is_a_command_and_every_command_is_a_file():
    typed = commands_of(full_parser())

    assert [word + "_" * iskeyword(word) for word in sorted(typed)] == FILES
    assert {path.name for path in FOLDER.iterdir()} - {"__pycache__"} == {
        "__init__.py",
        *(f"{file}.py" for file in FILES),
    }


@pytest.mark.parametrize("word", MODULES)
def test_a_command_defines_its_help_its_arguments_and_its_run(word):
    command = import_module(MODULES[word])

    assert isinstance(command.SUMMARY, str)
    assert "\n" not in command.SUMMARY
    assert command.SUMMARY.endswith(".")
    assert isinstance(command.GROUP, Group)
    assert {0} < {*command.EXIT_CODES} <= {0, 1, 2, 130}
    assert [*inspect.signature(command.arguments).parameters] == ["parser"]
    assert [*inspect.signature(command.run).parameters] == ["args"]


def test_a_new_command_is_one_new_file(tmp_path, monkeypatch, capsys):
    (tmp_path / "ping.py").write_text(NEW)
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])

    args = parse(["ping"])
    with pytest.raises(SystemExit):
        parse(["--help"])

    assert args.run(args) == 0
    assert "  ping        Print pong.\n" in capsys.readouterr().out
    monkeypatch.delitem(sys.modules, MODULES.get("ping", f"{commands.__name__}.ping"))


def test_help_imports_no_work():
    program = (
        "import json, sys\n"
        "from controller.cli.parser import full_parser\n"
        "full_parser()\n"
        "print(json.dumps([*sys.modules]))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    held = json.loads(ran.stdout)
    ours = {name for name in held if name.startswith("controller.")}

    assert not {"pydantic", "yaml", "asyncio"} & {*held}
    assert {name for name in ours if not name.startswith("controller.cli")} <= {
        "controller.core",
        "controller.core.document",
        "controller.core.document.freeze",
        "controller.core.document.platform",
        "controller.core.document.resource",
    }
    assert not {name for name in ours if name.startswith("controller.cli.views")}
