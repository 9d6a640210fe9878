"""Mistakes that the document alone shows, without any call to AWS."""

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from controller.core.document.fields import Mistake
from controller.kinds.service.spec.declaration import ServiceDeclaration
from controller.kinds.service.spec.dependencies import names_of, type_of
from controller.kinds.service.spec.environment import (
    contradictions,
    misfit,
    private_address,
    same_setting,
)
from controller.kinds.service.spec.limits import limit_violations

ALLOWED_HOSTS = "MLFLOW_SERVER_ALLOWED_HOSTS"
TRACKING = "MLFLOW_TRACKING_URI"
# MLflow answers these for any Host header; mlflow.server.security_utils.
_FOR_ANY_HOST = frozenset({"/health", "/version"})


def mistakes(spec: ServiceDeclaration) -> Iterator[Mistake]:
    """Yield the mistakes of ``spec`` that show without the platform."""
    yield from limit_violations(spec.task, spec.service)
    yield from _scaling(spec)
    yield from _requirements(spec)
    yield from _environment(spec)
    yield from _certificates(spec)
    yield from _deployment(spec)
    yield from _open_doors(spec)


def mistakes_in_place(spec: ServiceDeclaration) -> Iterator[Mistake]:
    """Yield the mistakes of a completed ``spec`` that depend on the platform."""
    for key, type_ in spec.requires.items():
        if type_of(type_).name == "host in namespace":
            yield from _misfits(spec, key)
    yield from _allowed_hosts(spec)


def is_mlflow(spec: ServiceDeclaration) -> bool:
    """Return True for an MLflow server, which does not authenticate callers."""
    return runs_mlflow(spec.image, spec.command)


def runs_mlflow(image: str, command: Sequence[str]) -> bool:
    """Return True if the image's name or the command is MLflow's."""
    repository = image.rpartition("/")[2].partition("@")[0].partition(":")[0]
    return "mlflow" in re.split("[-_.]", repository) or "mlflow" in command


def _scaling(spec: ServiceDeclaration) -> Iterator[Mistake]:
    if spec.scaling is not None and "desiredCount" in spec.service:
        what = "conflicts with scaling, which sets the number of tasks"
        yield Mistake(("service", "desiredCount"), what, "leave it out")


def _requirements(spec: ServiceDeclaration) -> Iterator[Mistake]:
    for key in spec.requires:
        names = names_of(key)
        if not any(name in spec.environment or name in spec.secrets for name in names):
            what = f"is required, but {' or '.join(names)} is not set"
            hint = f"add {names[0]} to environment or secrets"
            yield Mistake(("requires", key), what, hint)
        elif type_of(spec.requires[key]).name != "host in namespace":
            yield from _misfits(spec, key)


def _misfits(spec: ServiceDeclaration, key: str) -> Iterator[Mistake]:
    """Yield the values of ``key``'s variables that are not of its type."""
    type_ = type_of(spec.requires[key])
    for name in names_of(key):
        if name in spec.environment:
            what = misfit(spec.environment[name], type_, spec.namespace)
            if what:
                yield Mistake(("environment", name), what)


def _environment(spec: ServiceDeclaration) -> Iterator[Mistake]:
    for first, other in contradictions(spec.environment):
        hint = "keep one of them, or give both one value"
        what = f"is the same setting as {first}, which has another value"
        yield Mistake(("environment", other), what, hint)
    for name, value in spec.environment.items():
        if address := private_address(value):
            what = (
                f"contains the private address {address}, which changes when a task "
                "is replaced"
            )
            yield Mistake(("environment", name), what, "write a host name")


def _certificates(spec: ServiceDeclaration) -> Iterator[Mistake]:
    tls = spec.tls
    needed: list[tuple[str, str]] = []
    if tls.client or tls.server:
        needed.append((tls.authority, "the certificate authority"))
    if tls.client:
        needed.append((tls.client_certificate, "the client's certificate"))
        needed.append((tls.client_key, "the client's key"))
    if tls.server:
        needed.append((tls.server_certificate, "the server's certificate"))
        needed.append((tls.server_key, "the server's key"))
    for name, what in needed:
        if name not in spec.secrets:
            yield Mistake(("secrets",), f"must contain {what}", f"add {name}")
    for name, value in spec.environment.items() if tls.client else ():
        if same_setting(name) == TRACKING and value.startswith("http://"):
            what = "uses http, which cannot present the client certificate of tls"
            yield Mistake(("environment", name), what, "write https")


def no_room(spec: ServiceDeclaration, count: int) -> str:
    """Explain why a rollout of ``count`` tasks cannot progress; empty if it can.

    A task is started while fewer than floor(count x maximum) run, and stopped while
    more than ceil(count x minimum) are healthy; API reference, DeploymentConfiguration.
    """
    most = count * spec.deployment.maximum_percent // 100
    least = -(-count * spec.deployment.minimum_healthy_percent // 100)
    if count == 0 or most > least:
        return ""
    return (
        f"leaves no room to replace a task: of {count}, at least {least} must run and "
        f"at most {most} may"
    )


def _deployment(spec: ServiceDeclaration) -> Iterator[Mistake]:
    """Yield deployment settings with which no rollout can succeed."""
    if what := no_room(spec, spec.desired_count or 0):
        hint = "raise maximum_percent, or lower minimum_healthy_percent"
        yield Mistake(("deployment",), what, hint)
    health = spec.health
    if spec.routes and health and health.grace < health.start_period:
        what = (
            f"is {health.grace} s, less than start_period: ECS would stop tasks that are "
            "still starting"
        )
        yield Mistake(("health", "grace"), what, f"write {health.start_period}s")


def _open_doors(spec: ServiceDeclaration) -> Iterator[Mistake]:
    if spec.authenticates or not is_mlflow(spec):
        return
    for index, route in enumerate(spec.routes):
        if route.unauthenticated is None:
            what = "exposes MLflow, which does not authenticate callers"
            hint = (
                "route to a service that authenticates, or state the reason: "
                "`unauthenticated: <reason>`"
            )
            yield Mistake(("routes", index), what, hint)


def _allowed_hosts(spec: ServiceDeclaration) -> Iterator[Mistake]:
    """Yield the hosts of the service that MLflow would refuse.

    MLflow compares the Host header with the list: exactly, or as a pattern if the entry
    has a ``*``. The header includes the port unless it is the scheme's default.
    """
    if ALLOWED_HOSTS not in spec.environment:
        return
    allowed = [host.strip() for host in spec.environment[ALLOWED_HOSTS].split(",")]
    for host in _requested_hosts(spec):
        if not any(fnmatchcase(host, pattern) for pattern in allowed):
            what = f"does not allow {host}, a host name of this service"
            yield Mistake(("environment", ALLOWED_HOSTS), what, f"add {host}")


def _requested_hosts(spec: ServiceDeclaration) -> Iterator[str]:
    if spec.discovery:
        yield f"{spec.discovery}.{spec.namespace}:{spec.port}"
    health = spec.health
    checked_here = health and health.path and health.command is None
    if checked_here and health and health.path not in _FOR_ANY_HOST:
        yield f"localhost:{spec.port}"
    for route in spec.routes:
        if not set(route.host) & set("*?"):
            yield route.host
