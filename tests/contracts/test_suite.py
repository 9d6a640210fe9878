"""The shape of the test suite: builders are shared, and tests import no other test."""

import re
from functools import cache
from pathlib import Path

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

    assert re.search(r"^test: .*\bproof\b", makefile, re.MULTILINE)
    assert makefile.count("-m tests.faults proof") == 1
