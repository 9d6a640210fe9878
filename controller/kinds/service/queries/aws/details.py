"""Details of one service from ECS, Cloud Map, load balancers, CloudWatch and ECR."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from controller.clients.aws import paginated
from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.document.resource import Resource
from controller.core.errors import DriverError, NotFoundError
from controller.core.resources.details import DetailSection, Row, read_section
from controller.core.values.aws_answers import private_address
from controller.core.values.redact import redact_line
from controller.core.values.utc_text import utc_text
from controller.kinds.service.aws.services import EcsServices
from controller.kinds.service.images.aws.observer import ImageObserver, RunningImages
from controller.kinds.service.logs.aws.lines import last_events
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.images import ImageSeen

# Numbers of rows that fit on a screen.
EVENTS = 10
TASKS = 10
LINES = 10
ROLLOUTS = 5

Answer = Mapping[str, Any]


class ServiceDetails:
    """Sections of details about one service. Reads only."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def sections(self, spec: ServiceSpec) -> tuple[DetailSection, ...]:
        """Return all sections; a section that could not be read has the error."""
        try:
            service = self._service(spec)
            tasks = self._tasks(spec)
        except DriverError as error:
            return (DetailSection("service", problem=str(error)),)
        return (
            read_section("deployments", _DEPLOYMENT, lambda: _deployments(service)),
            read_section("rollouts", _ROLLOUT, lambda: self._rollouts(service)),
            read_section("tasks", _TASK, lambda: map(_task, tasks)),
            read_section("target health", _TARGET, lambda: self._targets(service)),
            read_section(
                "registration", _INSTANCE, lambda: self._instances(service, tasks)
            ),
            read_section("events", _EVENT, lambda: _events(service)),
            read_section("log", _LINE, lambda: self._log(spec, tasks)),
        )

    def _service(self, spec: ServiceSpec) -> Answer:
        answer = self._aws.call(
            "ecs", "DescribeServices", cluster=spec.cluster, services=[spec.name]
        )
        for service in answer["services"]:
            found: Answer = service
            return found
        msg = f"{spec.name} does not exist in cluster {spec.cluster}"
        raise NotFoundError(msg)

    def _tasks(self, spec: ServiceSpec) -> list[Answer]:
        """Return the running and the recently stopped tasks, newest first."""
        found: list[Answer] = []
        for status in ("RUNNING", "STOPPED"):
            listed = self._aws.call(
                "ecs",
                "ListTasks",
                cluster=spec.cluster,
                serviceName=spec.name,
                desiredStatus=status,
            )["taskArns"]
            if listed:
                answer = self._aws.call(
                    "ecs", "DescribeTasks", cluster=spec.cluster, tasks=listed[:100]
                )
                newest = sorted(answer["tasks"], key=_created, reverse=True)
                found += newest[:TASKS]
        return found

    def _rollouts(self, service: Answer) -> Iterator[Row]:
        answer = self._aws.call(
            "ecs",
            "ListServiceDeployments",
            cluster=service["clusterArn"],
            service=service["serviceArn"],
            maxResults=ROLLOUTS,
        )
        for found in answer["serviceDeployments"]:
            started, finished = found.get("createdAt"), found.get("finishedAt")
            reason = found.get("statusReason", "")
            yield found["status"], _time(started), _time(finished), reason

    def _targets(self, service: Answer) -> Iterator[Row]:
        for balancer in service.get("loadBalancers", ()):
            group = balancer["targetGroupArn"]
            answer = self._aws.call(
                "elbv2", "DescribeTargetHealth", TargetGroupArn=group
            )
            for found in answer["TargetHealthDescriptions"]:
                target, health = found["Target"], found["TargetHealth"]
                name = group.split("/")[1]
                why = health.get("Description") or health.get("Reason", "")
                yield name, target["Id"], target.get("Port"), health["State"], why

    def _instances(self, service: Answer, tasks: Iterable[Answer]) -> Iterator[Row]:
        """Yield the instances in Cloud Map, and if each has a running task."""
        running = {private_address(t) for t in tasks if t["lastStatus"] == "RUNNING"}
        for registry in service.get("serviceRegistries", ()):
            id_ = registry["registryArn"].rpartition("/")[2]
            found = paginated(
                self._aws,
                "servicediscovery",
                "ListInstances",
                "Instances",
                ServiceId=id_,
            )
            for instance in found:
                address = instance["Attributes"].get("AWS_INSTANCE_IPV4", "")
                task = "running" if address in running else "none"
                yield instance["Id"], address, task

    def _log(self, spec: ServiceSpec, tasks: Iterable[Answer]) -> Iterator[Row]:
        """Yield the last log lines of the newest task that wrote any."""
        for task in sorted(tasks, key=_created, reverse=True):
            id_ = _name(task["taskArn"])
            try:
                events = last_events(self._aws, spec, id_, LINES)
            except NotFoundError:
                continue
            for event in events[-LINES:]:
                at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                yield _time(at), id_, redact_line(event["message"].rstrip())
            if events:
                return


