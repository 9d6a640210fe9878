"""Reads of the prerequisites of webhook targets; no secret in AWS is read."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from controller.clients.aws import paginated
from controller.core.dependencies import Aws, NameResolver
from controller.core.document.reference import SecretReference
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import DriverError, NotFoundError
from controller.core.planning.preflight import Result, Results
from controller.kinds.webhook.preflight import (
    AbsentPrerequisite,
    DestinationFacts,
    Fact,
    MetPrerequisite,
    TargetFacts,
    UncheckedPrerequisite,
    UnreadPrerequisite,
    destination_results,
    results_of,
    send_action,
    stage_fact,
)
from controller.kinds.webhook.spec import WebhookSpec


class TargetInspector:
    """Preflight checks of webhook targets.

    Args:
        aws: AWS client.
        resolver: Name resolver.
        secret: Returns the value of a reference; used for variables of the environment.
        region: Region of the commands in findings.
    """

    def __init__(
        self,
        aws: Aws,
        resolver: NameResolver,
        secret: Callable[[SecretReference], str],
        region: str,
    ) -> None:
        self._aws = aws
        self._resolver = resolver
        self._secret = secret
        self._region = region

    def inspect(self, resources: Mapping[ResourceId, Resource[Any]]) -> Results:
        """Return the results of all checks; each secret is read once."""
        specs: dict[ResourceId, WebhookSpec] = {
            id_: resource.spec for id_, resource in resources.items()
        }
        references = {
            str(reference): reference
            for spec in specs.values()
            for reference in spec.secret_references.values()
        }
        secrets = {text: self._secret_fact(r) for text, r in references.items()}
        return {id_: self._results(spec, secrets) for id_, spec in specs.items()}

    def _results(
        self, spec: WebhookSpec, secrets: Mapping[str, Fact]
    ) -> tuple[Result, ...]:
        if spec.url:
            facts = TargetFacts(secrets, self._address(spec.url))
            return results_of(spec, facts, self._region)
        try:
            arn = self._destination_arn(spec)
        except NotFoundError:
            exists: Fact = AbsentPrerequisite(f"{spec.address} does not exist")
            permission: Fact = UncheckedPrerequisite("the destination does not exist")
        except DriverError as error:
            exists = UnreadPrerequisite(str(error))
            permission = UncheckedPrerequisite("the destination cannot be read")
        else:
            exists = MetPrerequisite()
            permission = self._permission(send_action(spec), arn)
        return destination_results(
            spec, DestinationFacts(exists, permission), self._region
        )

    def _destination_arn(self, spec: WebhookSpec) -> str:
        """Return the ARN of the event bus or the queue; raises DriverError."""
        if spec.eventbridge is not None:
            name = spec.eventbridge.bus
            return str(self._aws.call("events", "DescribeEventBus", Name=name)["Arn"])
        url = spec.sqs.queue if spec.sqs else ""
        if "://" not in url:
            url = self._aws.call("sqs", "GetQueueUrl", QueueName=url)["QueueUrl"]
        answer = self._aws.call(
            "sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["QueueArn"]
        )
        return str(answer["Attributes"]["QueueArn"])

    def _permission(self, action: str, arn: str) -> Fact:
        """Return the fact about the permission of the identity that runs this check."""
        try:
            identity = str(self._aws.call("sts", "GetCallerIdentity")["Arn"])
            if ":assumed-role/" in identity:
                role = identity.split("/")[1]
                found = self._aws.call("iam", "GetRole", RoleName=role)
                identity = str(found["Role"]["Arn"])
            answer = self._aws.call(
                "iam",
                "SimulatePrincipalPolicy",
                PolicySourceArn=identity,
                ActionNames=[action],
                ResourceArns=[arn],
            )
        except DriverError as error:
            # Simulation needs a permission of its own.
            return UncheckedPrerequisite(str(error))
        decisions = {one["EvalDecision"] for one in answer["EvaluationResults"]}
        if decisions <= {"allowed"}:
            return MetPrerequisite()
        return AbsentPrerequisite(f"IAM does not allow {identity} {action} on {arn}")

    def _secret_fact(self, reference: SecretReference) -> Fact:
        try:
            match reference.store:
                case "env":
                    self._secret(reference)
                    return MetPrerequisite()
                case "ssm":
                    return self._parameter(reference)
                case _:
                    return self._stored(reference)
        except NotFoundError as error:
            problem = str(error) if reference.env else f"{reference} does not exist"
            return AbsentPrerequisite(problem)
        except DriverError as error:
            return UnreadPrerequisite(str(error))

    def _parameter(self, reference: SecretReference) -> Fact:
        name = {"Key": "Name", "Option": "Equals", "Values": [reference.name]}
        found = paginated(
            self._aws,
            *("ssm", "DescribeParameters", "Parameters"),
            ParameterFilters=[name],
        )
        if any(True for _ in found):
            return MetPrerequisite()
        return AbsentPrerequisite(f"{reference} does not exist")

    def _stored(self, reference: SecretReference) -> Fact:
        name = reference.secret.name
        answer = self._aws.call("secretsmanager", "DescribeSecret", SecretId=name)
        if answer.get("DeletedDate") is not None:
            return AbsentPrerequisite(f"{reference} is scheduled for deletion")
        versions: Mapping[str, list[str]] = answer.get("VersionIdsToStages", {})
        return stage_fact(reference, {s for one in versions.values() for s in one})

    def _address(self, url: str) -> Fact:
        host = urlsplit(url).hostname or ""
        if host == "localhost":
            return MetPrerequisite()
        try:
            self._resolver.resolve(host)
        except NotFoundError as error:
            return AbsentPrerequisite(str(error))
        except DriverError as error:
            return UnreadPrerequisite(str(error))
        return MetPrerequisite()
