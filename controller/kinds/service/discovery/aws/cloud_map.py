"""Cloud Map services, which give the tasks of a service a DNS name."""

from typing import Any

from controller.clients.aws import paginated
from controller.clients.aws.cloud_map import CloudMapReader
from controller.core.errors import ConflictError, NotFoundError
from controller.core.values.identity import OWNER_TAG, client_token
from controller.kinds.service.spec.service import ServiceSpec

# Short, so that clients soon find a replaced task.
TTL_SECONDS = 10


class CloudMap(CloudMapReader):
    """Lookup and creation of the Cloud Map services of declared services."""

    def ensure(self, spec: ServiceSpec) -> str:
        """Return the ARN of the Cloud Map service ``spec.discovery``; create it if missing.

        Safe to repeat: the request id makes the creation idempotent.
        """
        namespace = self._namespace(spec.namespace)
        found = self._find(namespace, spec.discovery or "")
        if found is not None:
            return found
        try:
            answer = self._aws.call(
                "servicediscovery",
                "CreateService",
                Name=spec.discovery,
                NamespaceId=namespace,
                CreatorRequestId=client_token("discovery", spec.namespace, spec.name),
                DnsConfig={
                    "RoutingPolicy": "MULTIVALUE",
                    "DnsRecords": [{"Type": "A", "TTL": TTL_SECONDS}],
                },
                HealthCheckCustomConfig={"FailureThreshold": 1},
                Tags=[{"Key": OWNER_TAG, "Value": spec.owner}],
            )
        except ConflictError:
            found = self._find(namespace, spec.discovery or "")
            if found is None:
                raise
            return found
        return str(answer["Service"]["Arn"])

    def _find(self, namespace: str, name: str) -> str | None:
        filters: list[dict[str, Any]] = [
            {"Name": "NAMESPACE_ID", "Values": [namespace], "Condition": "EQ"}
        ]
        services = paginated(
            self._aws, "servicediscovery", "ListServices", "Services", Filters=filters
        )
        return next((s["Arn"] for s in services if s["Name"] == name), None)

    def _namespace(self, name: str) -> str:
        namespaces = paginated(
            self._aws, "servicediscovery", "ListNamespaces", "Namespaces"
        )
        for namespace in namespaces:
            if namespace["Name"] == name:
                return str(namespace["Id"])
        msg = (
            f"Cloud Map namespace {name} does not exist: create it with `aws "
            "servicediscovery create-private-dns-namespace "
            f"--name {name} --vpc <vpc id>`"
        )
        raise NotFoundError(msg)
