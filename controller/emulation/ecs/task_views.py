"""Tasks in the form of the API."""

from controller.emulation.ecs.context import Context
from controller.emulation.ecs.state import Body, Container, SimulatedTask

_ATTACHED = {"PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING"}


def task_view(task: SimulatedTask, context: Context) -> Body:
    """Return a task in the form of the API, without its tags."""
    request = task.request
    view: Body = {
        "attachments": [_attachment(task)] if task.attachment_id else [],
        "attributes": [],
        "clusterArn": context.arn(f"cluster/{task.cluster}"),
        "connectivity": "CONNECTED",
        "containers": [_container_view(c, task) for c in task.containers],
        "createdAt": task.created_at.timestamp(),
        "desiredStatus": task.desired_status,
        "enableExecuteCommand": bool(request.get("enableExecuteCommand")),
        "group": task.group,
        "healthStatus": task.health,
        "lastStatus": task.status,
        "overrides": request.get("overrides", {"containerOverrides": []}),
        "taskArn": task.arn,
        "taskDefinitionArn": task.definition,
        "version": task.version,
    }
    view |= _optional(task)
    view |= {name: moment.timestamp() for name, moment in task.times.items()}
    return view


def _optional(task: SimulatedTask) -> Body:
    request = task.request
    values: Body = {
        "availabilityZone": task.zone,
        "cpu": request.get("cpu"),
        "memory": request.get("memory"),
        "launchType": request.get("launchType"),
        "startedBy": task.started_by,
        "stopCode": task.stop_code,
        "stoppedReason": task.stopped_reason,
    }
    if request.get("launchType") == "FARGATE":
        values |= {"platformVersion": "1.4.0", "platformFamily": "Linux"}
    if strategy := request.get("capacityProviderStrategy"):
        values["capacityProviderName"] = strategy[0]["capacityProvider"]
    return {key: value for key, value in values.items() if value is not None}


def _container_view(container: Container, task: SimulatedTask) -> Body:
    definition = container.definition
    view: Body = {
        "containerArn": container.arn,
        "taskArn": task.arn,
        "name": container.name,
        "image": definition["image"],
        "lastStatus": container.status,
        "healthStatus": container.health,
        "cpu": str(definition.get("cpu", 0)),
        "networkBindings": [],
        "networkInterfaces": [],
        "managedAgents": [],
    }
    for key in ("memory", "memoryReservation"):
        if definition.get(key):
            view[key] = str(definition[key])
    if task.address and task.attachment_id:
        view["networkInterfaces"] = [
            {"attachmentId": task.attachment_id, "privateIpv4Address": task.address}
        ]
    if task.launched:
        view |= {
            "runtimeId": f"{task.id}-{container.name}",
            "imageDigest": container.digest,
        }
    if container.exit_code is not None:
        view["exitCode"] = container.exit_code
    if container.reason:
        view["reason"] = container.reason[:1024]
    return view


def _attachment(task: SimulatedTask) -> Body:
    details = {"subnetId": task.subnet}
    if task.address:
        details |= {
            "networkInterfaceId": f"eni-{task.id[:17]}",
            "macAddress": _mac_address(task.id),
            "privateDnsName": f"ip-{task.address.replace('.', '-')}.ec2.internal",
            "privateIPv4Address": task.address,
        }
    return {
        "id": task.attachment_id,
        "type": "ElasticNetworkInterface",
        "status": _attachment_status(task),
        "details": [{"name": k, "value": v} for k, v in details.items() if v],
    }


def _attachment_status(task: SimulatedTask) -> str:
    if task.status in _ATTACHED:
        return "ATTACHED"
    return "PRECREATED" if task.status == "PROVISIONING" else "DELETED"


def _mac_address(task_id: str) -> str:
    pairs = [task_id[i : i + 2] for i in range(0, 10, 2)]
    return ":".join(["0a", *pairs])


def attachment_needed(network: Body | None) -> bool:
    """Return True if a task gets its own network interface."""
    return bool(network and network.get("awsvpcConfiguration"))
