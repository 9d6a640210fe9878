"""Replacement of values that look like secrets by references."""

from collections.abc import Iterator
from typing import Any

from controller.core.resources.importing import LooksSecret
from controller.core.values.paths import Plain
from controller.core.values.redact import masked

PLACEHOLDER = "CHANGE-ME"
# AWS fields that refer to a secret.
_REFERENCES = frozenset({"valueFrom", "credentialsParameter"})


def without_secrets(fields: Plain, secret: LooksSecret) -> list[str]:
    """Replace secrets in ``fields`` by references; return the replaced paths.

    Changes ``fields``. The paths name the variables, never their values.
    """

    def suspect(name: str, value: str) -> bool:
        return secret(name, value) or masked(name, value) != value

    found = [*_variables(fields, suspect)]
    for container in fields.get("task", {}).get("containerDefinitions", ()):
        found += _items(container, suspect)
    found += _texts(fields, "", suspect)
    return found


def _variables(fields: Plain, suspect: LooksSecret) -> Iterator[str]:
    environment = fields.get("environment", {})
    for name in [n for n, value in environment.items() if suspect(n, value)]:
        del environment[name]
        fields.setdefault("secrets", {})[name] = {"secretsmanager": PLACEHOLDER}
        yield f"environment.{name}"


def _items(container: Plain, suspect: LooksSecret) -> Iterator[str]:
    items = container.get("environment", [])
    for item in [i for i in items if suspect(i["name"], i.get("value", ""))]:
        items.remove(item)
        if "image" not in container:
            # The main container: the document's own fields declare its variables.
            continue
        secrets = container.setdefault("secrets", [])
        secrets.append({"name": item["name"], "valueFrom": PLACEHOLDER})
        yield f"environment.{item['name']} of container {container['name']}"


def _texts(value: Any, path: str, suspect: LooksSecret) -> Iterator[str]:
    """Yield the path of every other text that looks like a secret, and mask it."""
    entries = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for step, entry in list(entries):
        here = f"{path}.{step}" if path else str(step)
        if path.endswith("secrets") or ".secrets." in here:
            continue
        if isinstance(entry, str):
            if step not in _REFERENCES and suspect(str(step), entry):
                value[step] = PLACEHOLDER
                yield here
        else:
            yield from _texts(entry, here, suspect)
