"""The structure that the import contracts, the names and the design page promise."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "controller"
MOST_FILES = 12
# Former names that a reader had to look up. The list may only grow.
UNCLEAR_NAMES = frozenset(
    {
        "again",
        "arguments",
        "asked",
        "asking",
        "asks",
        "attention",
        "before",
        "beside",
        "bounds",
        "by_hand",
        "capacity",
        "cleared",
        "closer",
        "counting",
        "dared",
        "describe",
        "explaining",
        "far",
        "fleet",
        "flights",
        "freshness",
        "handed",
        "happenings",
        "inspector",
        "ledger",
        "listener",
        "look",
        "looks",
        "marking",
        "memo",
        "memory",
        "moment",
        "near",
        "neighbours",
        "news",
        "outlook",
        "outside",
        "own_words",
        "pace",
        "passes",
        "past",
        "patient",
        "person",
        "plain",
        "planned",
        "released",
        "rules",
        "settling",
        "shapes",
        "sight",
        "story",
        "surroundings",
        "taken_back",
        "tally",
        "telling",
        "tried",
        "unwritten",
        "watched",
        "whole",
        "why",
        "words",
    }
)
# The name of a command is the word that is typed, whatever else it means.
COMMANDS = PACKAGE / "cli" / "commands"
# One import for each contract that would break it: the file it is written into, and
# the module it names.
BREAKS = {
    "Layers point inwards": ("core/clock.py", "controller.cli"),
    "Layers of the core": ("core/errors.py", "controller.core.status.cause"),
    "Layers of the service kind": (
        "kinds/service/state/task.py",
        "controller.kinds.service.compare.diff",
    ),
    "Layers of the API": ("api/errors.py", "controller.api.app"),
    "Kinds do not know each other": (
        "kinds/model/state.py",
        "controller.kinds.webhook.state",
    ),
    "Purity by place": ("kinds/model/compare.py", "controller.clients.aws"),
    "Pure code of a kind is handed no client": (
        "kinds/endpoint/compare.py",
        "controller.core.dependencies",
    ),
    "kopf is not used": ("engine/loop.py", "kopf"),
    "The AWS SDK has one door": ("engine/loop.py", "boto3"),
    "MLflow's library has its doors": ("engine/loop.py", "mlflow"),
    "The database has one door": ("engine/loop.py", "sqlalchemy"),
    "HTTP has its doors": ("engine/loop.py", "httpx"),
    "Redis has one door": ("engine/loop.py", "redis"),
    "Web frameworks, schedulers and emulators have their doors": (
        "engine/loop.py",
        "fastapi",
    ),
}


def contracts() -> list[str]:
    """Return the names of the import contracts."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [c["name"] for c in project["tool"]["importlinter"]["contracts"]]


def linted(folder: Path) -> dict[str, str]:
    """Return KEPT or BROKEN by contract, for the package in ``folder``."""
    ran = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(folder), "PATH": ""},
        check=False,
    )
    lines = re.findall(r"^(.+?) (KEPT|BROKEN)", ran.stdout, re.MULTILINE)
    return dict(lines)


def modules() -> list[Path]:
    """Return every module of the package but its migrations."""
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if "versions" not in path.parts and "__pycache__" not in path.parts
    ]


