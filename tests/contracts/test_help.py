"""The help of every command: complete, and no wider than the terminal."""

import pytest

from controller.cli.parser import full_parser, parse
from controller.cli.shell_completion import commands_of

COMMANDS = commands_of(full_parser())


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def help_of(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        parse([*words, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_the_main_help_lists_every_command(capsys):
    text = help_of(capsys)

    for name in COMMANDS:
        assert f"\n  {name} " in text


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_lists_its_options_and_exit_codes(name, capsys):
    text = help_of(capsys, name)

    assert COMMANDS[name].help.splitlines()[0] in text
    assert "exit codes:\n  0  " in text
    assert "\n  2  " in text
    for word in COMMANDS[name].parameters:
        for option in word.names:
            assert option in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_help_text(name):
    assert [word for word in COMMANDS[name].parameters if not word.help] == []
