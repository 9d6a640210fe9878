"""Read-only queries about one service: details, rollout history, logs, import."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.document.platform import Platform
from controller.core.document.resource import Resource
from controller.core.resources.details import DetailSection
from controller.core.resources.importing import (
    Imported,
    ImportSelection,
    LooksSecret,
)
from controller.core.resources.log_lines import LogLimit, LogLine
from controller.core.resources.rollouts import RolloutRecord
from controller.kinds.service.aws.services import EcsServices
from controller.kinds.service.logs.aws.lines import LogLines
from controller.kinds.service.queries.aws.deployment_history import DeploymentHistory
from controller.kinds.service.queries.aws.details import ServiceDetails, image_section


class ServiceQueries:
    """The part of the driver that answers queries. Reads only; never needed to act."""

    def __init__(self, aws: Aws, platform: Platform, clock: Clock) -> None:
        self._aws = aws
        self._ecs = EcsServices(aws)
        self._platform = platform
        self._clock = clock

    def details(self, resource: Resource[Any]) -> tuple[DetailSection, ...]:
        """Return the details of one service; see ``core.resources.details``."""
        sections = ServiceDetails(self._aws).sections(resource.spec)
        images = image_section(self._aws, self._ecs, self._clock, resource)
        return (*sections, images)

    def rollouts(self, resource: Resource[Any]) -> tuple[RolloutRecord, ...]:
        """Return the rollouts of one service; see ``core.resources.rollouts``."""
        return DeploymentHistory(self._aws, self._ecs).rollouts(resource.spec)

    def lines(
        self,
        resource: Resource[Any],
        since: datetime,
        source: str,
        most: LogLimit | None = None,
    ) -> Iterator[LogLine]:
        """Yield the log lines of one service's tasks; see ``core.resources.log_lines``."""
        return LogLines(self._aws).since(resource.spec, since, source, most)

    def entries(
        self, wanted: ImportSelection, secret: LooksSecret
    ) -> tuple[Imported, ...]:
        """Return live services as entries of the document; see ``core.resources.importing``."""
        # Imported here: it loads AWS's schema, which no other command needs.
        from controller.kinds.service.importing.aws.importer import Importer

        importer = Importer(self._aws, self._ecs, self._platform, self._clock)
        return tuple(importer.entries(wanted, secret))
