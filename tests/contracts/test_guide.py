"""The README and the guide say what is true: their commands are run."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from controller.cli.arguments import parse
from controller.kinds.service.preflight import checks
from controller.settings import reference

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "specs" / "guide").glob("*.md"))]
BY_HAND = "tests/integration/cli/test_interventions.py"
# These set up, or run for ever; the tests named beside them run them.
ELSEWHERE = {
    "make run": "tests/e2e/test_fresh_clone.py",
    "make test": ".ci/run",
    "make check": ".ci/run",
    ".venv/bin/hokusai status -e local": "tests/e2e/test_local_platform.py",
    ".venv/bin/hokusai diff -e local": "tests/e2e/test_local_platform.py",
    ".venv/bin/hokusai history service/api -e local": BY_HAND,
    ".venv/bin/hokusai import service hokusai-api-local -e local": (
        "tests/integration/cli/test_import.py"
    ),
    ".venv/bin/hokusai logs service/api -e local --since 10m -n 50": (
        "tests/integration/cli/test_logs.py"
    ),
    '.venv/bin/hokusai rollback service/api -e local --reason "login fails" --yes': (
        BY_HAND
    ),
    '.venv/bin/hokusai restart service/api -e local --reason "it leaks" --yes': BY_HAND,
    '.venv/bin/hokusai retry service/api -e local --reason "made the secret" --yes': (
        BY_HAND
    ),
    ".venv/bin/python -m controller local --once": "tests/e2e/test_local_lifecycle.py",
}


def commands() -> list[str]:
    blocks = (
        re.findall(r"```console\n(.*?)```", p.read_text(), re.DOTALL) for p in PAGES
    )
    lines = (line for page in blocks for block in page for line in block.splitlines())
    return sorted({line.strip() for line in lines if line.strip()})


@pytest.mark.parametrize("command", [c for c in commands() if c not in ELSEWHERE])
def test_each_command_works_as_written(command):
    words = shlex.split(command)

    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("command", ELSEWHERE)
def test_what_runs_elsewhere_is_still_written(command):
    assert command in commands()
    assert (ROOT / ELSEWHERE[command]).exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_lists_every_command(capsys):
    text = (ROOT / "README.md").read_text()
    with pytest.raises(SystemExit):
        parse(["--help"])

    listed = set(re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE))

    assert listed <= set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def test_the_readme_fits_on_one_screen():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 75


def test_the_table_of_checks_is_fresh():
    text = (ROOT / "specs" / "guide" / "preflight.md").read_text()

    assert checks.reference() in text


def test_the_table_of_variables_is_fresh():
    text = (ROOT / "specs" / "guide" / "environment.md").read_text()

    assert text.endswith(reference())
