"""Ids are derived from content; the id of a process, keys and signing secrets are drawn."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "controller"
MODULES = frozenset({"random", "secrets"})
NAMES = frozenset({"urandom", "getrandom", "uuid1", "uuid4"})
HOLDER = "bootstrap/holder.py"
API_KEY = "bootstrap/api_key.py"
SIGNING_SECRET = "bootstrap/signing_secret.py"
# The local platform draws the webhook secret of its own receiver.
LOCAL = ("local", "emulation")


def draws(tree):
    """Yield each expression of ``tree`` that draws, as text."""
    imported = {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
    }
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                if module in MODULES & imported or name in NAMES:
                    yield f"{module}.{name}"
            case ast.ImportFrom(module=module) if module in MODULES:
                yield module
            case ast.ImportFrom(names=names):
                yield from (n.name for n in names if n.name in NAMES)
            case _:
                continue


def test_only_the_id_of_the_process_keys_and_signing_secrets_are_drawn():
    found = {
        str(file.relative_to(PACKAGE)): list(draws(ast.parse(file.read_text())))
        for file in PACKAGE.rglob("*.py")
        if file.relative_to(PACKAGE).parts[0] not in LOCAL
    }

    assert {name: drawn for name, drawn in found.items() if drawn} == {
        API_KEY: ["secrets.token_bytes"],
        HOLDER: ["secrets.token_bytes"],
        SIGNING_SECRET: ["secrets.token_bytes"],
    }


def test_the_id_is_drawn_once_in_a_process():
    from controller.bootstrap.holder import holder_id

    assert holder_id() == holder_id()


def test_two_processes_with_one_host_name_and_pid_have_two_ids():
    program = (
        "import os, socket; socket.gethostname = lambda: 'task';"
        " os.getpid = lambda: 1;"
        " from controller.bootstrap.holder import holder_id; print(holder_id())"
    )
    command = [sys.executable, "-c", program]

    first, second = (
        subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    )

    assert first.startswith("task:1:")
    assert second.startswith("task:1:")
    assert first != second
