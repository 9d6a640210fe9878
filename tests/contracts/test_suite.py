"""The shape of the test suite: builders are shared, and tests import no other test."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
# The same facts on another database: their tests are collected once more.
COLLECTED_AGAIN = {"tests.unit.store"}


def imported(file: Path) -> set[str]:
    """Return every module that a file imports, as `from` or `import` names it."""
    tree = ast.parse(file.read_text())
    froms = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    plain = [
        a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names
    ]
    return froms | set(plain)


def is_test(module: str) -> bool:
    name = module.rpartition(".")[2]
    return name.startswith("test_") or name == "conftest"


def test_no_test_imports_another():
    found = {
        (file.name, module)
        for file in TESTS.rglob("*.py")
        for module in imported(file)
        if module.startswith("tests.") and is_test(module)
    }

    assert found == set()


def test_modules_shared_by_several_folders_are_builders_or_fakes():
    shared = {"builders", "fakes", "faults", "shapes", "figures", "load"}
    found = {
        (str(file.relative_to(TESTS)), module)
        for file in TESTS.rglob("*.py")
        for module in imported(file) - COLLECTED_AGAIN
        if module.startswith("tests.")
        and module.split(".")[1] not in {*shared, file.relative_to(TESTS).parts[0]}
    }

    assert found == set()


def test_make_test_executes_the_whole_search_for_faults_once():
    makefile = (TESTS.parent / "Makefile").read_text()

    assert re.search(r"^test: .*\bproof\b", makefile, re.MULTILINE)
    assert makefile.count("-m tests.faults proof") == 1
