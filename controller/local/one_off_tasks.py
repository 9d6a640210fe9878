"""Tasks that the local platform runs once, after their dependency is ready."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from controller.core.dependencies import Aws
from controller.core.document.resource import ResourceId
from controller.core.errors import DriverError, PermanentError, TransientError
from controller.core.resources.condition import Conditions, ConditionType, Truth
from controller.core.values.identity import client_token
from controller.spec.document import Document
from controller.spec.local import LocalTask

_URI = "MLFLOW_TRACKING_URI"
_CPU, _MEMORY = "512", "1024"
_MAX_ATTEMPTS = 3

Statuses = Mapping[ResourceId, Conditions]


class OneOffTasks:
    """Runs each task of the document once through ECS, and retries failed tasks.

    Args:
        aws: Client of the emulated AWS.
        addresses: Function that returns the addresses of a name in the namespace.
    """

    def __init__(self, aws: Aws, addresses: Callable[[str], Sequence[str]]) -> None:
        self._aws = aws
        self._addresses = addresses
        self._running: dict[str, str] = {}
        self._attempts: dict[str, int] = {}
        self._done: set[str] = set()

    def run_due(self, document: Document, statuses: Statuses) -> None:
        """Start the tasks that are due and read the results of running ones.

        An error of one task does not stop the others.

        Raises:
            DriverError: A call failed, or a task failed three times; the first such
                error, after all tasks had their turn.
        """
        errors: list[DriverError] = []
        for task in document.local.tasks if document.local else ():
            try:
                self._follow(task, document, statuses)
            except DriverError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _follow(self, task: LocalTask, document: Document, statuses: Statuses) -> None:
        if task.name in self._running:
            self._check_result(task, document)
        elif task.name not in self._done and _due(task, statuses):
            self._start(task, document)

    def _start(self, task: LocalTask, document: Document) -> None:
        platform = document.platform
        definition = self._register_definition(task, document)
        attempt = self._attempts.get(task.name, 0) + 1
        answer = self._aws.call(
            "ecs",
            "RunTask",
            cluster=platform.cluster,
            taskDefinition=definition,
            clientToken=client_token("one-off", definition, str(attempt)),
            launchType="FARGATE",
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": list(platform.network.subnets),
                    "securityGroups": list(platform.network.security_groups),
                }
            },
        )
        self._running[task.name] = answer["tasks"][0]["taskArn"]
        self._attempts[task.name] = attempt

    def _register_definition(self, task: LocalTask, document: Document) -> str:
        """Register a task definition for the image and return its ARN."""
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

    def _check_result(self, task: LocalTask, document: Document) -> None:
        answer = self._aws.call(
            "ecs",
            "DescribeTasks",
            cluster=document.platform.cluster,
            tasks=[self._running[task.name]],
        )
        live = answer["tasks"][0]
        if live["lastStatus"] != "STOPPED":
            return
        del self._running[task.name]
        codes = [container.get("exitCode") for container in live["containers"]]
        if codes == [0] * len(codes):
            self._done.add(task.name)
        elif self._attempts[task.name] >= _MAX_ATTEMPTS:
            self._done.add(task.name)
            reason = live.get("stoppedReason", "")
            msg = (
                f"task {task.name} failed {_MAX_ATTEMPTS} times and is not run again "
                f"until the platform is started again: {reason}; exit codes {codes}"
            )
            raise PermanentError(msg)

    def _environment(self, task: LocalTask, document: Document) -> list[dict[str, str]]:
        """Return MLflow's URL with an address instead of a name.

        MLflow's library uses the machine's name servers, not that of the platform.
        """
        section = document.local
        image = section.images.get(task.image) if section else None
        uri = urlsplit(image.environment.get(_URI, "") if image else "")
        if not uri.hostname:
            return []
        addresses = self._addresses(uri.hostname)
        if not addresses:
            msg = f"{uri.hostname}, which task {task.name} needs, has no address yet"
            raise TransientError(msg)
        address = addresses[0]
        value = uri._replace(netloc=f"{address}:{uri.port or 80}").geturl()
        return [{"name": _URI, "value": value}]


def _due(task: LocalTask, statuses: Statuses) -> bool:
    if task.after is None:
        return True
    ready: Any = statuses.get(_id(task.after), {}).get(ConditionType.READY)
    return ready is not None and ready.status is Truth.TRUE


def _id(address: object) -> ResourceId:
    return ResourceId.parse(str(address))
