"""The main container of a live service, and its new name.

The document declares the main container under the name of the service. A container that
has another name is renamed, together with every reference to it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from controller.core.values.paths import Plain
from controller.core.values.plain_data import copied

Fields = Mapping[str, Any]


def own_container(
    name: str, containers: Sequence[Fields], service: Fields
) -> Mapping[str, Any]:
    """Return the main container of a service.

    It is the container with the name of the service; otherwise the one that load
    balancers, registries, Service Connect or port mappings lead to; otherwise the first
    essential one. A position in the list alone is no sign: ECS returns containers in any
    order.

    Args:
        name: Name of the service.
        containers: Containers of its task definition.
        service: Service from DescribeServices.

    Raises:
        ValueError: The task definition has no containers.
    """
    if not containers:
        msg = "its task definition has no containers"
        raise ValueError(msg)
    named = (c for c in containers if c.get("name") == name)
    return next(named, None) or max(
        reversed(containers), key=lambda found: _signs(found, service)
    )


def renamed_definition(definition: Fields, old: str, new: str) -> Plain:
    """Return a task definition in which the container ``old`` is named ``new``."""
    found: Plain = copied(dict(definition))
    for container in found.get("containerDefinitions", ()):
        _rename(container, "name", old, new)
        for condition in container.get("dependsOn") or ():
            _rename(condition, "containerName", old, new)
        for source in container.get("volumesFrom") or ():
            _rename(source, "sourceContainer", old, new)
        if container.get("links"):
            container["links"] = [_link(link, old, new) for link in container["links"]]
    _rename(found.get("proxyConfiguration") or {}, "containerName", old, new)
    return found


def renamed_service(service: Fields, old: str, new: str) -> Plain:
    """Return a service whose references to the container ``old`` lead to ``new``."""
    found: Plain = copied(dict(service))
    for field in ("loadBalancers", "serviceRegistries"):
        for entry in found.get(field) or ():
            _rename(entry, "containerName", old, new)
    return found


def _signs(container: Fields, service: Fields) -> tuple[bool, ...]:
    """Return the signs that a container is the main one, the strongest first."""
    ports = container.get("portMappings") or ()
    return (
        any(_is_target(container, entry) for entry in service.get("loadBalancers", ())),
        any(
            _is_target(container, entry)
            for entry in service.get("serviceRegistries", ())
        ),
        bool({p.get("name") for p in ports} & {*_connected_ports(service)}),
        not container.get("firelensConfiguration"),
        bool(ports) and container.get("essential", True),
        bool(ports),
        container.get("essential", True),
    )


def _is_target(container: Fields, entry: Fields) -> bool:
    """Return True if a load balancer or registry leads to ``container``."""
    if entry.get("containerName"):
        return bool(entry["containerName"] == container.get("name"))
    ports = {p.get("containerPort") for p in container.get("portMappings") or ()}
    return bool(({entry.get("containerPort"), entry.get("port")} - {None}) & ports)


def _connected_ports(service: Fields) -> Iterator[str]:
    """Yield the names of the ports that Service Connect offers to other services."""
    deployments = service.get("deployments") or ()
    primary = (d for d in deployments if d.get("status") == "PRIMARY")
    for place in (service, *primary):
        connect = place.get("serviceConnectConfiguration") or {}
        for entry in connect.get("services") or ():
            yield entry.get("portName")


def _rename(fields: Plain, field: str, old: str, new: str) -> None:
    if fields.get(field) == old:
        fields[field] = new


def _link(link: str, old: str, new: str) -> str:
    """Return a link, ``name`` or ``name:alias``, with the container's new name."""
    name, separator, alias = link.partition(":")
    return f"{new}{separator}{alias}" if name == old else link
