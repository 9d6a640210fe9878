"""Tasks that the local platform runs once, when what they need is ready."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from controller.core.dependencies import Aws
from controller.core.document.resource import ResourceId
from controller.core.errors import PermanentError
from controller.core.resources.condition import Conditions, ConditionType, Truth
from controller.spec.document import Document
from controller.spec.local import LocalTask

_URI = "MLFLOW_TRACKING_URI"
_CPU, _MEMORY = "512", "1024"
_MOST_TRIES = 3

Statuses = Mapping[ResourceId, Conditions]


class OneOffTasks:
    """Runs each task of the document once through ECS; again only if it fails."""

    def __init__(self, aws: Aws, addresses: Callable[[str], Sequence[str]]) -> None:
        """Keep what is needed.

        Args:
            aws: The emulated AWS.
            addresses: Returns the addresses of a name in the namespace.
        """
        self._aws = aws
        self._addresses = addresses
        self._running: dict[str, str] = {}
        self._tries: dict[str, int] = {}
        self._done: set[str] = set()

    def run_due(self, document: Document, statuses: Statuses) -> None:
        """Start what may start now, and note what has ended.

        Raises DriverError, also for a task that keeps failing.
        """
        for task in document.local.tasks if document.local else ():
            if task.name in self._running:
                self._look_at(task, document)
            elif task.name not in self._done and _due(task, statuses):
                self._start(task, document)

    def _start(self, task: LocalTask, document: Document) -> None:
        platform = document.platform
        answer = self._aws.call(
            "ecs",
            "RunTask",
            cluster=platform.cluster,
            taskDefinition=self._registered(task, document),
            launchType="FARGATE",
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": list(platform.network.subnets),
                    "securityGroups": list(platform.network.security_groups),
                }
            },
        )
        self._running[task.name] = answer["tasks"][0]["taskArn"]
        self._tries[task.name] = self._tries.get(task.name, 0) + 1

    def _registered(self, task: LocalTask, document: Document) -> str:
        """Return the ARN of a task definition that runs the image once."""
        platform = document.platform
        family = platform.service_name(task.name)
        options = {
            "awslogs-group": f"/ecs/{family}",
            "awslogs-region": platform.region,
            "awslogs-stream-prefix": "ecs",
            "awslogs-create-group": "true",
        }
        container = {
            "name": task.name,
            "image": task.image,
            "environment": self._environment(task, document),
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        }
        answer = self._aws.call(
            "ecs",
            "RegisterTaskDefinition",
            family=family,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu=_CPU,
            memory=_MEMORY,
            containerDefinitions=[container],
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def _look_at(self, task: LocalTask, document: Document) -> None:
        answer = self._aws.call(
            "ecs",
            "DescribeTasks",
            cluster=document.platform.cluster,
            tasks=[self._running[task.name]],
        )
        seen = answer["tasks"][0]
        if seen["lastStatus"] != "STOPPED":
            return
        del self._running[task.name]
        codes = [container.get("exitCode") for container in seen["containers"]]
        if codes == [0] * len(codes):
            self._done.add(task.name)
        elif self._tries[task.name] >= _MOST_TRIES:
            self._done.add(task.name)
            reason = seen.get("stoppedReason", "")
            msg = f"task {task.name} failed {_MOST_TRIES} times: {reason}, exit {codes}"
            raise PermanentError(msg)

    def _environment(self, task: LocalTask, document: Document) -> list[dict[str, str]]:
        """Return MLflow's URL by address: a library asks no name server of ours."""
        section = document.local
        image = section.images.get(task.image) if section else None
        uri = urlsplit(image.environment.get(_URI, "") if image else "")
        if not uri.hostname:
            return []
        address = self._addresses(uri.hostname)[0]
        value = uri._replace(netloc=f"{address}:{uri.port or 80}").geturl()
        return [{"name": _URI, "value": value}]


def _due(task: LocalTask, statuses: Statuses) -> bool:
    if task.after is None:
        return True
    ready: Any = statuses.get(_id(task.after), {}).get(ConditionType.READY)
    return ready is not None and ready.status is Truth.TRUE


def _id(address: object) -> ResourceId:
    return ResourceId.parse(str(address))
