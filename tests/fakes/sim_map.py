"""Cloud Map in memory: one namespace with services and instances."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.sim_ecs import ACCOUNT, REGION, Around, RefusalError
from tests.fakes.sim_shelf import Shelf


class CloudMap(Shelf):
    """Cloud Map with one namespace."""

    def __init__(self, namespace: str, around: Around) -> None:
        super().__init__("servicediscovery")
        self.namespace = namespace
        self._around = around

    def ListNamespaces(self, _parameters: Mapping[str, Any]) -> Any:
        """Return the namespace."""
        return {"Namespaces": [{"Name": self.namespace, "Id": "ns-1"}]}

    def ListServices(self, _parameters: Mapping[str, Any]) -> Any:
        """Return all services."""
        return {"Services": [self.things[name] for name in sorted(self.things)]}

    def GetService(self, parameters: Mapping[str, Any]) -> Any:
        """Return one service."""
        for service in self.things.values():
            if service["Id"] == parameters["Id"]:
                return {"Service": service}
        code, words = "ServiceNotFound", "no such service"
        raise RefusalError(code, words, 400)

    def GetNamespace(self, _parameters: Mapping[str, Any]) -> Any:
        """Return the namespace."""
        return {"Namespace": {"Name": self.namespace, "Id": "ns-1"}}

    def CreateService(self, parameters: Mapping[str, Any]) -> Any:
        """Create a service; a repeated request returns the same one."""
        known = self.things.get(parameters["Name"])
        if known is not None and known["Request"] != parameters["CreatorRequestId"]:
            code, words = "ServiceAlreadyExists", "it exists"
            raise RefusalError(code, words, 400)
        id_ = f"srv-{len(self.things) + 1}" if known is None else known["Id"]
        thing = {
            "Name": parameters["Name"],
            "Id": id_,
            "Arn": _arn(id_),
            "NamespaceId": "ns-1",
            "Request": parameters["CreatorRequestId"],
            "Tags": parameters.get("Tags", []),
        }
        self.put("CreateService", parameters["Name"], thing)
        return {"Service": thing}

    def ListInstances(self, parameters: Mapping[str, Any]) -> Any:
        """Return the instances of a service."""
        known = self._around.instances.get(_arn(parameters["ServiceId"]), {})
        return {
            "Instances": [
                {"Id": id_, "Attributes": {"AWS_INSTANCE_IPV4": address}}
                for id_, address in sorted(known.items())
            ]
        }

    def ListTagsForResource(self, parameters: Mapping[str, Any]) -> Any:
        """Return the tags of a service."""
        for service in self.things.values():
            if service["Arn"] == parameters["ResourceARN"]:
                return {"Tags": service["Tags"]}
        code, words = "ResourceNotFoundException", "no such service"
        raise RefusalError(code, words, 400)

    def DeregisterInstance(self, parameters: Mapping[str, Any]) -> Any:
        """Remove an instance."""
        known = self._around.instances.get(_arn(parameters["ServiceId"]), {})
        if known.pop(parameters["InstanceId"], None) is None:
            code, words = "InstanceNotFound", "no such instance"
            raise RefusalError(code, words, 400)
        self.changed["DeregisterInstance", parameters["ServiceId"]] += 1
        return {}


def _arn(id_: str) -> str:
    return f"arn:aws:servicediscovery:{REGION}:{ACCOUNT}:service/{id_}"
