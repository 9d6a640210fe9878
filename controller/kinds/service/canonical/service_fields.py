"""Rules about a service's own fields (R40 to R48 and R55 to R60)."""

from controller.kinds.service.canonical.shape import (
    EACH,
    Plain,
    drop_defaults,
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
# They say which service it is, not how it is.
_IDENTITY = ("serviceName", "service", "cluster", "clientToken")
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


def r59_either_group(service: Plain) -> None:
    """The two target groups of a blue/green pair take turns.

    API reference, AdvancedConfiguration.alternateTargetGroupArn; after each rollout the
    groups have changed places, and the weights of the rule are ECS's.
    """
    balancers = places(service, f"loadBalancers.{EACH}")
    for balancer in balancers + places(service, f"vpcLatticeConfigurations.{EACH}"):
        advanced = balancer.get("advancedConfiguration")
        if isinstance(advanced, dict) and advanced.get("alternateTargetGroupArn"):
            pair = balancer.get("targetGroupArn"), advanced["alternateTargetGroupArn"]
            first, second = sorted(map(str, pair))
            balancer["targetGroupArn"] = first
            advanced["alternateTargetGroupArn"] = second


def r59_balancers_are_a_set(service: Plain) -> None:
    """Load balancers go by container and port, in any order.

    API reference, CreateService.loadBalancers; registries are a set as well, and a port
    of 0 is none. Lattice's groups and the gateway's connectors go by port.
    """
    key_by(service, "", "loadBalancers", _balanced)
    drop_defaults(service, f"serviceRegistries.{EACH}", port=0, containerPort=0)
    sort_at(service, "", "serviceRegistries")
    key_by(service, "", "vpcLatticeConfigurations", lambda one: str(one["portName"]))
    key_by(service, "", "gatewayConnectors", lambda one: str(one["portName"]))
    sort_at(service, f"gatewayConnectors.{EACH}.filters", "accessTypes")
    sort_at(service, f"monitoring.metricConfigurations.{EACH}", "metricNames")
    sort_at(service, "monitoring", "metricConfigurations")


def r60_names_of_connections(service: Plain) -> None:
    """Names in Service Connect follow from the port's.

    API reference, ServiceConnectService.discoveryName and clientAliases[].dnsName;
    ServiceConnectAccessLogConfiguration: queries are not logged.
    """
    for one in places(service, f"serviceConnectConfiguration.services.{EACH}"):
        fill_defaults(one, "", discoveryName=one.get("portName"))
        fill_defaults(one, f"clientAliases.{EACH}", dnsName=one["discoveryName"])
    logs = "serviceConnectConfiguration.accessLogConfiguration"
    fill_defaults(service, logs, includeQueryParameters="DISABLED")


def r60_plain_volumes(service: Plain) -> None:
    """A volume of a task is formatted as xfs, and gets no tags but its own.

    API reference, ServiceManagedEBSVolumeConfiguration.filesystemType and
    EBSTagSpecification.propagateTags: "If no value is specified, the tags aren't
    propagated".
    """
    volumes = f"volumeConfigurations.{EACH}.managedEBSVolume"
    fill_defaults(service, volumes, filesystemType="xfs")
    tags = f"{volumes}.tagSpecifications.{EACH}"
    fill_defaults(service, tags, propagateTags="NONE")


def r60_connections_by_name(service: Plain) -> None:
    """Connections go by port, volumes by name and tags by key, in any order.

    API reference. Tags of AWS's own, which begin with ``aws:``, are not ours to see.
    """
    connect = "serviceConnectConfiguration"
    key_by(service, connect, "services", lambda s: str(s["portName"]))
    each = f"{connect}.services.{EACH}"
    key_by(service, each, "clientAliases", lambda alias: str(alias["port"]))
    key_by(
        service,
        f"{connect}.logConfiguration",
        "secretOptions",
        lambda option: str(option["name"]),
        lambda option: str(option.get("valueFrom", "")).rstrip(":"),
    )
    key_by(service, "", "volumeConfigurations", lambda v: str(v["name"]))
    volumes = f"volumeConfigurations.{EACH}.managedEBSVolume.tagSpecifications.{EACH}"
    key_by(service, volumes, "tags", _tag_key, _tag_value)
    tags = service.get("tags")
    if isinstance(tags, list):
        pairs = ((_tag_key(tag), _tag_value(tag)) for tag in tags)
        service["tags"] = {k: v for k, v in pairs if not k.startswith("aws:")}


def r60_off_is_not_there(service: Plain) -> None:
    """Service Connect that is turned off is not there.

    API reference, ServiceConnectConfiguration.enabled; it is how it is removed.
    """
    connect = service.get("serviceConnectConfiguration")
    if isinstance(connect, dict) and connect.get("enabled") is False:
        del service["serviceConnectConfiguration"]


def _balanced(balancer: Plain) -> str:
    return f"{balancer['containerName']}:{balancer['containerPort']}"


def _tag_key(tag: Plain) -> str:
    return str(tag["key"])


def _tag_value(tag: Plain) -> str:
    return str(tag.get("value") or "")
