"""The shape of the test suite: builders are shared, and tests import no other test."""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.faults.background import COMMAND

TESTS = Path(__file__).parents[1]
IMPORT = re.compile(r"^\s*(?:from|import) (tests\.[\w.]+)", re.MULTILINE)
# The same facts on another database: their tests are collected once more.
COLLECTED_AGAIN = {"tests.unit.store"}


@cache
def imports() -> frozenset[tuple[Path, str]]:
    """Return every file below ``tests``, with each module of ``tests`` it imports."""
    found = (
        (file.relative_to(TESTS), module)
        for file in TESTS.rglob("*.py")
        for module in IMPORT.findall(file.read_text())
    )
    return frozenset(found)


def is_test(module: str) -> bool:
    name = module.rpartition(".")[2]
    return name.startswith("test_") or name == "conftest"


def test_no_test_imports_another():
    assert {(file, module) for file, module in imports() if is_test(module)} == set()


def test_modules_shared_by_several_folders_are_builders_or_fakes():
    shared = {"builders", "fakes", "faults", "shapes", "figures", "load"}
    found = {
        (file, module)
        for file, module in imports()
        if module not in COLLECTED_AGAIN
        and module.split(".")[1] not in {*shared, file.parts[0]}
    }

    assert len(imports()) > 100
    assert found == set()


def test_make_test_executes_the_whole_search_for_faults_once():
    makefile = (TESTS.parent / "Makefile").read_text()

    recipe = re.search(r"^test: .*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    assert recipe[1].count("-p tests.faults.background") == 1
    assert COMMAND[-3:] == ("-m", "tests.faults", "proof")


@pytest.mark.parametrize(("code", "status"), [(0, 0), (3, 1)])
def test_the_tests_fail_with_the_search_that_runs_in_the_background(
    tmp_path, code, status
):
    (tmp_path / "test_one.py").write_text("def test_one():\n    pass\n")
    (tmp_path / "planted.py").write_text(
        "import sys\nfrom tests.faults import background\n"
        f"program = 'print(\"42 plans\"); raise SystemExit({code})'\n"
        "background.COMMAND = (sys.executable, '-c', program)\n"
    )
    words = ("-p", "planted", "-p", "tests.faults.background", "-q", "--rootdir", ".")

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "-c", "/dev/null", "test_one.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{TESTS.parent}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == status, ran.stdout
    assert "42 plans" in ran.stdout
    assert ran.stdout.strip().splitlines()[-1].startswith("1 passed")
