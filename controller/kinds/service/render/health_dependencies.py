"""Health checks of a service that depend on another service.

ECS replaces a task whose container check or target-group check fails. If such a check
fails while another service is away, an outage of that service also takes this one down:
its tasks are replaced again and again, although nothing is wrong with them. A check that
ECS acts on must look at the process alone.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from controller.core.document.resource import ResourceId
from controller.core.resources.kind import DocumentWarning
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.service import ServiceSpec

# Answers 503 while MLflow, DNS or the store of our API is away; see ``api.health``.
_API_HEALTH = "/api/v1/health"
_HINT = (
    "use a path that looks at the process alone, such as /live for the container and "
    "/ready for the load balancer"
)
_URL = re.compile(r"https?://[^\s\"'|;)]+")
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - no bind
_CHECKS = frozenset({"health", "healthz", "live", "ping", "ready", "status"})
Specs = Mapping[ResourceId, ServiceSpec]


def dependent_health_checks(specs: Specs) -> Iterator[DocumentWarning]:
    """Yield a warning for each health check that depends on another service."""
    for id_, spec in specs.items():
        others = {other: s for other, s in specs.items() if other != id_}
        yield from _path_warnings(id_, spec, others)
        yield from _command_warnings(id_, spec, others)


def _path_warnings(
    id_: ResourceId, spec: ServiceSpec, others: Specs
) -> Iterator[DocumentWarning]:
    health = spec.health
    if health is None or health.path is None:
        return
    if health.command is not None and not spec.routes:
        # Neither the container check nor a target group uses the path.
        return
    if why := _path_dependency(spec, health.path, others):
        yield DocumentWarning(id_, ("health", "path"), why, _HINT)


def _command_warnings(
    id_: ResourceId, spec: ServiceSpec, others: Specs
) -> Iterator[DocumentWarning]:
    derived = spec.health is not None and spec.health.command is None
    for container in render(spec)["containerDefinitions"]:
        command = (container.get("healthCheck") or {}).get("command", ())
        own = container["name"] == spec.name
        if not command or (own and derived and not _is_overridden(spec)):
            continue
        if why := _command_dependency(spec, " ".join(command[1:]), others):
            written = own and not _is_overridden(spec)
            path = (
                ("health", "command") if written else ("task", "containerDefinitions")
            )
            yield DocumentWarning(id_, path, why, _HINT)


def _is_overridden(spec: ServiceSpec) -> bool:
    """Return True if the main container's check is declared in AWS's own fields."""
    containers = spec.task.get("containerDefinitions", ())
    return any(c["name"] == spec.name and c.get("healthCheck") for c in containers)


def _path_dependency(spec: ServiceSpec, path: str, others: Specs) -> str:
    """Explain why a check of ``path`` depends on another service; empty if not."""
    path = path.partition("?")[0].rstrip("/")
    if path == _API_HEALTH and _is_api(spec):
        return _fails_with("MLflow, DNS or the store")
    *before, last = path.split("/")
    named = next((id_ for id_ in others if id_.name == last), None)
    if named is not None and _CHECKS.intersection(before):
        return _fails_with(str(named))
    return ""


def _command_dependency(spec: ServiceSpec, command: str, others: Specs) -> str:
    """Explain why a check command depends on another service; empty if not."""
    for id_, other in others.items():
        host = f"{other.discovery}.{other.namespace}"
        if other.discovery and re.search(rf"(?<![\w.-]){re.escape(host)}\b", command):
            return _fails_with(str(id_))
    own = f"{spec.discovery}.{spec.namespace}" if spec.discovery else ""
    for url in _URL.findall(command):
        host = _host(url)
        if not host or host in _LOCAL or host == own or set(host) & set("{}$"):
            # Placeholders and variables may be the address of the task.
            if why := _path_dependency(spec, urlsplit(url).path, others):
                return why
            continue
        return _fails_with(host)
    return ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _fails_with(what: str) -> str:
    return (
        f"fails while {what} is away, so an outage there makes ECS replace the tasks of "
        "this service"
    )


def _is_api(spec: ServiceSpec) -> bool:
    """Return True for the API of this program, by its image or its command."""
    repository = spec.image.partition("@")[0]
    head, _, name = repository.rpartition("/")
    name = name.partition(":")[0]
    ours = (head.rpartition("/")[2], name) == (
        "hokusai",
        "api",
    ) or name == "hokusai-api"
    words: tuple[Any, ...] = spec.command
    return ours or "serve" in words
