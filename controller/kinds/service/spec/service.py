"""The declaration of a service, with the rules between its fields."""

from typing import Self

from pydantic import model_validator

from controller.core.document.fields import reject, reject_all
from controller.core.document.platform import Platform
from controller.core.document.resource import ResourceId
from controller.core.resources.kind import no_references
from controller.core.values.identity import client_token
from controller.kinds.service.spec.aws_fields import check_fields, check_service
from controller.kinds.service.spec.checks import mistakes, mistakes_in_place
from controller.kinds.service.spec.declaration import ServiceDeclaration
from controller.kinds.service.spec.fargate import check_size

# CreateTargetGroup, field Name; Elastic Load Balancing API reference.
LONGEST_GROUP = 32


class ServiceSpec(ServiceDeclaration):
    """A service on ECS: its containers, its routes and its deployment settings."""

    @model_validator(mode="after")
    def _memory_fits_cpu(self) -> Self:
        check_size(self.cpu, self.memory)
        return self

    @model_validator(mode="after")
    def _secrets_are_apart(self) -> Self:
        for name in sorted(self.environment.keys() & self.secrets.keys()):
            hint = "keep one of them"
            reject("is also set in environment", hint, f"secrets.{name}")
        for name, reference in self.secrets.items():
            if reference.store == "env":
                what = "cannot come from the controller's environment: ECS reads it"
                reject(what, "write secretsmanager or ssm", f"secrets.{name}")
        return self

    @model_validator(mode="after")
    def _count_or_scaling(self) -> Self:
        if self.scaling is not None and self.desired_count is not None:
            hint = "leave it out, or leave out scaling"
            what = "conflicts with scaling, which sets the number of tasks"
            reject(what, hint, "desired_count")
        return self

    @model_validator(mode="after")
    def _step_names_are_unique(self) -> Self:
        names = [step.name for step in self.before]
        for index, name in enumerate(names):
            if name in names[:index]:
                reject(f"has two steps named {name}", field="before")
        return self

    @model_validator(mode="after")
    def _aws_fields_are_consistent(self) -> Self:
        for at in ("task", "service"):
            check_fields(getattr(self, at), at)
        check_service(self.service, self.desired_count, self.discovery)
        return self

    @model_validator(mode="after")
    def _has_port(self) -> Self:
        if self.port is None and self.health and self.health.path:
            reject("needs the service's port", "add port", "health.path")
        if self.port is None and self.routes:
            reject("need the service's port", "add port", "routes")
        return self

    @model_validator(mode="after")
    def _has_no_mistakes(self) -> Self:
        reject_all(mistakes(self))
        return self


references = no_references


def served_hosts(spec: ServiceSpec) -> frozenset[str]:
    """Return the hosts of the routes of a service, with their wildcards."""
    return frozenset(route.host for route in spec.routes)


def read_parameters(spec: ServiceSpec) -> frozenset[str]:
    """Return the SSM parameters that the containers read, by their full paths."""
    declared = {reference.ssm for reference in spec.secrets.values() if reference.ssm}
    containers = dict(spec.task).get("containerDefinitions", ())
    written = (
        str(secret.get("valueFrom", ""))
        for container in containers
        for secret in container.get("secrets", ())
    )
    return frozenset(declared) | {_path_of(value) for value in written}


def _path_of(value_from: str) -> str:
    """Return the path of a parameter that is written as a path or an ARN."""
    head, separator, path = value_from.partition(":parameter/")
    return f"/{path}" if separator else head


def mentions(spec: ServiceSpec) -> frozenset[ResourceId]:
    """Return the services that ``spec`` connects to."""
    return frozenset(c.target for c in spec.connects if c.target)


def complete(name: str, spec: ServiceSpec, platform: Platform) -> ServiceSpec:
    """Return ``spec`` with the defaults that follow from its key and the platform.

    Raises:
        ValueError: AWS would refuse a value that the local platform accepts, or a value
            does not fit the platform's names.
    """
    if platform.environment != "local":
        _accepted_by_aws(spec)
    service = spec.name or platform.service_name(name)
    fields = dict(spec.service)
    completed = spec.model_copy(
        update={
            "desired_count": fields.pop("desiredCount", spec.desired_count),
            "service": fields,
            "name": service,
            "cluster": spec.cluster or platform.cluster,
            "log_group": spec.log_group or f"/ecs/{service}",
            "routes": tuple(
                route.model_copy(
                    update={"load_balancer": route.load_balancer or platform.balancer}
                )
                for route in spec.routes
            ),
            "load_balancer": platform.balancer,
            "target_group": group_name(platform.service_name(name)),
            "namespace": platform.namespace,
            "owner": platform.owner,
            "region": platform.region,
            "account": platform.account,
            "roles": spec.roles.completed(platform),
            "network": spec.network.completed(platform),
        }
    )
    reject_all(mistakes_in_place(completed))
    return completed


def group_name(service: str) -> str:
    """Return the name of a service's target group: at most 32 characters.

    A shortened name ends in a hash, which keeps names unique.
    """
    if len(service) <= LONGEST_GROUP:
        return service.replace("_", "-")
    digest = client_token("target group", service)[:6]
    return f"{service[: LONGEST_GROUP - 7].strip('-_').replace('_', '-')}-{digest}"


def _accepted_by_aws(spec: ServiceSpec) -> None:
    """Raise if a health check is faster than ECS allows."""
    for field, least in (("interval", 5), ("timeout", 2)):
        if spec.health and getattr(spec.health, field) < least:
            what = f"must be at least {least} s on AWS"
            reject(what, field=f"health.{field}")
