"""The argument parser."""

import sys

import pytest

from controller.cli.parser import command_modules, parse

COMMANDS = command_modules()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_lists_the_exit_codes(command, capsys):
    with pytest.raises(SystemExit) as ended:
        parse([command, "--help"])

    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert "exit codes:\n  0  " in text
    assert "\n  2  " in text


@pytest.mark.parametrize("command", ["validate", "diff", "apply", "run", "status"])
def test_the_document_and_the_environment_are_options(command):
    args = parse([command, "-f", "other.yaml", "-e", "staging"])

    assert (str(args.file), args.environment) == ("other.yaml", "staging")


def test_the_default_document_is_in_the_working_directory():
    assert str(parse(["diff"]).file) == "hokusai.yaml"


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param([], id="no command"),
        pytest.param(["destroy"], id="unknown command"),
        pytest.param(["diff", "--yes"], id="unknown option"),
        pytest.param(["diff", "-o", "xml"], id="unknown format"),
        pytest.param(["diff", "-e", "moon"], id="unknown environment"),
    ],
)
def test_an_invalid_command_line_ends_with_two_and_a_usage_line(argv, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(argv)

    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: hokusai")


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as ended:
        parse(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out.strip().count(".") == 2


def test_parsing_imports_only_the_chosen_command(monkeypatch):
    for module in COMMANDS.values():
        monkeypatch.delitem(sys.modules, module, raising=False)

    assert parse(["diff", "service/api"]).targets == ["service/api"]
    assert {*COMMANDS.values()} & {*sys.modules} == {COMMANDS["diff"]}


def test_a_long_command_line_wraps_under_the_meaning_of_an_exit_code(
    capsys, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "60")
    with pytest.raises(SystemExit):
        parse(["apply", "--help"])

    text = capsys.readouterr().out
    assert "\n  2  not started: " in text
    assert "\n     controller holds the lease" in text


@pytest.mark.parametrize(
    "argv",
    [
        ["deliveries", "show", "3"],
        ["deliveries", "retry", "3", "4"],
        ["audit", "list", "service/api"],
        ["webhooks", "test", "site"],
        ["dns", "pin", "a.example", "10.0.0.1"],
        ["status", "service/api", "webhook/site"],
        ["history", "service/api"],
        ["logs", "service/api"],
        ["why", "webhook/site"],
        ["restart", "service/api", "--reason=x"],
        ["rollback", "service/api", "--reason=x"],
        ["import", "service", "api"],
    ],
    ids=lambda argv: argv[0],
)
def test_options_may_come_in_any_order(argv):
    option = ["-f", "other.yaml"]

    last = vars(parse([*argv, *option]))

    for place in range(1, len(argv)):
        assert vars(parse([*argv[:place], *option, *argv[place:]])) == last
