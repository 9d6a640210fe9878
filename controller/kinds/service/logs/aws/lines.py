"""Log lines of the tasks of a service, from CloudWatch Logs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from controller.clients.aws import paginated
from controller.core.dependencies import Aws
from controller.core.errors import NotFoundError
from controller.core.resources.log_lines import LogLimit, LogLine, limited
from controller.core.values.redact import redact_line
from controller.kinds.service.render.task_definition import (
    awslogs_options,
    managed_log_group,
    render,
)
from controller.kinds.service.spec.service import ServiceSpec

# The stream of a task is {prefix}/{container}/{task}: "Send Amazon ECS logs to
# CloudWatch", option awslogs-stream-prefix.
_GROUP = "awslogs-group"
_PREFIX = "awslogs-stream-prefix"


def last_events(
    aws: Aws, spec: ServiceSpec, task: str, limit: int
) -> list[dict[str, Any]]:
    """Return the last ``limit`` log events of a task's main container, the oldest first.

    Raises NotFoundError if the task wrote nothing, or not to CloudWatch.
    """
    if managed_log_group(spec) is None:
        raise NotFoundError(_elsewhere(spec))
    answer = aws.call(
        "logs",
        "GetLogEvents",
        logGroupName=spec.log_group,
        logStreamName=f"ecs/{spec.name}/{task}",
        limit=limit,
        startFromHead=False,
    )
    found: list[dict[str, Any]] = answer["events"]
    return found


class LogLines:
    """Reads of log groups, one page at a time."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def since(
        self,
        spec: ServiceSpec,
        since: datetime,
        task: str,
        most: LogLimit | None = None,
    ) -> Iterator[LogLine]:
        """Yield the lines written after ``since``, oldest first; see ``core.resources.log_lines``.

        Raises NotFoundError if the log group does not exist, or if no container writes
        to one.
        """
        if not any(_logs_of(spec)):
            raise NotFoundError(_elsewhere(spec))
        found = (
            line
            for group, prefix in _logs_of(spec)
            for line in self._of_group(spec, group, since, f"{prefix}{task}")
        )
        kept = limited(most, found, spec.name)
        return iter(sorted(kept, key=lambda line: (line.at, line.id)))

    def _of_group(
        self, spec: ServiceSpec, group: str, since: datetime, stream: str
    ) -> Iterator[LogLine]:
        try:
            for event in self._events(group, since, stream):
                # moto ignores logStreamNamePrefix.
                if event["logStreamName"].startswith(stream):
                    yield _line(event)
        except NotFoundError as error:
            msg = (
                f"log group {group} does not exist: the first rollout of {spec.name} "
                "creates it, or run `aws logs create-log-group --log-group-name "
                f"{group}`"
            )
            raise NotFoundError(msg) from error

    def _events(self, group: str, since: datetime, stream: str) -> Iterator[Any]:
        return paginated(
            self._aws,
            "logs",
            "FilterLogEvents",
            "events",
            logGroupName=group,
            logStreamNamePrefix=stream,
            startTime=int(since.timestamp() * 1000),
        )


def _logs_of(spec: ServiceSpec) -> Iterator[tuple[str, str]]:
    """Yield the log group of each container, and the prefix of its streams."""
    for container in render(spec)["containerDefinitions"]:
        options = awslogs_options(container)
        if _GROUP in options and _PREFIX in options:
            yield options[_GROUP], f"{options[_PREFIX]}/{container['name']}/"


def _elsewhere(spec: ServiceSpec) -> str:
    drivers = {
        container.get("logConfiguration", {}).get("logDriver", "")
        for container in render(spec)["containerDefinitions"]
    }
    named = ", ".join(sorted(drivers - {"", "awslogs"})) or "none is declared"
    return (
        f"{spec.name} writes no logs to CloudWatch (log driver {named}): read them "
        "in the system that the log driver sends them to"
    )


def _line(event: Any) -> LogLine:
    return LogLine(
        id=str(event["eventId"]),
        at=datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
        source=event["logStreamName"].rpartition("/")[2],
        text=redact_line(event["message"].rstrip()),
    )
