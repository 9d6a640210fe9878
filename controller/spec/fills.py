"""What the environment adds where the document says nothing.

The document wins, except that a person may choose another environment, and so
another overlay, for one call. Every addition is recorded: ``diff`` shows them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.core.errors import Diagnostic
from controller.core.platform import ENVIRONMENTS
from controller.settings import VARIABLES
from controller.spec.nearest import meant
from controller.spec.node import Node, Path, Scalar, dotted

ARGUMENT = "--environment"
ENVIRONMENT: Path = ("platform", "environment")
TARGET = "default"


@dataclass(frozen=True, slots=True)
class Fill:
    """One value that was not read from the document.

    Attributes:
        path: What it fills, as in ``platform.region``.
        variable: The variable, or argument, that it is from.
        source: ``environment`` or ``argument``.
        value: What it is; never a secret.
    """

    path: str
    variable: str
    source: str
    value: str


def chosen_environment(
    root: Node, argument: str | None, environ: Mapping[str, str]
) -> tuple[str, Fill | None, Diagnostic | None]:
    """Return the environment that is meant, who chose it, and what is wrong with it."""
    declared = root.nearest(ENVIRONMENT)
    written = declared.text if declared is not root and declared.text else ""
    found = VARIABLES["environment"].find(environ)
    fill = None
    if argument:
        fill = Fill(dotted(ENVIRONMENT), ARGUMENT, "argument", argument)
    elif found and found[1] != written:
        fill = Fill(dotted(ENVIRONMENT), found[0], "environment", found[1])
    name = fill.value if fill else written
    if fill and name not in ENVIRONMENTS:
        what = f"{fill.variable} is not an environment"
        hint = meant(name, ENVIRONMENTS)
        return name, None, Diagnostic(declared.place, fill.path, what, hint)
    return name, None if name == written else fill, None


def filled(root: Node, environ: Mapping[str, str]) -> tuple[Node, tuple[Fill, ...]]:
    """Return ``root`` with what ``environ`` adds to it, and a record of it."""
    fills: list[Fill] = []
    region = VARIABLES["aws_region"].find(environ)
    platform = root.child("platform")
    if region and platform and platform.child("region") is None:
        root = put(root, ("platform", "region"), region[1], f"${region[0]}")
        fills.append(Fill("platform.region", region[0], "environment", region[1]))
    target = VARIABLES["webhook_url"].find(environ)
    secret = VARIABLES["webhook_secret"].find(environ)
    if target and secret and root.child("webhooks") is None:
        path = ("webhooks", TARGET)
        root = put(root, (*path, "url"), target[1], f"${target[0]}")
        reference = _node({"env": _node(secret[0], secret[0])}, secret[0])
        root = put(root, (*path, "secrets"), [reference], f"${secret[0]}")
        fills.append(Fill(f"{dotted(path)}.url", target[0], "environment", target[1]))
        where = f"{dotted(path)}.secrets[0]"
        fills.append(Fill(where, secret[0], "environment", f"env:{secret[0]}"))
    return root, tuple(fills)


def put(root: Node, path: Path, value: "Scalar | list[Node]", file: str) -> Node:
    """Return ``root`` with ``value`` at ``path``, as if written in ``file``."""
    if not path:
        return _node(value, file)
    part, *rest = path
    inner = root.child(part) or _node({}, file)
    entries = {**root.entries, str(part): put(inner, tuple(rest), value, file)}
    return root._replace(value=entries)


def _node(value: "Scalar | dict[str, Node] | list[Node]", file: str) -> Node:
    text = value if isinstance(value, str) else ""
    return Node(value, text, file, 1, 1)
