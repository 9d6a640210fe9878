"""Rules for a service's own fields (R40 to R48, R56 and R57)."""

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
# They identify the service or control the call; they are no settings.
_IDENTITY = ("serviceName", "service", "cluster", "clientToken", "forceNewDeployment")
_LINKED_ROLE = "AWSServiceRoleForECS"
# DescribeServices returns these only in deployments.
_OF_A_DEPLOYMENT = (
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)
# Fields of placement strategies by their lower-case spelling.
_FIELDS = {
    "host": "instanceId",
    "instanceid": "instanceId",
    "cpu": "cpu",
    "memory": "memory",
}
_AWSVPC = "networkConfiguration.awsvpcConfiguration"


def r40_read_only(service: Plain) -> None:
    """Read-only fields of DescribeServices are ignored.

    API reference: in Service, not in CreateService. ``roleArn`` is the returned
    ``role``; without one, ECS uses its service-linked role.
    """
    for name in (*_READ_ONLY, *_IDENTITY):
        service.pop(name, None)
    if "roleArn" in service:
        service["role"] = service.pop("roleArn")
    if str(service.get("role")).rpartition("/")[2] in ("", _LINKED_ROLE):
        del service["role"]


def r41_of_the_primary(service: Plain) -> None:
    """Service Connect, volumes and Lattice are read from the primary deployment.

    API reference: Deployment has these fields, Service does not.
    """
    for deployment in service.get("deployments") or ():
        if deployment.get("status") == "PRIMARY":
            for name in _OF_A_DEPLOYMENT:
                if name not in service and deployment.get(name):
                    service[name] = deployment[name]


def r42_replica(service: Plain) -> None:
    """The scheduling strategy defaults to REPLICA.

    API reference, CreateService.schedulingStrategy; recorded.
    """
    fill_defaults(service, "", schedulingStrategy="REPLICA")


def r43_rolled_by_ecs(service: Plain) -> None:
    """The deployment controller defaults to ECS.

    API reference, CreateService.deploymentController: "the default value of ECS".
    """
    fill_defaults(service, "", deploymentController={"type": "ECS"})


def r44_off(service: Plain) -> None:
    """Managed tags and execute-command are off by default.

    Recorded; API reference, Service.enableECSManagedTags and enableExecuteCommand.
    """
    fill_defaults(service, "", enableECSManagedTags=False, enableExecuteCommand=False)


def r45_tags_stay(service: Plain) -> None:
    """Tasks inherit no tags by default.

    API reference, CreateService.propagateTags: "The default is NONE".
    """
    service["propagateTags"] = service.get("propagateTags") or "NONE"


def r46_no_grace(service: Plain) -> None:
    """The health check grace period defaults to 0 s.

    API reference, CreateService.healthCheckGracePeriodSeconds: "the default value of 0".
    """
    fill_defaults(service, "", healthCheckGracePeriodSeconds=0)


def r47_latest_platform(service: Plain) -> None:
    """The platform version on Fargate defaults to ``LATEST``.

    API reference, CreateService.platformVersion. Deployments return the version that
    LATEST resolved to, which is not a setting.
    """
    fill_defaults(service, "", platformVersion="LATEST")


def r48_network(service: Plain) -> None:
    """Tasks get no public address by default.

    API reference, AwsVpcConfiguration.assignPublicIp: "The default value is DISABLED";
    without security groups, ECS uses the default group of the VPC.
    """
    fill_defaults(service, _AWSVPC, assignPublicIp="DISABLED")


def r48_subnets_are_a_set(service: Plain) -> None:
    """Subnets and security groups are sets.

    API reference, AwsVpcConfiguration: their order means nothing.
    """
    sort_at(service, _AWSVPC, "subnets", "securityGroups")


def r56_providers_by_name(service: Plain) -> None:
    """Capacity providers are keyed by name, in any order.

    API reference, CreateService.capacityProviderStrategy: each provider once.
    """
    key_by(
        service, "", "capacityProviderStrategy", lambda i: str(i["capacityProvider"])
    )


def r56_base_and_weight(service: Plain) -> None:
    """The base and weight of a capacity provider default to 0.

    API reference, CapacityProviderStrategyItem. An undeclared launch type may equal the
    default capacity provider of the cluster.
    """
    fill_defaults(service, f"capacityProviderStrategy.{EACH}", base=0, weight=0)


def r57_placement(service: Plain) -> None:
    """Placement constraints are a set; strategies keep their order.

    API reference, PlacementStrategy.field: "instanceId (or host, which has the same
    effect)"; cpu and memory in any letter case. The first strategy is applied first.
    """
    sort_at(service, "", "placementConstraints")
    for strategy in places(service, f"placementStrategy.{EACH}"):
        strategy["type"] = str(strategy.get("type", "")).lower()
        by = strategy.pop("field", None)
        if by:
            strategy["field"] = _FIELDS.get(by.lower(), by)
