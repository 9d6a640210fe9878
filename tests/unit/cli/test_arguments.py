"""What the words on the command line become."""

import pytest

from controller.cli.arguments import parse

VERBS = (
    "validate",
    "explain",
    "diff",
    "apply",
    "run",
    "status",
    "events",
    "why",
    "schema",
    "local",
    "serve",
    "completion",
)


@pytest.mark.parametrize("verb", VERBS)
def test_every_help_tells_the_exit_statuses(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        parse([verb, "--help"])

    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert "exit status:\n  0  " in told
    assert "\n  2  " in told


@pytest.mark.parametrize("verb", ["validate", "diff", "apply", "run", "status"])
def test_a_document_and_an_environment_may_be_named_wherever_one_is_read(verb):
    args = parse([verb, "-f", "other.yaml", "-e", "staging"])

    assert (str(args.file), args.environment) == ("other.yaml", "staging")


def test_without_f_it_is_the_document_beside_us():
    assert str(parse(["diff"]).file) == "hokusai.yaml"


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param([], id="nothing"),
        pytest.param(["destroy"], id="no command"),
        pytest.param(["diff", "--yes"], id="no option"),
        pytest.param(["diff", "-o", "xml"], id="no format"),
        pytest.param(["diff", "-e", "moon"], id="no environment"),
    ],
)
def test_what_makes_no_sense_ends_with_two_and_a_usage_line(argv, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(argv)

    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: hokusai")


def test_the_version_is_the_packages(capsys):
    with pytest.raises(SystemExit) as ended:
        parse(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out.strip().count(".") == 2


def test_parsing_imports_no_command(monkeypatch):
    monkeypatch.setattr("controller.cli.verb.import_module", None)

    assert parse(["diff", "service/api"]).targets == ["service/api"]
