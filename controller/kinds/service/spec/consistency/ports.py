"""Rules for ports of containers and the fields that refer to them."""

from collections.abc import Iterator

from controller.core.document.fields import Mistake
from controller.kinds.service.spec.consistency.places import (
    DeclaredAt,
    Fields,
    Place,
    listed,
    one_of,
)

# Network modes in which the container's port is the port of the network interface.
_ONE_PORT = frozenset({"awsvpc", "host"})


def unequal_host_ports(written: DeclaredAt) -> Iterator[Mistake]:
    """Yield host ports that differ from the container's port.

    API reference, PortMapping.hostPort: in awsvpc and host mode, it equals the
    containerPort or is omitted.
    """
    mode = written.definition.get("networkMode")
    for place, _, mapping in written.entries("portMappings"):
        host, inner = mapping.get("hostPort"), mapping.get("containerPort")
        if mode in _ONE_PORT and host and inner is not None and host != inner:
            what = f"must equal containerPort, {inner}, in network mode {mode}"
            yield Mistake((*place, "hostPort"), what, "leave it out")


def unknown_ports(written: DeclaredAt) -> Iterator[Mistake]:
    """Yield unknown containers and ports in load balancers and service registries.

    API reference, LoadBalancer and ServiceRegistry: containerName and containerPort are
    those of a container definition of the service's tasks, and of one of its ports.
    """
    for field in ("loadBalancers", "serviceRegistries"):
        for below, entry in listed(written.service, field):
            yield from _unreachable(written, ("service", *below), entry)


def unknown_port_names(written: DeclaredAt) -> Iterator[Mistake]:
    """Yield port names that are duplicated, or that no port has.

    API reference, PortMapping.name, ServiceConnectService.portName and
    VpcLatticeConfiguration.portName: Service Connect and VPC Lattice refer to a port by
    its name, among the ports of all containers of the task.
    """
    named = [
        mapping["name"]
        for container in written.containers.values()
        for mapping in container.get("portMappings") or ()
        if mapping.get("name")
    ]
    yield from _named_twice(written, named)
    for field in (
        ("serviceConnectConfiguration", "services"),
        ("vpcLatticeConfigurations",),
    ):
        for below, entry in listed(written.service, *field):
            name = entry.get("portName")
            if name is not None and name not in named:
                hint = one_of(iter(named)) or "give a port mapping this name"
                what = f"refers to an unknown port name: {name}"
                yield Mistake(("service", *below, "portName"), what, hint)


def _named_twice(written: DeclaredAt, named: list[str]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for place, _, mapping in written.entries("portMappings"):
        name = mapping.get("name")
        if name and name in seen and named.count(name) > 1:
            yield Mistake(
                (*place, "name"), f"is used twice: {name}", "keep one of them"
            )
        seen.add(name or "")


def _unreachable(written: DeclaredAt, place: Place, entry: Fields) -> Iterator[Mistake]:
    name, port = entry.get("containerName"), entry.get("containerPort")
    containers = written.containers
    if name is None:
        return
    if name not in containers:
        what = f"refers to an unknown container: {name}"
        yield Mistake((*place, "containerName"), what, one_of(containers))
    elif port is not None and not _listens(containers[name], port):
        hint = f"add it to portMappings of {name}"
        what = f"is not a port of {name}: {port}"
        yield Mistake((*place, "containerPort"), what, hint)


def _listens(container: Fields, port: int) -> bool:
    for mapping in container.get("portMappings") or ():
        if mapping.get("containerPort") == port:
            return True
        first, _, last = str(mapping.get("containerPortRange") or "").partition("-")
        if first.isdecimal() and last.isdecimal() and int(first) <= port <= int(last):
            return True
    return False