@pytest.fixture(scope="module")
def broken(tmp_path_factory) -> dict[str, str]:
    """Return the verdict on a copy in which every contract is broken once."""
    copy = tmp_path_factory.mktemp("broken")
    shutil.copytree(
        PACKAGE, copy / "controller", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", copy)
    for file, module in BREAKS.values():
        path = copy / "controller" / file
        path.write_text(f"{path.read_text()}\nimport {module}\n")
    return linted(copy)


def test_every_contract_has_a_case():
    assert sorted(BREAKS) == sorted(contracts())


@pytest.mark.parametrize("contract", BREAKS)
def test_each_contract_fails_when_it_is_broken(broken, contract):
    assert broken[contract] == "BROKEN"


def test_no_public_class_name_stands_in_two_modules():
    found = defaultdict(list)
    for path in modules():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(path.relative_to(ROOT).as_posix())

    assert {name: files for name, files in found.items() if len(files) > 1} == {}


def test_no_module_bears_an_unclear_name():
    named = sorted(
        path.relative_to(ROOT).as_posix()
        for path in {*modules(), *(path.parent for path in modules())}
        if path.stem in UNCLEAR_NAMES and path.parent != COMMANDS
    )

    assert named == []


def test_folders_of_the_service_kind_hold_a_dozen_files_at_most():
    counts = {
        folder.relative_to(PACKAGE).as_posix(): len(
            [p for p in folder.glob("*.py") if p.name != "__init__.py"]
        )
        for folder in (PACKAGE / "kinds" / "service").rglob("*")
        if folder.is_dir() and folder.name != "__pycache__"
    }

    assert {name: n for name, n in counts.items() if n > MOST_FILES} == {}


def test_every_package_says_what_it_holds():
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("__init__.py")
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert silent == []


def drawn(block: int) -> dict[str, set[str]]:
    """Return the names in a tree of the design page, by folder."""
    text = (ROOT / "specs" / "DESIGN.md").read_text()
    trees = re.findall(r"```\n((?:controller|kinds/service)/\n.*?)```", text, re.DOTALL)
    found: dict[str, set[str]] = defaultdict(set)
    folders: dict[int, str] = {}
    for line in trees[block].splitlines():
        depth = len(line) - len(line.lstrip())
        name = line.split()[0]
        folders[depth] = name.rstrip("/")
        if depth:
            found[folders[depth - 2]].add(name.rstrip("/"))
    return found


def present(folder: Path) -> set[str]:
    """Return the packages and modules in ``folder``."""
    files = {path.name for path in folder.glob("*.py") if path.stem[:2] != "__"}
    return files | {path.parent.name for path in folder.glob("*/__init__.py")}


def test_the_design_page_draws_the_tree_as_it_is():
    package, service = drawn(0), drawn(1)

    assert package["controller"] == present(PACKAGE)
    assert package["core"] == {
        name for name in present(PACKAGE / "core") if not name.endswith(".py")
    }
    assert service["kinds/service"] == present(PACKAGE / "kinds" / "service")


def imported() -> set[tuple[str, str]]:
    """Return the pairs of top-level packages of which one imports the other."""
    pairs = set()
    for path in modules():
        source = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                parts = node.module.split(".")
                if parts[0] == "controller" and len(parts) > 1:
                    pairs.add((source, parts[1]))
    return pairs


def test_the_picture_of_the_packages_is_true():
    text = (ROOT / "specs" / "DESIGN.md").read_text()
    picture = re.search(r"```mermaid\n(.*?)```", text, re.DOTALL)
    assert picture
    arrows = set(re.findall(r"(\w+) --> (\w+)", picture[1]))
    boxes = {name for arrow in arrows for name in arrow}

    assert boxes == {name.removesuffix(".py") for name in present(PACKAGE)}
    assert arrows - imported() == set()


def graph() -> dict[str, set[str]]:
    """Return the modules that each module imports, at any depth of its code."""
    names = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for path in modules()
        if path.name != "__init__.py"
    }
    found: dict[str, set[str]] = {}
    for name, path in names.items():
        imports = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                imports |= {
                    node.module,
                    *(f"{node.module}.{a.name}" for a in node.names),
                }
        found[name] = imports & names.keys()
    return found


def test_no_modules_import_each_other_in_a_circle():
    remaining = graph()
    while leaves := {name for name, needs in remaining.items() if not needs}:
        remaining = {
            name: needs - leaves
            for name, needs in remaining.items()
            if name not in leaves
        }

    assert remaining == {}
