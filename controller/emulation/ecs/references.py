"""Lookup of clusters, services and task definitions by name or ARN."""

from controller.emulation.ecs.errors import (
    client_error,
    cluster_not_found,
    invalid,
    service_not_found,
)
from controller.emulation.ecs.state import Body, Cluster, Definition, Service, World

ARN_PARTS = 6


def last_part(reference: str) -> str:
    """Return the part after the last slash: the name in an ARN, or the name itself."""
    return reference.rsplit("/", 1)[-1]


def resource_of(reference: str) -> str:
    """Return the resource part of an ARN, or the reference if it is not one."""
    parts = reference.split(":", ARN_PARTS - 1)
    is_arn = len(parts) == ARN_PARTS and parts[0] == "arn"
    return parts[-1] if is_arn else reference


def cluster_of(world: World, body: Body) -> Cluster:
    """Return the cluster that a request names; ``default`` if it names none."""
    cluster = world.clusters.get(last_part(body.get("cluster") or "default"))
    if cluster is None or cluster.status != "ACTIVE":
        raise cluster_not_found()
    return cluster


def find_service(cluster: Cluster, reference: str) -> Service | None:
    """Return a service by name or ARN, or None; an ARN must match exactly."""
    service = cluster.services.get(last_part(reference))
    if service and reference.startswith("arn:") and service.arn != reference:
        return None
    return service


def service_of(world: World, body: Body, key: str = "service") -> Service:
    """Return the service that a request names."""
    service = find_service(cluster_of(world, body), body[key])
    if service is None:
        raise service_not_found()
    return service


def find_definition(world: World, reference: str) -> Definition | None:
    """Return a revision by ``family``, ``family:revision`` or ARN."""
    family, _, revision = last_part(resource_of(reference)).partition(":")
    revisions = world.definitions.get(family, {})
    if revision:
        return revisions.get(int(revision)) if revision.isdigit() else None
    active = [d for d in revisions.values() if d.status == "ACTIVE"]
    return active[-1] if active else None


def runnable_definition(world: World, reference: str | None) -> Definition:
    """Return the revision for new tasks; it must be ACTIVE."""
    if not reference:
        message = "TaskDefinition can not be blank."
        raise invalid(message)
    definition = find_definition(world, reference)
    if definition is None:
        message = "TaskDefinition not found."
        raise client_error(message)
    if definition.status != "ACTIVE":
        message = "TaskDefinition is inactive"
        raise client_error(message)
    return definition


def definition_at(world: World, arn: str) -> Definition:
    """Return the revision with this ARN, of any status."""
    definition = find_definition(world, arn)
    if definition is None:
        msg = f"{arn} does not exist, although a service or task refers to it"
        raise LookupError(msg)
    return definition
