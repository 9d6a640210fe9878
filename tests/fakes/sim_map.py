"""Cloud Map in memory: one namespace, the services in it, and who is registered."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.sim_ecs import ACCOUNT, REGION, Around, RefusalError
from tests.fakes.sim_shelf import Shelf


class CloudMap(Shelf):
    """Cloud Map: one namespace, and the services in it."""

    def __init__(self, namespace: str, around: Around) -> None:
        super().__init__("servicediscovery")
        self.namespace = namespace
        self._around = around

    def ListNamespaces(self, _asked: Mapping[str, Any]) -> Any:
        """Return the one namespace."""
        return {"Namespaces": [{"Name": self.namespace, "Id": "ns-1"}]}

    def ListServices(self, _asked: Mapping[str, Any]) -> Any:
        """Return all services."""
        return {"Services": [self.things[name] for name in sorted(self.things)]}

    def GetService(self, asked: Mapping[str, Any]) -> Any:
        """Return one service."""
        for service in self.things.values():
            if service["Id"] == asked["Id"]:
                return {"Service": service}
        code, words = "ServiceNotFound", "no such service"
        raise RefusalError(code, words, 400)

    def CreateService(self, asked: Mapping[str, Any]) -> Any:
        """Make a service; the same request again is the first one."""
        known = self.things.get(asked["Name"])
        if known is not None and known["Request"] != asked["CreatorRequestId"]:
            code, words = "ServiceAlreadyExists", "it exists"
            raise RefusalError(code, words, 400)
        id_ = f"srv-{len(self.things) + 1}" if known is None else known["Id"]
        thing = {
            "Name": asked["Name"],
            "Id": id_,
            "Arn": _arn(id_),
            "Request": asked["CreatorRequestId"],
            "Tags": asked.get("Tags", []),
        }
        self.put("CreateService", asked["Name"], thing)
        return {"Service": thing}

    def ListInstances(self, asked: Mapping[str, Any]) -> Any:
        """Return who is registered under a name."""
        known = self._around.instances.get(_arn(asked["ServiceId"]), {})
        return {
            "Instances": [
                {"Id": id_, "Attributes": {"AWS_INSTANCE_IPV4": address}}
                for id_, address in sorted(known.items())
            ]
        }

    def ListTagsForResource(self, asked: Mapping[str, Any]) -> Any:
        """Return the tags of a service."""
        for service in self.things.values():
            if service["Arn"] == asked["ResourceARN"]:
                return {"Tags": service["Tags"]}
        code, words = "ResourceNotFoundException", "no such service"
        raise RefusalError(code, words, 400)

    def DeregisterInstance(self, asked: Mapping[str, Any]) -> Any:
        """Take an instance out."""
        known = self._around.instances.get(_arn(asked["ServiceId"]), {})
        if known.pop(asked["InstanceId"], None) is None:
            code, words = "InstanceNotFound", "no such instance"
            raise RefusalError(code, words, 400)
        self.changed["DeregisterInstance", asked["ServiceId"]] += 1
        return {}


def _arn(id_: str) -> str:
    return f"arn:aws:servicediscovery:{REGION}:{ACCOUNT}:service/{id_}"
