"""Mistakes that show in the document alone, before anything is asked of AWS."""

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
from controller.kinds.service.spec.limits import out_of_bounds

ALLOWED_HOSTS = "MLFLOW_SERVER_ALLOWED_HOSTS"
TRACKING = "MLFLOW_TRACKING_URI"
# MLflow answers these whatever host was asked for; mlflow.server.security_utils.
_FOR_ANY_HOST = frozenset({"/health", "/version"})


def mistakes(spec: ServiceDeclaration) -> Iterator[Mistake]:
    """Yield what contradicts itself in ``spec`` as it was written."""
    yield from out_of_bounds(spec.task, spec.service)
    yield from _scaling(spec)
    yield from _requirements(spec)
    yield from _environment(spec)
    yield from _certificates(spec)
    yield from _deployment(spec)
    yield from _open_doors(spec)


def mistakes_in_place(spec: ServiceDeclaration) -> Iterator[Mistake]:
    """Yield what does not fit the platform that ``spec`` was completed with."""
    for key, type_ in spec.requires.items():
        if type_of(type_).name == "host in namespace":
            yield from _misfits(spec, key)
    yield from _allowed_hosts(spec)


def is_mlflow(spec: ServiceDeclaration) -> bool:
    """Whether it is an MLflow server, which asks nobody who they are."""
    return runs_mlflow(spec.image, spec.command)


def runs_mlflow(image: str, command: Sequence[str]) -> bool:
    """Whether a container of that image, or with that command, is an MLflow server."""
    repository = image.rpartition("/")[2].partition("@")[0].partition(":")[0]
    return "mlflow" in re.split("[-_.]", repository) or "mlflow" in command


def _scaling(spec: ServiceDeclaration) -> Iterator[Mistake]:
    if spec.scaling is not None and "desiredCount" in spec.service:
        what = "is chosen between the numbers under scaling"
        yield Mistake(("service", "desiredCount"), what, "leave it out")


def _requirements(spec: ServiceDeclaration) -> Iterator[Mistake]:
    for key in spec.requires:
        names = names_of(key)
        if not any(name in spec.environment or name in spec.secrets for name in names):
            what = f"is required, and {' or '.join(names)} is not set"
            hint = f"add {names[0]} to environment or secrets"
            yield Mistake(("requires", key), what, hint)
        elif type_of(spec.requires[key]).name != "host in namespace":
            yield from _misfits(spec, key)


def _misfits(spec: ServiceDeclaration, key: str) -> Iterator[Mistake]:
    """Yield what is written under the names of ``key`` and is not of its type."""
    type_ = type_of(spec.requires[key])
    for name in names_of(key):
        if name in spec.environment:
            what = misfit(spec.environment[name], type_, spec.namespace)
            if what:
                yield Mistake(("environment", name), what)


def _environment(spec: ServiceDeclaration) -> Iterator[Mistake]:
    for first, other in contradictions(spec.environment):
        hint = "keep one of them, or give both one value"
        what = f"stands for the same setting as {first}, which has another value"
        yield Mistake(("environment", other), what, hint)
    for name, value in spec.environment.items():
        if address := private_address(value):
            what = f"holds {address}, which changes whenever a task is replaced"
            yield Mistake(("environment", name), what, "write the host's name")


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
            yield Mistake(("secrets",), f"must hold {what}", f"add {name}")
    for name, value in spec.environment.items() if tls.client else ():
        if same_setting(name) == TRACKING and value.startswith("http://"):
            what = "is http, where no certificate is ever shown"
            yield Mistake(("environment", name), what, "write https")


def no_room(spec: ServiceDeclaration, count: int) -> str:
    """Return why no task of ``count`` could ever be replaced; empty if one can.

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
    """Yield what ECS could never carry out, or would give up too soon."""
    if what := no_room(spec, spec.desired_count or 0):
        hint = "raise maximum_percent, or lower minimum_healthy_percent"
        yield Mistake(("deployment",), what, hint)
    health = spec.health
    if spec.routes and health and health.grace < health.start_period:
        what = (
            f"is {health.grace} s, less than the start period: the load balancer would "
            "stop tasks that are still starting"
        )
        yield Mistake(("health", "grace"), what, f"write {health.start_period}s")


def _open_doors(spec: ServiceDeclaration) -> Iterator[Mistake]:
    if spec.authenticates or not is_mlflow(spec):
        return
    for index, route in enumerate(spec.routes):
        if route.unauthenticated is None:
            what = "leads straight to MLflow, which asks nobody who they are"
            hint = (
                "route to a service that asks, or say why not: "
                "`unauthenticated: <reason>`"
            )
            yield Mistake(("routes", index), what, hint)


def _allowed_hosts(spec: ServiceDeclaration) -> Iterator[Mistake]:
    """Yield the hosts that MLflow is asked for and would refuse.

    It compares the Host header, which has the port unless it is the scheme's own,
    with the list: exactly, or as a pattern if there is a ``*``.
    """
    if ALLOWED_HOSTS not in spec.environment:
        return
    allowed = [host.strip() for host in spec.environment[ALLOWED_HOSTS].split(",")]
    for host in _asked_for(spec):
        if not any(fnmatchcase(host, pattern) for pattern in allowed):
            what = f"does not allow {host}, by which the service is asked"
            yield Mistake(("environment", ALLOWED_HOSTS), what, f"add {host}")


def _asked_for(spec: ServiceDeclaration) -> Iterator[str]:
    if spec.discovery:
        yield f"{spec.discovery}.{spec.namespace}:{spec.port}"
    health = spec.health
    checked_here = health and health.path and health.command is None
    if checked_here and health and health.path not in _FOR_ANY_HOST:
        yield f"localhost:{spec.port}"
    for route in spec.routes:
        if not set(route.host) & set("*?"):
            yield route.host
