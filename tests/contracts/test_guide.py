"""The README and the guide are correct: their commands are run."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from controller.cli import main
from controller.cli.parser import parse
from controller.kinds.service.preflight import catalog
from controller.settings import reference

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "specs" / "guide").glob("*.md"))]
MODEL_OPERATIONS = "tests/integration/cli/test_model_operations.py"
INTERVENTIONS = "tests/integration/cli/test_interventions.py"
TIMELINE = "tests/integration/cli/test_version_timeline.py"
WEBHOOKS = "tests/integration/cli/test_webhooks.py"
DELIVERIES = "tests/integration/cli/test_deliveries.py"
ROTATION = "tests/integration/cli/test_secret_rotation.py"
NAMES = "tests/integration/cli/test_dns.py"
KEYS = "tests/integration/cli/test_keys.py"
AUDIT = "tests/integration/cli/test_audit.py"
# Commands that need a set-up or do not end, with the test that runs each of them.
ELSEWHERE = {
    "make run": "tests/e2e/test_fresh_clone.py",
    "make test": ".ci/run",
    "make check": ".ci/run",
    ".venv/bin/hokusai status -e local": "tests/e2e/test_local_platform.py",
    ".venv/bin/hokusai diff -e local": "tests/e2e/test_local_platform.py",
    ".venv/bin/hokusai history service/api -e local": INTERVENTIONS,
    ".venv/bin/hokusai import service hokusai-api-local -e local": (
        "tests/integration/cli/test_import.py"
    ),
    ".venv/bin/hokusai logs service/api -e local --since 10m -n 50": (
        "tests/integration/cli/test_logs.py"
    ),
    '.venv/bin/hokusai rollback service/api -e local --reason "login fails" --yes': (
        INTERVENTIONS
    ),
    '.venv/bin/hokusai restart service/api -e local --reason "it leaks" --yes': INTERVENTIONS,
    '.venv/bin/hokusai retry service/api -e local --reason "made the secret" --yes': (
        INTERVENTIONS
    ),
    '.venv/bin/hokusai approve model/leads 2 --reason "evaluated on the holdout set" --yes': (
        MODEL_OPERATIONS
    ),
    ".venv/bin/hokusai rollback model/leads --alias production "
    '--reason "wrong scores" --yes': MODEL_OPERATIONS,
    ".venv/bin/hokusai rollback model/leads --alias production --undo "
    '--reason "the cause is fixed" --yes': MODEL_OPERATIONS,
    ".venv/bin/hokusai deliveries list --target site --since 7d": DELIVERIES,
    ".venv/bin/hokusai deliveries list --only parked": DELIVERIES,
    ".venv/bin/hokusai deliveries show 7": DELIVERIES,
    ".venv/bin/hokusai deliveries redrive --target site --dry-run": DELIVERIES,
    '.venv/bin/hokusai deliveries redrive --target site --reason "its database is back" --yes': DELIVERIES,
    '.venv/bin/hokusai deliveries retry 7 8 --reason "the certificate is renewed" --yes': DELIVERIES,
    '.venv/bin/hokusai deliveries cancel --model test-model --only pending --reason "a test model" --yes': DELIVERIES,
    ".venv/bin/hokusai dns pin mlflow.hokusai-development.local 10.0.1.42 --for 2h "
    '--reason "DNS has the old task"': NAMES,
    ".venv/bin/hokusai dns show": NAMES,
    ".venv/bin/hokusai dns unpin mlflow.hokusai-development.local "
    '--reason "DNS is right again"': NAMES,
    '.venv/bin/hokusai dns flush mlflow.hokusai-development.local --reason "it moved"': NAMES,
    ".venv/bin/hokusai keys create dashboard --scope status:read --scope events:read "
    '--for 365d --reason "team dashboard"': KEYS,
    ".venv/bin/hokusai keys list": KEYS,
    '.venv/bin/hokusai keys rotate dashboard --overlap 2h --reason "yearly rotation"': KEYS,
    '.venv/bin/hokusai keys revoke dashboard --reason "the dashboard is gone"': KEYS,
    ".venv/bin/hokusai webhooks test site": WEBHOOKS,
    ".venv/bin/hokusai webhooks doctor site": WEBHOOKS,
    ".venv/bin/hokusai audit list service/api -n 5": AUDIT,
    '.venv/bin/hokusai webhooks rotate site --reason "yearly rotation" --yes': ROTATION,
    ".venv/bin/hokusai webhooks rotate site --to promoted "
    '--reason "yearly rotation" --yes': ROTATION,
    ".venv/bin/hokusai webhooks rotate site --step-back "
    '--reason "the receiver was not ready" --yes': ROTATION,
    ".venv/bin/hokusai webhooks rotate site --abort "
    '--reason "its next version was deleted" --yes': ROTATION,
    ".venv/bin/hokusai audit verify": AUDIT,
    ".venv/bin/hokusai audit deliveries": TIMELINE,
    ".venv/bin/hokusai audit deliveries webhook/site": TIMELINE,
    ".venv/bin/hokusai why model/leads --version 1": TIMELINE,
    ".venv/bin/hokusai history model/sales-lead-scoring -e local": (
        "tests/integration/cli/test_model_history.py"
    ),
    "WEBHOOK_SECRET=development .venv/bin/python deploy/receivers/hokusai_receiver.py "
    "--port 9000": "tests/integration/receivers/test_receiver_kit.py",
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


def test_the_targets_of_the_webhooks_page_are_valid(tmp_path):
    text = (ROOT / "specs/guide/webhooks.md").read_text()
    header = (ROOT / "specs/invalid/webhook-to-metadata.yaml").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    for block in blocks:
        (tmp_path / "hokusai.yaml").write_text(header.partition("webhooks:")[0] + block)

        assert main(["validate", "-f", str(tmp_path / "hokusai.yaml")]) == 0

    assert len(blocks) == 6


@pytest.mark.parametrize("command", ELSEWHERE)
def test_a_command_that_another_test_runs_is_still_in_the_text(command):
    assert command in commands()
    assert (ROOT / ELSEWHERE[command]).exists()


@pytest.mark.parametrize("page", ["events.md", "promotion.md", "redis.md"])
def test_the_document_on_the_page_is_valid(tmp_path, monkeypatch, page):
    text = (ROOT / "specs/guide" / page).read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    header = (ROOT / "specs/invalid/passing-without-benchmark.yaml").read_text()
    document = header.partition("models:")[0] + example
    (tmp_path / "hokusai.yaml").write_text(document)
    monkeypatch.chdir(tmp_path)

    assert main(["validate"]) == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_has_a_target(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_lists_every_command_with_its_help_in_the_same_order(
    capsys, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "120")
    with pytest.raises(SystemExit):
        parse(["--help"])
    text = (ROOT / "README.md").read_text()

    helped = re.findall(r"^  (\w+) +([A-Z].*)$", capsys.readouterr().out, re.MULTILINE)

    assert re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE) == helped


def test_the_readme_fits_on_one_screen():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 75


def test_the_table_of_checks_is_fresh():
    text = (ROOT / "specs" / "guide" / "preflight.md").read_text()

    assert catalog.reference() in text


def test_the_table_of_variables_is_fresh():
    text = (ROOT / "specs" / "guide" / "environment.md").read_text()

    assert text.endswith(reference())
