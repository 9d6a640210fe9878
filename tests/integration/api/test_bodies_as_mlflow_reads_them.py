"""The name that the proxy authorizes is the name that MLflow uses."""

import json
import os
import random  # noqa: TID251 - drawn from a fixed seed
import subprocess
import sys

from controller.core.proxy.request_body import BodyRefusedError, required_scopes
from controller.core.proxy.route_table import BodyCheck

# Prints the names in each body, as MLflow's handlers read them; null if they refuse it.
READING = """
import json, sys
from mlflow.protos import model_registry_pb2 as messages
from mlflow.server import app
from mlflow.server.handlers import _get_request_message

for line in sys.stdin:
    kind, method, text = json.loads(line)
    body = text.encode("latin-1")
    options = {"method": method, "data": body, "content_type": "application/json"}
    try:
        with app.test_request_context("/", **options):
            found = _get_request_message(getattr(messages, kind)())
        names = [getattr(found, f) for f in ("name", "alias", "new_name")
                 if f in found.DESCRIPTOR.fields_by_name]
    except Exception:
        names = None
    print(json.dumps(names))
"""
CHECKS = {
    "SetRegisteredModelAlias": (BodyCheck.ALIAS, ("name", "alias")),
    "DeleteRegisteredModelAlias": (BodyCheck.ALIAS, ("name", "alias")),
    "CreateModelVersion": (BodyCheck.REGISTER, ("name",)),
    "CreateRegisteredModel": (BodyCheck.REGISTER, ("name",)),
    "RenameRegisteredModel": (BodyCheck.RENAME, ("name", "new_name")),
}
KEYS = (
    *("name", "alias", "new_name", "newName", "Name", "n\\u0061me", "\\u0061lias"),
    *("version", "tags", " name", "name\\u0000", "registeredModelName"),
    *("alias\\u0000", "alias\\u0000x", "new_name\\u0000", "[name]", "\\ud800name"),
)
VALUES = (
    *('"leads"', '"production"', '"dev"', '"d\\u0065v"', '""', '" dev"', '"é"'),
    *("null", "1", "1.5", "true", "[]", '["dev"]', '{"a": 1}', "NaN", '"\\ud800"'),
)
ENCODINGS = (
    *("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"),
    *("utf-16-be", "utf-32", "utf-32-le", "latin-1"),
)
COUNT = 4_000


def body(chance):
    """Return a body that is nearly one that MLflow accepts."""
    pairs = [("name", '"leads"'), ("alias", '"dev"'), ("new_name", '"b"')]
    for _ in range(chance.randrange(3)):
        pair = (chance.choice(KEYS), chance.choice(VALUES))
        pairs.insert(chance.randrange(len(pairs) + 1), pair)
    if chance.random() < 0.5:
        pairs.pop(chance.randrange(len(pairs)))
    text = "{" + ", ".join(f'"{key}": {value}' for key, value in pairs) + "}"
    match chance.randrange(12):
        case 0:
            text = json.dumps(text)
        case 1:
            text = text[: chance.randrange(len(text))]
        case 2:
            text += chance.choice((" ", "\n", "x", "{}", "\x00"))
        case 3:
            text = f"[{text}]"
        case 4:
            text = text.replace('"', "'", 2)
        case _:
            pass
    return text.encode(chance.choice(ENCODINGS), "replace")


def authorized(check, content):
    """Return the scopes for a body; None if the proxy refuses it."""
    try:
        return required_scopes(check, content)
    except BodyRefusedError:
        return None


def test_an_authorized_name_is_the_one_that_mlflow_uses():
    chance = random.Random(7)  # noqa: S311 - the same cases in each run
    cases = [
        (kind, chance.choice(("POST", "DELETE", "PATCH")), body(chance))
        for kind in CHECKS
        for _ in range(COUNT // len(CHECKS))
    ]
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READING],
        input="\n".join(json.dumps((k, m, b.decode("latin-1"))) for k, m, b in cases),
        env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        check=True,
    )
    read = [json.loads(line) for line in ran.stdout.splitlines()]

    wrong, accepted = [], 0
    for (kind, _, content), names in zip(cases, read, strict=True):
        check, _ = CHECKS[kind]
        scopes = authorized(check, content)
        if scopes is None or names is None:
            continue
        accepted += 1
        used = names if check is BodyCheck.ALIAS else names[-1:]
        # MLflow leaves out the rest of a body after a field of a wrong type.
        known = (scopes[0].model, *filter(None, [scopes[0].alias]))
        if any(name not in {"", k} for name, k in zip(used, known, strict=True)):
            wrong.append((kind, content, names))
    assert wrong == []
    assert accepted > COUNT / 20
