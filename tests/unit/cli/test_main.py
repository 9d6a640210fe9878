"""Errors at the edge of the program."""

import pytest

from controller.cli import main
from controller.core.errors import Diagnostic, RefusedError, SourcePosition, SpecError


@pytest.fixture
def failing(monkeypatch):
    """Return a function that makes ``schema`` raise an error."""

    def install(error):
        def run(args):
            raise error

        monkeypatch.setattr("controller.cli.commands.schema.run", run)

    return install


@pytest.mark.parametrize(
    ("error", "message"),
    [
        pytest.param(
            SpecError(
                Diagnostic(SourcePosition("a.yaml", 3, 5), "x.y", "is odd", "fix it")
            ),
            "a.yaml:3:5: x.y: is odd; fix it",
            id="a mistake in the document",
        ),
        pytest.param(RefusedError("wrong account"), "wrong account", id="a refusal"),
        pytest.param(
            KeyError("port"),
            "internal error: KeyError: 'port';"
            " set HOKUSAI_LOG_LEVEL=DEBUG for the traceback",
            id="an internal error",
        ),
    ],
)
def test_an_error_is_one_line_on_stderr_and_exit_code_two(
    failing, capsys, error, message
):
    failing(error)

    status = main(["schema"])

    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert captured.err == f"{message}\n"


def test_no_error_shows_a_password(failing, capsys):
    failing(RefusedError("no answer from postgresql://hokusai:hunter22@db/x"))

    main(["schema"])

    assert "hunter22" not in capsys.readouterr().err


def test_ctrl_c_is_130(failing):
    failing(KeyboardInterrupt())

    assert main(["schema"]) == 130


def test_an_internal_error_shows_its_traceback_with_debug(failing, capsys, monkeypatch):
    monkeypatch.setenv("HOKUSAI_LOG_LEVEL", "DEBUG")
    failing(KeyError("port"))

    assert main(["schema"]) == 2
    assert "Traceback" in capsys.readouterr().err