_IMAGE = ("container", "image", "running", "in ECR", "policy", "note")
_DEPLOYMENT = (
    "deployment",
    "status",
    "rollout",
    "revision",
    "desired",
    "pending",
    "running",
    "failed",
    "since",
    "reason",
)
_ROLLOUT = ("rollout", "began", "ended", "reason")
_TASK = ("task", "status", "health", "address", "revision", "since", "reason")
_TARGET = ("group", "address", "port", "health", "reason")
_INSTANCE = ("instance", "address", "task")
_EVENT = ("at", "event")
_LINE = ("at", "task", "line")


def image_section(
    aws: Aws, ecs: EcsServices, clock: Clock, resource: Resource[Any]
) -> DetailSection:
    """Return the section of images: the running digest and the digest of the tag."""

    def rows() -> Iterator[Row]:
        spec = resource.spec
        observer = ImageObserver(aws, clock, thorough=True)
        for answer in ecs.services(spec.cluster, [spec.name]).values():
            service = RunningImages(resource.id, spec, answer)
            for seen in observer.of([service])[resource.id].images:
                yield (
                    seen.container,
                    seen.image,
                    seen.runs,
                    seen.there,
                    spec.image_policy,
                    _image_note(seen),
                )

    return read_section("images", _IMAGE, rows)


def _image_note(seen: ImageSeen) -> str:
    if seen.unseen or seen.skipped:
        return seen.unseen or f"not read: {seen.skipped}"
    return "the tag moved to another image" if seen.outdated else ""


def _deployments(service: Answer) -> Iterator[Row]:
    for found in service["deployments"]:
        counts = (f"{state}Count" for state in ("desired", "pending", "running"))
        yield (
            _name(found["id"]),
            found["status"],
            found.get("rolloutState", ""),
            _name(found["taskDefinition"]),
            *(found.get(count, 0) for count in counts),
            found.get("failedTasks", 0),
            _time(found.get("createdAt")),
            found.get("rolloutStateReason", ""),
        )


def _task(task: Answer) -> Row:
    since = task.get("stoppedAt") or task.get("startedAt") or task.get("createdAt")
    return (
        _name(task["taskArn"]),
        task["lastStatus"],
        task.get("healthStatus", ""),
        private_address(task),
        _name(task["taskDefinitionArn"]),
        _time(since),
        ", ".join(_reasons(task)),
    )


def _reasons(task: Answer) -> Iterator[str]:
    """Yield the stop reasons of a task and its containers, from ECS."""
    if reason := task.get("stoppedReason"):
        yield f"{task.get('stopCode', 'Stopped')}: {reason}"
    for container in task.get("containers", ()):
        if reason := container.get("reason"):
            yield str(reason)
        if code := container.get("exitCode"):
            yield f"{container['name']} exited with {code}"


def _events(service: Answer) -> Iterator[Row]:
    for event in service.get("events", ())[:EVENTS]:
        yield _time(event["createdAt"]), event["message"]


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _created(task: Answer) -> str:
    return _time(task.get("createdAt"))


def _time(at: Any) -> str:
    """Return a time in RFC 3339; empty if there is none."""
    if not isinstance(at, datetime):
        return ""
    return utc_text(at)
