"""Current versions of secrets and parameters. Values are never read."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from controller.clients.aws import paginated
from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.errors import DriverError
from controller.core.values.aws_answers import utc_time
from controller.core.values.batches import batched
from controller.core.values.ttl_cache import TtlCache

# Time for which a read is valid.
KEPT = timedelta(seconds=60)
# Maximum of a filter of DescribeParameters; API reference.
_MOST_PARAMETERS = 50


@dataclass(frozen=True, slots=True, order=True)
class SecretLocation:
    """The location of a secret or a parameter.

    Attributes:
        store: ``secretsmanager`` or ``ssm``.
        name: Name or ARN of a secret, or path of a parameter.
        stage: Staging label of the version in Secrets Manager.
    """

    store: str
    name: str
    stage: str = "AWSCURRENT"

    def __str__(self) -> str:
        """Return the text that the tag ``hokusai.ai/secrets`` is a hash of.

        It never changes: another text would restart the tasks of every service.
        """
        return f"Kept(store={self.store!r}, name={self.name!r}, stage={self.stage!r})"


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """The current version of a secret.

    Attributes:
        id: Id of the version, independent of the value.
        at: Time of its creation; None if unknown.
        unseen: Reason why it could not be read; empty if it was.
    """

    id: str = ""
    at: datetime | None = None
    unseen: str = ""


class SecretVersions:
    """Reads of versions. Never raises: errors are in ``SecretVersion.unseen``."""

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        # All versions under one key expire at the same time. So later batches are as
        # large as the first one.
        self._known = TtlCache[None, dict[SecretLocation, SecretVersion]](KEPT)
        self._changed = TtlCache[SecretLocation, SecretVersion](KEPT)

    def of(
        self, places: Collection[SecretLocation]
    ) -> Mapping[SecretLocation, SecretVersion]:
        """Return the versions: one call per secret, and one per 50 parameters."""
        now = self._clock.monotonic()
        known = self._known.get(None, now) or {}
        missing = sorted({*places} - known.keys())
        if missing:
            if not known:
                self._known.put(None, known, now)
            known |= self._read(missing)
        return known

    def changed(self, place: SecretLocation) -> SecretVersion:
        """Return the time of the last change of a secret, without the id of a version.

        ListSecretVersionIds lacks the time when a label moved. API reference,
        DescribeSecret, LastChangedDate.
        """
        now = self._clock.monotonic()
        known = self._changed.get(place, now)
        if known is None:
            known = self._read_change(place)
            self._changed.put(place, known, now)
        return known

    def _read_change(self, place: SecretLocation) -> SecretVersion:
        try:
            found = self._aws.call(
                "secretsmanager", "DescribeSecret", SecretId=place.name
            )
        except DriverError as error:
            return SecretVersion(unseen=str(error))
        return SecretVersion(at=utc_time(found.get("LastChangedDate")))

    def _read(
        self, places: Collection[SecretLocation]
    ) -> dict[SecretLocation, SecretVersion]:
        seen = {p: self._secret(p) for p in places if p.store == "secretsmanager"}
        parameters = [p for p in places if p.store == "ssm"]
        for batch in batched(parameters, _MOST_PARAMETERS):
            seen |= self._parameters(batch)
        return seen

    def _secret(self, place: SecretLocation) -> SecretVersion:
        try:
            for found in paginated(
                self._aws,
                "secretsmanager",
                "ListSecretVersionIds",
                "Versions",
                SecretId=place.name,
            ):
                if place.stage in found.get("VersionStages", ()):
                    return SecretVersion(
                        found["VersionId"], utc_time(found.get("CreatedDate"))
                    )
        except DriverError as error:
            return SecretVersion(unseen=str(error))
        msg = f"{place.name} has no version with the label {place.stage}"
        return SecretVersion(unseen=msg)

    def _parameters(
        self, places: Collection[SecretLocation]
    ) -> dict[SecretLocation, SecretVersion]:
        names = [place.name for place in places]
        try:
            found = paginated(
                self._aws,
                "ssm",
                "DescribeParameters",
                "Parameters",
                ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": names}],
                MaxResults=_MOST_PARAMETERS,
            )
            by_name = {p["Name"]: p for p in found}
        except DriverError as error:
            return dict.fromkeys(places, SecretVersion(unseen=str(error)))
        return {p: _parameter(p, by_name.get(p.name)) for p in places}


def _parameter(place: SecretLocation, found: Mapping[str, Any] | None) -> SecretVersion:
    if found is None:
        return SecretVersion(unseen=f"parameter {place.name} does not exist")
    number = str(found.get("Version", ""))
    return SecretVersion(number, utc_time(found.get("LastModifiedDate")))


def secret_location(value_from: str) -> Iterator[SecretLocation]:
    """Yield the location in a ``valueFrom`` of ECS; nothing for a fixed version.

    Developer guide, "Pass Secrets Manager secrets through Amazon ECS environment
    variables": ``arn:…:secret:name:json-key:version-stage:version-id``.
    """
    head = value_from.split(":", 6)
    if not value_from.startswith("arn:"):
        yield SecretLocation("ssm", value_from)
    elif head[2] == "ssm":
        path = value_from.partition(":parameter")[2]
        yield SecretLocation("ssm", path if path.count("/") > 1 else path.lstrip("/"))
    else:
        name, _, stage, version, *_ = [*head[6].split(":"), "", "", ""]
        if not version:
            arn = ":".join([*head[:6], name])
            yield SecretLocation("secretsmanager", arn, stage or "AWSCURRENT")
