"""Task operations."""

from collections.abc import Callable

from controller.emulation.ecs import wording
from controller.emulation.ecs.context import Context
from controller.emulation.ecs.errors import (
    conflict,
    invalid,
    service_not_found,
)
from controller.emulation.ecs.lifecycle import request_stop
from controller.emulation.ecs.paging import checked_references, page
from controller.emulation.ecs.placement import Placement, place
from controller.emulation.ecs.reference_checks import check_references
from controller.emulation.ecs.references import (
    cluster_of,
    find_service,
    last_part,
    resource_of,
    runnable_definition,
)
from controller.emulation.ecs.service_rules import check_fields
from controller.emulation.ecs.state import (
    Body,
    Cluster,
    Definition,
    SimulatedTask,
    World,
)
from controller.emulation.ecs.tagging import tag_list, tags_from
from controller.emulation.ecs.task_views import task_view

MAX_TASKS = 10


def run_task(world: World, body: Body, context: Context) -> Body:
    """RunTask: a repeated request with the same client token starts no more tasks."""
    cluster = cluster_of(world, body)
    token = body.get("clientToken")
    if token is None:
        return _run(world, cluster, body, context)
    key = f"RunTask/{cluster.name}/{token}"
    if key not in world.tokens:
        world.tokens[key] = (body, _run(world, cluster, body, context))
    earlier, answer = world.tokens[key]
    if earlier != body:
        raise conflict(wording.IN_USE)
    return answer


def _run(world: World, cluster: Cluster, body: Body, context: Context) -> Body:
    count = body.get("count", 1)
    if not 1 <= count <= MAX_TASKS:
        message = f"count must be between 1 and {MAX_TASKS}"
        raise invalid(message)
    definition = runnable_definition(world, body["taskDefinition"])
    check_fields(body | {"loadBalancers": []}, 0, definition)
    check_references(body, context)
    _check_overrides(body, definition)
    placement = Placement(
        definition=definition,
        request={"launchType": "EC2"} | body,
        group=body.get("group") or f"family:{definition.family}",
        started_by=body.get("startedBy"),
        tags=_tags(body, definition),
    )
    tasks = [place(world, cluster, placement, context) for _ in range(count)]
    return {"tasks": [_view(t, context, {"TAGS"}) for t in tasks], "failures": []}


def _check_overrides(body: Body, definition: Definition) -> None:
    names = {c["name"] for c in definition.body["containerDefinitions"]}
    for override in body.get("overrides", {}).get("containerOverrides", []):
        if override.get("name") not in names:
            message = "Override for container named {} is not a container in the TaskDefinition."
            raise invalid(message.format(override.get("name")))


def _tags(body: Body, definition: Definition) -> dict[str, str]:
    tags = tags_from(body.get("tags"))
    if body.get("propagateTags") == "TASK_DEFINITION":
        return definition.tags | tags
    return tags


def stop_task(world: World, body: Body, context: Context) -> Body:
    """StopTask: a stopped task does not change."""
    cluster = cluster_of(world, body)
    task = cluster.tasks.get(last_part(body["task"]))
    if task is None:
        message = "The referenced task was not found."
        raise invalid(message)
    reason = body.get("reason") or wording.USER_STOPPED
    request_stop(task, "UserInitiated", reason, context)
    return {"task": _view(task, context, set())}


def describe_tasks(world: World, body: Body, context: Context) -> Body:
    """DescribeTasks: at most 100; a missing task is a failure in the response."""
    cluster = cluster_of(world, body)
    include = set(body.get("include", []))
    answer: Body = {"tasks": [], "failures": []}
    for reference in checked_references(body["tasks"], 100, "tasks"):
        task = cluster.tasks.get(last_part(reference))
        if task is None:
            arn = context.arn(f"task/{cluster.name}/{last_part(reference)}")
            answer["failures"].append({"arn": arn, "reason": "MISSING"})
        else:
            answer["tasks"].append(_view(task, context, include))
    return answer


def list_tasks(world: World, body: Body, _: Context) -> Body:
    """ListTasks: tasks with desired status RUNNING by default."""
    cluster = cluster_of(world, body)
    if "serviceName" in body and find_service(cluster, body["serviceName"]) is None:
        raise service_not_found()
    if "startedBy" in body and {"serviceName", "family"} & body.keys():
        message = "startedBy must be the only filter."
        raise invalid(message)
    tests = [test(body[key]) for key, test in _FILTERS.items() if body.get(key)]
    status = body.get("desiredStatus", "RUNNING")
    arns = [
        task.arn
        for task in cluster.tasks.values()
        if task.desired_status == status and all(test(task) for test in tests)
    ]
    return page(arns, body, "taskArns")


def _of_family(family: str) -> Callable[[SimulatedTask], bool]:
    return lambda task: _family(task) == family


def _family(task: SimulatedTask) -> str:
    return last_part(resource_of(task.definition)).rpartition(":")[0]


_FILTERS: dict[str, Callable[[str], Callable[[SimulatedTask], bool]]] = {
    "serviceName": lambda name: lambda task: task.service == last_part(name),
    "family": _of_family,
    "startedBy": lambda starter: lambda task: task.started_by == starter,
    "launchType": lambda kind: lambda task: task.request.get("launchType") == kind,
    "containerInstance": lambda _: lambda _: False,
    "daemonName": lambda _: lambda _: False,
}


def _view(task: SimulatedTask, context: Context, include: set[str]) -> Body:
    view = task_view(task, context)
    return view | {"tags": tag_list(task.tags) if "TAGS" in include else []}
