"""Values from the environment for fields that the document leaves out.

The document takes precedence, except that the user can select another environment, and
so another overlay, for one command. Every value is recorded: ``diff`` shows them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from controller.core.document.platform import ENVIRONMENTS
from controller.core.errors import Diagnostic, SourcePosition
from controller.core.webhooks.publication_phase import DUAL, PHASES, WEBHOOK_ONLY
from controller.settings import VARIABLES
from controller.spec.nearest import suggestion
from controller.spec.node import Node, Path, Scalar, dotted

ARGUMENT = "--environment"
ENVIRONMENT: Path = ("platform", "environment")
TARGET = "default"
# Settings on which a document can depend.
RELEVANT = (
    "environment",
    "aws_region",
    "webhook_url",
    "webhook_secret",
    "webhook_timeout",
    "redis_fallback",
)
_FALLBACK = "redis_fallback"


@dataclass(frozen=True, slots=True)
class EnvironmentDefault:
    """A value that was not read from the document.

    Attributes:
        path: Path of the field, as in ``platform.region``.
        variable: Name of the variable or argument.
        source: ``environment`` or ``argument``.
        value: Value; never a secret.
    """

    path: str
    variable: str
    source: str
    value: str


_Addition: TypeAlias = tuple[Path, "str | list[Node]", EnvironmentDefault]


def chosen_environment(
    root: Node, argument: str | None, environ: Mapping[str, str]
) -> tuple[str, EnvironmentDefault | None, Diagnostic | None]:
    """Return the selected environment, its source, and a problem if it is invalid."""
    declared = root.nearest(ENVIRONMENT)
    written = declared.text if declared is not root and declared.text else ""
    found = VARIABLES["environment"].find(environ)
    fill = None
    if argument:
        fill = EnvironmentDefault(dotted(ENVIRONMENT), ARGUMENT, "argument", argument)
    elif found and found[1] != written:
        fill = EnvironmentDefault(
            dotted(ENVIRONMENT), found[0], "environment", found[1]
        )
    name = fill.value if fill else written
    if fill and name not in ENVIRONMENTS:
        what = f"{fill.variable} is not an environment"
        hint = suggestion(name, ENVIRONMENTS)
        return name, None, Diagnostic(declared.place, fill.path, what, hint)
    return name, None if name == written else fill, None


def unused_variables(root: Node, environ: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Yield a warning if WEBHOOK_URL is set and makes no target for want of a secret."""
    url, secret = VARIABLES["webhook_url"], VARIABLES["webhook_secret"]
    found = url.find(environ)
    if found and not secret.find(environ) and root.child("webhooks") is None:
        place = SourcePosition(f"${found[0]}", 1, 1)
        what = f"has no effect, because {secret.name} is not set or blank"
        hint = f"set {secret.name} to the secret that signs deliveries"
        yield Diagnostic(place, dotted(("webhooks", TARGET, "url")), what, hint)


def filled(
    root: Node, environ: Mapping[str, str]
) -> tuple[Node, tuple[EnvironmentDefault, ...]]:
    """Return ``root`` with values from ``environ``, and a record of them."""
    fills = [
        *_region(root, environ),
        *_target(root, environ),
        *_phases(root, environ),
    ]
    for path, value, fill in fills:
        root = put(root, path, value, f"${fill.variable}")
    return root, tuple(fill for _, _, fill in fills)


def phase_contradictions(
    root: Node, environ: Mapping[str, str]
) -> Iterator[Diagnostic]:
    """Yield a problem for each declared phase that the environment contradicts."""
    found = VARIABLES[_FALLBACK].find(environ)
    if found is None:
        return
    variable, text = found
    is_wanted = text.lower() == "true"
    for path, section in _queues(root):
        phase = section.child("phase")
        if phase is None or phase.text not in PHASES:
            continue
        if is_wanted is (phase.text == WEBHOOK_ONLY):
            problem = f"is {phase.text}, but {variable} is {text.lower()}"
            hint = "unset the variable: the document alone declares the phase"
            yield Diagnostic(phase.place, dotted((*path, "phase")), problem, hint)


def fallback_warnings(root: Node, environ: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Yield a warning if the environment asks for Redis and no webhook declares one."""
    found = VARIABLES[_FALLBACK].find(environ)
    if found and found[1].lower() == "true" and not any(_queues(root)):
        problem = f"{found[0]} is true, but no webhook declares a Redis queue"
        hint = "declare webhooks.NAME.redis, or unset the variable"
        yield Diagnostic(root.nearest(("webhooks",)).place, "webhooks", problem, hint)


def _phases(root: Node, environ: Mapping[str, str]) -> Iterator[_Addition]:
    """Yield the phase of each Redis queue that declares none."""
    found = VARIABLES[_FALLBACK].find(environ)
    if found is None:
        return
    variable, text = found
    phase = DUAL if text.lower() == "true" else WEBHOOK_ONLY
    for path, section in _queues(root):
        if section.child("phase") is None:
            field: Path = (*path, "phase")
            fill = EnvironmentDefault(dotted(field), variable, "environment", phase)
            yield field, phase, fill


def _queues(root: Node) -> Iterator[tuple[Path, Node]]:
    """Yield each Redis queue of the document with its path."""
    webhooks = root.child("webhooks")
    for name, target in (webhooks.entries if webhooks else {}).items():
        section = target.child("redis")
        if section is not None and section.entries:
            yield ("webhooks", name, "redis"), section


def _region(root: Node, environ: Mapping[str, str]) -> Iterator[_Addition]:
    platform = root.child("platform")
    if platform and platform.entries and platform.child("region") is None:
        yield from _addition(("platform", "region"), "aws_region", environ)


def _target(root: Node, environ: Mapping[str, str]) -> Iterator[_Addition]:
    """Yield the target ``default``, if both its address and its secret are set."""
    secret = VARIABLES["webhook_secret"].find(environ)
    url = list(_addition(("webhooks", TARGET, "url"), "webhook_url", environ))
    if not (url and secret) or root.child("webhooks") is not None:
        return
    yield from url
    path: Path = ("webhooks", TARGET, "timeout")
    for _, seconds, fill in _addition(path, "webhook_timeout", environ):
        yield path, f"{seconds}s", fill
    name = secret[0]
    reference = _node({"env": _node(name, f"${name}")}, f"${name}")
    path = ("webhooks", TARGET, "secrets")
    fill = EnvironmentDefault(f"{dotted(path)}[0]", name, "environment", f"env:{name}")
    yield path, [reference], fill


def _addition(
    path: Path, variable: str, environ: Mapping[str, str]
) -> Iterator[_Addition]:
    if found := VARIABLES[variable].find(environ):
        name, text = found
        yield path, text, EnvironmentDefault(dotted(path), name, "environment", text)


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
