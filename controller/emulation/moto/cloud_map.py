"""From Cloud Map's registrations in moto to DNS answers."""

from collections.abc import Callable, Iterator, Sequence
from threading import RLock
from typing import Any

from controller.emulation.moto.effects import MotoLocation

DEFAULT_TTL = 10


def cloud_map_lookup(
    place: MotoLocation, lock: RLock
) -> Callable[[str], Sequence[str] | None]:
    """Return a lookup of names such as ``mlflow.hokusai-development.local``.

    A registered service without instances is a name without addresses; what was
    never registered is no name. Cloud Map hands out healthy instances, and all
    of them when none is healthy.
    """

    def lookup(name: str) -> Sequence[str] | None:
        with lock:
            service = _find(place, name)
            return None if service is None else _addresses(service)

    return lookup


def cloud_map_ttl(place: MotoLocation, lock: RLock) -> Callable[[str], int]:
    """Return what tells how long an answer for a name may be kept."""

    def ttl(name: str) -> int:
        with lock:
            service = _find(place, name)
            config = (service.dns_config if service else None) or {}
            records = config.get("DnsRecords") or [{}]
            return int(records[0].get("TTL", DEFAULT_TTL))

    return ttl


def cloud_map_zones(place: MotoLocation, lock: RLock) -> Callable[[], Sequence[str]]:
    """Return what tells the namespaces that are DNS zones."""

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
        wanted = name.removesuffix(suffix)
        for service in place.backend("servicediscovery").services.values():
            ours = service.namespace_id == namespace.id
            if ours and service.name.lower() == wanted:
                return service
    return None


def _addresses(service: Any) -> Sequence[str]:
    healthy = [i for i in service.instances if i.health_status == "HEALTHY"]
    found = [
        i.attributes.get("AWS_INSTANCE_IPV4") for i in healthy or service.instances
    ]
    return [address for address in found if address]
