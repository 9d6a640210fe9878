"""AWS in memory: the ECS simulator and small simulations of other services."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from controller.clients.aws import is_write
from controller.clients.aws.errors import driver_error
from controller.core.clock import Clock
from tests.fakes.sim_destinations import EventBuses, Queues
from tests.fakes.sim_ecr import Registry
from tests.fakes.sim_ecs import ACCOUNT, REGION, EcsBackend, RefusalError
from tests.fakes.sim_elbv2 import LoadBalancing
from tests.fakes.sim_map import CloudMap
from tests.fakes.sim_scaling import AutoScaling
from tests.fakes.sim_shelf import Shelf, VersionedShelf, history_of
from tests.fakes.sim_surroundings import Network, Roles
from tests.fakes.sim_wire import Wire

_LISTS = frozenset({"ListTaskDefinitions", "DescribeServices", "ListServices"})


class Parameters(VersionedShelf):
    """SSM Parameter Store, with the history and the tags of written parameters."""

    def __init__(self, clock: Clock) -> None:
        super().__init__("ssm")
        self._clock = clock

    def GetParameter(self, parameters: Mapping[str, Any]) -> Any:
        """Return one parameter."""
        name = parameters["Name"]
        return {
            "Parameter": {
                "Value": self._of(name, "ParameterNotFound"),
                "Version": self.number(name),
                "LastModifiedDate": self.made(name),
            }
        }

    def GetParameterHistory(self, parameters: Mapping[str, Any]) -> Any:
        """Return all versions of a parameter that was written by a call."""
        name = parameters["Name"]
        self._of(name, "ParameterNotFound")
        return {"Parameters": self.things.get(_versions(name), [])}

    def DescribeParameters(self, parameters: Mapping[str, Any]) -> Any:
        """Return the parameters with the requested names, or with a tag."""
        wanted = parameters["ParameterFilters"][0]
        key, values = wanted["Key"], wanted["Values"]
        names = values
        if key.startswith("tag:"):
            tagged = key.removeprefix("tag:")
            names = [n for n in self._written() if self.tags(n).get(tagged) in values]
        return {
            "Parameters": [
                {"Name": n, "Version": self.number(n), "LastModifiedDate": self.made(n)}
                for n in names
                if n in self.things
            ]
        }

    def ListTagsForResource(self, parameters: Mapping[str, Any]) -> Any:
        """Return the tags of a parameter."""
        name = parameters["ResourceId"]
        if name not in self.things:
            code = "InvalidResourceId"
            raise RefusalError(code, f"{name} does not exist", 400)
        pairs = sorted(self.tags(name).items())
        return {"TagList": [{"Key": key, "Value": value} for key, value in pairs]}

    def PutParameter(self, parameters: Mapping[str, Any]) -> Any:
        """Set one parameter."""
        name, overwrite = parameters["Name"], parameters.get("Overwrite", False)
        if name in self.things and not overwrite:
            code = "ParameterAlreadyExists"
            raise RefusalError(code, "The parameter already exists.", 400)
        if overwrite and "Tags" in parameters:
            code = "ValidationException"
            raise RefusalError(code, "tags and overwrite can't be used together", 400)
        at, is_new = self._clock.now().timestamp(), name not in self.things
        self.put("PutParameter", name, parameters["Value"])
        number = 1 if is_new else self.number(name) + 1
        self.things[history_of(name)] = [number, at]
        version = {
            "Version": number,
            "Value": parameters["Value"],
            "LastModifiedDate": at,
        }
        versions = [] if is_new else self.things.get(_versions(name), [])
        self.things[_versions(name)] = [*versions, version]
        if "Tags" in parameters:
            tags = {tag["Key"]: tag["Value"] for tag in parameters["Tags"]}
            self.things[_tags(name)] = tags
        return {"Version": number}

    def DeleteParameter(self, parameters: Mapping[str, Any]) -> Any:
        """Delete one parameter."""
        name = parameters["Name"]
        self._of(name, "ParameterNotFound")
        self.changed["DeleteParameter", name] += 1
        for key in (name, history_of(name), _versions(name), _tags(name)):
            self.things.pop(key, None)
        return {}

    def tags(self, name: str) -> Mapping[str, str]:
        """Return the tags of a parameter."""
        found: Mapping[str, str] = self.things.get(_tags(name), {})
        return found

    def _written(self) -> list[str]:
        return sorted(name for name in self.things if name.startswith("/"))


def _versions(name: str) -> str:
    return f"versions of {name}"


def _tags(name: str) -> str:
    return f"tags of {name}"


class SecretsManager(VersionedShelf):
    """Secrets Manager: versions with staging labels, of which one is current."""

    def GetSecretValue(self, parameters: Mapping[str, Any]) -> Any:
        """Return one version of a secret, the current one by default."""
        name = parameters["SecretId"]
        versions = self.versions(name)
        stage = parameters.get("VersionStage", "AWSCURRENT")
        wanted = parameters.get("VersionId") or self._holder(versions, stage)
        if wanted not in versions:
            code = "ResourceNotFoundException"
            text = "Secrets Manager can't find the specified secret value"
            raise RefusalError(code, text, 400)
        return {"SecretString": versions[wanted][0], "VersionId": wanted}

    def PutSecretValue(self, parameters: Mapping[str, Any]) -> Any:
        """Add a version, and move the given labels to it."""
        name, new = parameters["SecretId"], parameters["SecretString"]
        versions = self.versions(name)
        id_ = f"version-{len(versions) + self.number(name)}"
        labels = frozenset(parameters["VersionStages"])
        moved = {k: (text, held - labels) for k, (text, held) in versions.items()}
        self._keep("PutSecretValue", name, {**moved, id_: (new, labels)})
        return {"VersionId": id_}

    def UpdateSecretVersionStage(self, parameters: Mapping[str, Any]) -> Any:
        """Move one label; AWSPREVIOUS follows AWSCURRENT."""
        name, label = parameters["SecretId"], parameters["VersionStage"]
        source = parameters.get("RemoveFromVersionId", "")
        versions = self.versions(name)
        holder = self._holder(versions, label)
        if holder != source:
            code = "InvalidParameterException"
            text = f"{label} is attached to {holder or 'no version'}"
            raise RefusalError(code, text, 400)
        destination = parameters.get("MoveToVersionId", "")
        if destination and destination not in versions:
            code = "ResourceNotFoundException"
            text = "Secrets Manager can't find the specified secret value"
            raise RefusalError(code, text, 400)
        gone = {label} | ({"AWSPREVIOUS"} if label == "AWSCURRENT" else set())
        kept = {k: (text, held - gone) for k, (text, held) in versions.items()}
        for id_, added in ((destination, label), (source, "AWSPREVIOUS")):
            if id_ and label in {added, "AWSCURRENT"}:
                kept[id_] = (kept[id_][0], kept[id_][1] | {added})
        self._keep("UpdateSecretVersionStage", name, kept)
        return {"Name": name}

    def versions(self, name: str) -> dict[str, tuple[str, frozenset[str]]]:
        """Return text and labels of each version of a secret, by its id."""
        value = self._of(name, "ResourceNotFoundException")
        first = {f"version-{self.number(name)}": (value, frozenset({"AWSCURRENT"}))}
        kept: dict[str, tuple[str, frozenset[str]]] = self.things.get(
            f"versions of {name}", first
        )
        return kept

    def _keep(
        self, operation: str, name: str, versions: dict[str, tuple[str, frozenset[str]]]
    ) -> None:
        self.put(operation, f"versions of {name}", versions)
        self.things[name] = versions[self._holder(versions, "AWSCURRENT")][0]

    @staticmethod
    def _holder(versions: Mapping[str, tuple[str, frozenset[str]]], label: str) -> str:
        return next((k for k, (_, held) in versions.items() if label in held), "")

    def DescribeSecret(self, parameters: Mapping[str, Any]) -> Any:
        """Return the name of a secret and the time of its last change."""
        name = (
            parameters["SecretId"].rpartition(":secret:")[2] or parameters["SecretId"]
        )
        self._of(name, "ResourceNotFoundException")
        stages = {k: sorted(held) for k, (_, held) in self.versions(name).items()}
        return {
            "Name": name,
            "LastChangedDate": self.made(name),
            "VersionIdsToStages": {k: held for k, held in stages.items() if held},
        }

    def ListSecretVersionIds(self, parameters: Mapping[str, Any]) -> Any:
        """Return the current version of a secret."""
        name = parameters["SecretId"].rpartition(":secret:")[2]
        self._of(name, "ResourceNotFoundException")
        version = {
            "VersionId": f"version-{self.number(name)}",
            "VersionStages": ["AWSCURRENT"],
            "CreatedDate": self.made(name),
        }
        return {"Versions": [version]}


class Logs(Shelf):
    """CloudWatch Logs: groups without events."""

    def CreateLogGroup(self, parameters: Mapping[str, Any]) -> Any:
        """Create a log group; refuse one that exists."""
        name = parameters["logGroupName"]
        if name in self.things:
            code = "ResourceAlreadyExistsException"
            raise RefusalError(code, "The specified log group already exists", 400)
        self.put("CreateLogGroup", name, {"tags": parameters.get("tags", {})})
        return {}

    def DescribeLogGroups(self, parameters: Mapping[str, Any]) -> Any:
        """Return the log groups with the given prefix."""
        prefix = parameters.get("logGroupNamePrefix", "")
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

    def GetLogEvents(self, parameters: Mapping[str, Any]) -> Any:
        """Return no events: simulated tasks have no output."""
        self._of(parameters["logStreamName"], "ResourceNotFoundException")
        return {"events": []}

    def ListTagsForResource(self, parameters: Mapping[str, Any]) -> Any:
        """Return the tags of a log group."""
        name = parameters["resourceArn"].partition(":log-group:")[2]
        return {"tags": self._of(name, "ResourceNotFoundException")["tags"]}

    def PutRetentionPolicy(self, parameters: Mapping[str, Any]) -> Any:
        """Set the retention of a log group."""
        name = parameters["logGroupName"]
        thing = self._of(name, "ResourceNotFoundException")
        days = {**thing, "retentionInDays": parameters["retentionInDays"]}
        self.put("PutRetentionPolicy", name, days)
        return {}


class SimulatedAws:
    """AWS client of the simulated services; see ``core.dependencies.Aws``."""

    def __init__(self, wire: Wire, clock: Clock, namespace: str) -> None:
        self._wire = wire
        self.ecs = EcsBackend(clock)
        self.map = CloudMap(namespace, self.ecs.around)
        self.balancing = LoadBalancing(self.ecs)
        self.ecs.around.forwards = self.balancing.forwards
        self.ecs.around.passes = self.balancing.passes
        self.ssm = Parameters(clock)
        self.secrets = SecretsManager("secretsmanager")
        self.logs = Logs("logs")
        self.ecr = Registry()
        self.queues, self.buses = Queues("sqs"), EventBuses("events")
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
            self.queues,
            self.buses,
        )
        self._by_name = {backend.name: backend for backend in (self.ecs, *self.shelves)}

    def call(
        self, service: str, operation: str, /, **parameters: Any
    ) -> dict[str, Any]:
        """Answer one call, or raise the error of the real client."""
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
    """Return the error that the real client raises for ``refusal``."""
    code, message, status = refusal.args
    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    error = ClientError(answer, operation)
    return driver_error(error, service, operation, parameters)
