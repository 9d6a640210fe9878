"""Reads of Cloud Map: names of services, and their registered instances."""

import threading
from collections.abc import Mapping
from typing import Any

from controller.clients.aws.calls import paginated
from controller.core.dependencies import Aws


class CloudMapReader:
    """Reads of Cloud Map. Names never change and are cached. Thread-safe."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._services: dict[str, tuple[str, str]] = {}
        self._namespaces: dict[str, str] = {}

    def name_of(self, registry_arn: str) -> str:
        """Return the name of a Cloud Map service."""
        return self._service(registry_arn)[0]

    def host_of(self, registry_arn: str) -> str:
        """Return the DNS name of a Cloud Map service."""
        name, namespace = self._service(registry_arn)
        return f"{name}.{self.namespace_of(namespace)}"

    def namespace_of(self, arn: str) -> str:
        """Return the name of a namespace, by its ARN or id."""
        id_ = _id(arn)
        with self._lock:
            known = self._namespaces.get(id_)
        if known is not None:
            return known
        answer = self._aws.call("servicediscovery", "GetNamespace", Id=id_)
        name = str(answer["Namespace"]["Name"])
        with self._lock:
            self._namespaces[id_] = name
        return name

    def instances(self, registry_arn: str) -> dict[str, Mapping[str, Any]]:
        """Return the attributes of the registered instances, by id; never cached."""
        found = paginated(
            self._aws,
            "servicediscovery",
            "ListInstances",
            "Instances",
            ServiceId=_id(registry_arn),
        )
        return {one["Id"]: one.get("Attributes", {}) for one in found}

    def _service(self, registry_arn: str) -> tuple[str, str]:
        """Return the name of a service and the id of its namespace."""
        with self._lock:
            known = self._services.get(registry_arn)
        if known is not None:
            return known
        answer = self._aws.call("servicediscovery", "GetService", Id=_id(registry_arn))[
            "Service"
        ]
        # Only recent responses have the id of the namespace outside of the DNS records.
        namespace = answer.get("NamespaceId") or answer.get("DnsConfig", {}).get(
            "NamespaceId", ""
        )
        found = (str(answer["Name"]), str(namespace))
        with self._lock:
            self._services[registry_arn] = found
        return found


def instance_address(attributes: Mapping[str, Any]) -> str:
    """Return the address of a registered instance; empty if it has none."""
    return str(
        attributes.get("AWS_INSTANCE_IPV4") or attributes.get("AWS_INSTANCE_IPV6", "")
    )


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]
