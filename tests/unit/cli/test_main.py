"""What becomes of an error at the edge of the program."""

import pytest

from controller.cli import main
from controller.core.errors import Diagnostic, RefusedError, SourcePosition, SpecError


@pytest.fixture
def failing(monkeypatch):
    """Return a function that makes ``schema`` raise what it is given."""

    def install(error):
        def run(args):
            raise error

        monkeypatch.setattr("controller.cli.commands.schema.run", run)

    return install


@pytest.mark.parametrize(
    ("error", "told"),
    [
        pytest.param(
            SpecError(
                Diagnostic(SourcePosition("a.yaml", 3, 5), "x.y", "is odd", "mend it")
            ),
            "a.yaml:3:5: x.y: is odd; mend it",
            id="a mistake in the document",
        ),
        pytest.param(RefusedError("wrong account"), "wrong account", id="a refusal"),
        pytest.param(
            KeyError("port"),
            "hokusai failed unexpectedly: KeyError: 'port';"
            " HOKUSAI_LOG_LEVEL=DEBUG says more.",
            id="a mistake of ours",
        ),
    ],
)
def test_an_error_is_one_line_on_stderr_and_exit_two(failing, capsys, error, told):
    failing(error)

    status = main(["schema"])

    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert captured.err == f"{told}\n"


def test_no_error_shows_a_password(failing, capsys):
    failing(RefusedError("no answer from postgresql://hokusai:hunter22@db/x"))

    main(["schema"])

    assert "hunter22" not in capsys.readouterr().err


def test_ctrl_c_is_130(failing):
    failing(KeyboardInterrupt())

    assert main(["schema"]) == 130


def test_a_mistake_of_ours_shows_where_when_asked(failing, capsys, monkeypatch):
    monkeypatch.setenv("HOKUSAI_LOG_LEVEL", "DEBUG")
    failing(KeyError("port"))

    assert main(["schema"]) == 2
    assert "Traceback" in capsys.readouterr().err
