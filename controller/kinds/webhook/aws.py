"""Reads of the prerequisites of webhook targets; no secret in AWS is read."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from controller.clients.aws import paginated
from controller.core.dependencies import Aws, NameResolver
from controller.core.document.reference import SecretReference
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import DriverError, NotFoundError
from controller.core.planning.preflight import Results
from controller.kinds.webhook.preflight import (
    AbsentPrerequisite,
    Fact,
    MetPrerequisite,
    TargetFacts,
    UnreadPrerequisite,
    results_of,
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
        return {
            id_: results_of(
                spec, TargetFacts(secrets, self._address(spec.url)), self._region
            )
            for id_, spec in specs.items()
        }

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
