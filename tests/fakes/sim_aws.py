"""AWS in memory: the ECS simulator, and the little that stands around it."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from controller.clients.aws import is_write
from controller.clients.aws.errors import driver_error
from controller.core.clock import Clock
from tests.fakes.sim_ecr import Registry
from tests.fakes.sim_ecs import ACCOUNT, REGION, EcsBackend, RefusalError
from tests.fakes.sim_elbv2 import LoadBalancing
from tests.fakes.sim_map import CloudMap
from tests.fakes.sim_scaling import AutoScaling
from tests.fakes.sim_shelf import Shelf, VersionedShelf
from tests.fakes.sim_surroundings import Network, Roles
from tests.fakes.sim_wire import Wire

_LISTS = frozenset({"ListTaskDefinitions", "DescribeServices", "ListServices"})


class Parameters(VersionedShelf):
    """SSM's parameters."""

    def GetParameter(self, asked: Mapping[str, Any]) -> Any:
        """Return one parameter."""
        return {"Parameter": {"Value": self._of(asked["Name"], "ParameterNotFound")}}

    def DescribeParameters(self, asked: Mapping[str, Any]) -> Any:
        """Return the names of those that are asked for and there."""
        names = asked["ParameterFilters"][0]["Values"]
        return {
            "Parameters": [
                {"Name": n, "Version": self.number(n), "LastModifiedDate": self.made(n)}
                for n in names
                if n in self.things
            ]
        }

    def PutParameter(self, asked: Mapping[str, Any]) -> Any:
        """Set one parameter."""
        self.put("PutParameter", asked["Name"], asked["Value"])
        return {"Version": 1}


class SecretsManager(VersionedShelf):
    """Secrets Manager's secrets."""

    def GetSecretValue(self, asked: Mapping[str, Any]) -> Any:
        """Return one secret."""
        value = self._of(asked["SecretId"], "ResourceNotFoundException")
        return {"SecretString": value}

    def DescribeSecret(self, asked: Mapping[str, Any]) -> Any:
        """Return that a secret is there, and when it was changed last."""
        name = asked["SecretId"].rpartition(":secret:")[2] or asked["SecretId"]
        self._of(name, "ResourceNotFoundException")
        return {"Name": name, "LastChangedDate": self.made(name)}

    def ListSecretVersionIds(self, asked: Mapping[str, Any]) -> Any:
        """Return the current version of a secret."""
        name = asked["SecretId"].rpartition(":secret:")[2]
        self._of(name, "ResourceNotFoundException")
        version = {
            "VersionId": f"version-{self.number(name)}",
            "VersionStages": ["AWSCURRENT"],
            "CreatedDate": self.made(name),
        }
        return {"Versions": [version]}


class Logs(Shelf):
    """CloudWatch's log groups."""

    def CreateLogGroup(self, asked: Mapping[str, Any]) -> Any:
        """Make a log group, once."""
        name = asked["logGroupName"]
        if name in self.things:
            code = "ResourceAlreadyExistsException"
            raise RefusalError(code, "The specified log group already exists", 400)
        self.put("CreateLogGroup", name, {"tags": asked.get("tags", {})})
        return {}

    def DescribeLogGroups(self, asked: Mapping[str, Any]) -> Any:
        """Return the log groups whose name begins as asked."""
        prefix = asked.get("logGroupNamePrefix", "")
        groups = [
            {
                "logGroupName": name,
                "arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*",
                **{k: v for k, v in thing.items() if k == "retentionInDays"},
            }
            for name, thing in sorted(self.things.items())
            if name.startswith(prefix)
        ]
        return {"logGroups": groups}

    def GetLogEvents(self, asked: Mapping[str, Any]) -> Any:
        """Return nothing: simulated tasks say nothing."""
        self._of(asked["logStreamName"], "ResourceNotFoundException")
        return {"events": []}

    def ListTagsForResource(self, asked: Mapping[str, Any]) -> Any:
        """Return the tags of a log group."""
        name = asked["resourceArn"].partition(":log-group:")[2]
        return {"tags": self._of(name, "ResourceNotFoundException")["tags"]}

    def PutRetentionPolicy(self, asked: Mapping[str, Any]) -> Any:
        """Say how long logs are kept."""
        name = asked["logGroupName"]
        thing = self._of(name, "ResourceNotFoundException")
        days = {**thing, "retentionInDays": asked["retentionInDays"]}
        self.put("PutRetentionPolicy", name, days)
        return {}


class SimulatedAws:
    """The one door; see ``clients.aws.Aws``."""

    def __init__(self, wire: Wire, clock: Clock, namespace: str) -> None:
        self._wire = wire
        self.ecs = EcsBackend(clock)
        self.map = CloudMap(namespace, self.ecs.around)
        self.balancing = LoadBalancing(self.ecs.around)
        self.ecs.around.forwards = self.balancing.forwards
        self.ssm = Parameters("ssm")
        self.secrets = SecretsManager("secretsmanager")
        self.logs = Logs("logs")
        self.ecr = Registry()
        self.ecs.around.registry = self.ecr
        self.shelves = (
            self.map,
            self.ssm,
            self.secrets,
            self.logs,
            self.balancing,
            Network(),
            Roles(),
            AutoScaling(),
            self.ecr,
        )
        self._by_name = {backend.name: backend for backend in (self.ecs, *self.shelves)}

    def call(
        self, service: str, operation: str, /, **parameters: Any
    ) -> dict[str, Any]:
        """Answer one call, or raise what the real door raises."""
        backend: Any = self._by_name[service]

        def perform() -> Any:
            try:
                return backend.perform(operation, parameters)
            except RefusalError as refusal:
                raise _translated(refusal, service, operation, parameters) from refusal

        answer: dict[str, Any] = self._wire.call(
            backend,
            f"{service}:{operation}",
            writes=is_write(operation),
            perform=perform,
            lists=operation in _LISTS,
        )
        return answer


def _translated(
    refusal: RefusalError,
    service: str,
    operation: str,
    parameters: Mapping[str, Any],
) -> Exception:
    """Return ``refusal`` as the real door would raise it, by its own tables."""
    code, message, status = refusal.args
    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    error = ClientError(answer, operation)
    return driver_error(error, service, operation, parameters)
