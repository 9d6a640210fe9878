"""What the repository looks like from outside."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {
    *("controller", "specs", "schemas", "deploy", "tests"),
    *("hokusai.yaml", "pyproject.toml", "README.md"),
    # What tools demand.
    *(
        "Makefile",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "requirements",
        ".gitignore",
        ".ci",
    ),
    *(".pre-commit-config.yaml", ".github"),
}
# Each package the platform is built on, and a module that uses it at its door.
DOORS = {
    "boto3": "controller/clients/aws/boto.py",
    "pydantic": "controller/core/document/fields.py",
    "apscheduler": "controller/engine/scheduler.py",
    "mlflow": "specs/examples/lead_scoring.py",
    "httpx": "controller/clients/http.py",
    "yaml": "controller/spec/parser.py",
    "jsonschema": "controller/clients/payload.py",
    "pytest": "tests/contracts/test_repository.py",
    "moto": "controller/emulation/moto/app.py",
}


def tracked() -> list[str]:
    """Return the files that git knows."""
    ran = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return ran.stdout.splitlines()


def test_the_top_level_is_as_agreed():
    found = {name.partition("/")[0] for name in tracked()}

    assert found <= TOP_LEVEL
    assert {"controller", "specs", "schemas", "tests", "hokusai.yaml"} <= found


@pytest.mark.parametrize(("package", "door"), DOORS.items(), ids=DOORS)
def test_each_package_is_used_at_its_door(package, door):
    text = (ROOT / door).read_text()

    assert re.search(rf"^\s*(import|from) {package}\b", text, re.MULTILINE)


def test_kopf_is_used_nowhere():
    uses = re.compile(r"^\s*(import|from) kopf\b", re.MULTILINE)

    files = [ROOT / name for name in tracked() if name.endswith(".py")]

    assert [file for file in files if uses.search(file.read_text())] == []
    assert "kopf" not in (ROOT / "requirements" / "dev.txt").read_text()


def test_every_pin_has_a_hash_and_no_address():
    for file in (ROOT / "requirements").glob("*.txt"):
        text = file.read_text()
        pins = re.findall(r"^[a-z0-9][^\s=]*==", text, re.MULTILINE)

        assert pins, file.name
        assert text.count("--hash=sha256:") >= len(pins), file.name
        assert "://" not in text, file.name


def test_the_changelog_tells_of_the_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text()


def test_continuous_integration_runs_what_the_readme_says():
    commands = (ROOT / ".ci" / "run").read_text()

    assert commands.rstrip().endswith("make test")
    assert "make test" in (ROOT / "README.md").read_text()
