"""The help of every command: all there is to know, and no wider than a terminal."""

import pytest

from controller.cli.arguments import parse, parser
from controller.cli.shell_completion import verbs_of

VERBS = verbs_of(parser())


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def help_of(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        parse([*words, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_the_first_help_names_every_command(capsys):
    told = help_of(capsys)

    for name in VERBS:
        assert f"\n    {name}" in told


@pytest.mark.parametrize("name", VERBS)
def test_a_command_tells_its_options_and_its_exit_statuses(name, capsys):
    told = help_of(capsys, name)

    assert VERBS[name].help.splitlines()[0] in told
    assert "exit status:\n  0  " in told
    assert "\n  2  " in told
    for word in VERBS[name].words:
        for option in word.names:
            assert option in told
    assert max(map(len, told.splitlines())) <= 80


@pytest.mark.parametrize("name", VERBS)
def test_every_option_says_what_it_is_for(name):
    assert [word for word in VERBS[name].words if not word.help] == []
