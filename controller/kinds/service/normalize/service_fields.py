"""Rules about a service's own fields (R40 to R48, R56 and R57)."""

from controller.core.values.paths import (
    EACH,
    Plain,
    fill_defaults,
    key_by,
    places,
    sort_at,
)

_READ_ONLY = frozenset(
    {
        "serviceArn",
        "clusterArn",
        "status",
        "runningCount",
        "pendingCount",
        "events",
        "deployments",
        "taskSets",
        "createdAt",
        "createdBy",
        "platformFamily",
        "currentServiceDeployment",
        "currentServiceRevisions",
        "resourceManagementType",
    }
)
# They say which service it is, or what to do with it, not how it is.
_IDENTITY = ("serviceName", "service", "cluster", "clientToken", "forceNewDeployment")
_LINKED_ROLE = "AWSServiceRoleForECS"
# DescribeServices tells these of a deployment only.
_OF_A_DEPLOYMENT = (
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)
# Spellings of what strategies go by, in small letters.
_FIELDS = {
    "host": "instanceId",
    "instanceid": "instanceId",
    "cpu": "cpu",
    "memory": "memory",
}
_AWSVPC = "networkConfiguration.awsvpcConfiguration"


def r40_read_only(service: Plain) -> None:
    """What DescribeServices adds and CreateService does not take.

    API reference, Service against CreateService. ``roleArn`` is what ``role`` was
    given as; ECS's own role, linked to the service, is what is used without one.
    """
    for name in (*_READ_ONLY, *_IDENTITY):
        service.pop(name, None)
    if "roleArn" in service:
        service["role"] = service.pop("roleArn")
    if str(service.get("role")).rpartition("/")[2] in ("", _LINKED_ROLE):
        del service["role"]


def r41_of_the_primary(service: Plain) -> None:
    """Service Connect, volumes and Lattice are told of the primary deployment only.

    API reference: Deployment has these fields, and Service has not.
    """
    for deployment in service.get("deployments") or ():
        if deployment.get("status") == "PRIMARY":
            for name in _OF_A_DEPLOYMENT:
                if name not in service and deployment.get(name):
                    service[name] = deployment[name]


def r42_replica(service: Plain) -> None:
    """A service keeps a number of tasks, unless it has one on each instance.

    API reference, CreateService.schedulingStrategy; recorded.
    """
    fill_defaults(service, "", schedulingStrategy="REPLICA")


def r43_rolled_by_ecs(service: Plain) -> None:
    """ECS itself rolls out, unless another controller does.

    API reference, CreateService.deploymentController: "the default value of ECS".
    """
    fill_defaults(service, "", deploymentController={"type": "ECS"})


def r44_off(service: Plain) -> None:
    """Managed tags and commands in containers are off.

    Recorded; API reference, Service.enableECSManagedTags and enableExecuteCommand.
    """
    fill_defaults(service, "", enableECSManagedTags=False, enableExecuteCommand=False)


def r45_tags_stay(service: Plain) -> None:
    """Tasks get no tags unless it is said from where.

    API reference, CreateService.propagateTags: "The default is NONE".
    """
    service["propagateTags"] = service.get("propagateTags") or "NONE"


def r46_no_grace(service: Plain) -> None:
    """A health check counts from the start.

    API reference, CreateService.healthCheckGracePeriodSeconds: "the default value of 0".
    """
    fill_defaults(service, "", healthCheckGracePeriodSeconds=0)


def r47_latest_platform(service: Plain) -> None:
    """A task on Fargate runs on the newest platform, and ``LATEST`` is how that is kept.

    API reference, CreateService.platformVersion. Deployments show what LATEST was that
    day, which is nobody's wish.
    """
    fill_defaults(service, "", platformVersion="LATEST")


def r48_network(service: Plain) -> None:
    """No public address is given, and the VPC has security groups of its own.

    API reference, AwsVpcConfiguration.assignPublicIp: "The default value is DISABLED";
    without security groups the VPC's own is used, which is others' to choose.
    """
    fill_defaults(service, _AWSVPC, assignPublicIp="DISABLED")


def r48_subnets_are_a_set(service: Plain) -> None:
    """Subnets and security groups are sets.

    API reference, AwsVpcConfiguration: their order means nothing.
    """
    sort_at(service, _AWSVPC, "subnets", "securityGroups")


def r56_providers_by_name(service: Plain) -> None:
    """Capacity providers go by name, in any order.

    API reference, CreateService.capacityProviderStrategy: each provider once.
    """
    key_by(
        service, "", "capacityProviderStrategy", lambda i: str(i["capacityProvider"])
    )


def r56_base_and_weight(service: Plain) -> None:
    """A capacity provider has base and weight 0 unless it says so.

    API reference, CapacityProviderStrategyItem. A launch type that nobody declares may
    as well be the provider that is the cluster's default.
    """
    fill_defaults(service, f"capacityProviderStrategy.{EACH}", base=0, weight=0)


def r57_placement(service: Plain) -> None:
    """Constraints are a set; strategies keep their order and have one spelling.

    API reference, PlacementStrategy.field: "instanceId (or host, which has the same
    effect)", cpu and memory in any case. The first strategy counts first.
    """
    sort_at(service, "", "placementConstraints")
    for strategy in places(service, f"placementStrategy.{EACH}"):
        strategy["type"] = str(strategy.get("type", "")).lower()
        by = strategy.pop("field", None)
        if by:
            strategy["field"] = _FIELDS.get(by.lower(), by)
