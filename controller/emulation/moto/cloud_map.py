"""DNS records from Cloud Map's registrations in moto."""

from collections.abc import Callable, Iterator, Sequence
from threading import RLock
from typing import Any

from controller.emulation.moto.effects import MotoLocation

DEFAULT_TTL = 10


def cloud_map_lookup(
    place: MotoLocation, lock: RLock
) -> Callable[[str], Sequence[str] | None]:
    """Return a lookup of names such as ``mlflow.hokusai-development.local``.

    A service without instances has a name without addresses; an unregistered service
    has no name. Cloud Map returns healthy instances, or all if none is healthy.
    """

    def lookup(name: str) -> Sequence[str] | None:
        with lock:
            service = _find(place, name)
            return None if service is None else _addresses(service)

    return lookup


def cloud_map_ttl(place: MotoLocation, lock: RLock) -> Callable[[str], int]:
    """Return a function that returns the TTL of a name."""

    def ttl(name: str) -> int:
        with lock:
            service = _find(place, name)
            config = (service.dns_config if service else None) or {}
            records = config.get("DnsRecords") or [{}]
            return int(records[0].get("TTL", DEFAULT_TTL))

    return ttl


def cloud_map_zones(place: MotoLocation, lock: RLock) -> Callable[[], Sequence[str]]:
    """Return a function that returns the DNS namespaces."""

    def zones() -> Sequence[str]:
        with lock:
            return [n.name.lower() for n in _dns_namespaces(place)]

    return zones


def _dns_namespaces(place: MotoLocation) -> Iterator[Any]:
    namespaces = place.backend("servicediscovery").namespaces.values()
    return (n for n in namespaces if n.type.startswith("DNS_"))


def _find(place: MotoLocation, name: str) -> Any:
    """Return moto's Cloud Map service of a name, or None."""
    for namespace in _dns_namespaces(place):
        suffix = f".{namespace.name.lower()}"
        if not name.endswith(suffix):
            continue
        service_name = name.removesuffix(suffix)
        for service in place.backend("servicediscovery").services.values():
            in_namespace = service.namespace_id == namespace.id
            if in_namespace and service.name.lower() == service_name:
                return service
    return None


def _addresses(service: Any) -> Sequence[str]:
    healthy = [i for i in service.instances if i.health_status == "HEALTHY"]
    found = [
        i.attributes.get("AWS_INSTANCE_IPV4") for i in healthy or service.instances
    ]
    return [address for address in found if address]
