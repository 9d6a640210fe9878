"""Rules for load balancers, Service Connect, volumes and tags (R59 and R60)."""

from controller.core.values.paths import (
    EACH,
    Plain,
    drop_defaults,
    fill_defaults,
    key_by,
    places,
    sort_at,
)

_CONNECT = "serviceConnectConfiguration"
_VOLUMES = f"volumeConfigurations.{EACH}.managedEBSVolume"
_VOLUME_TAGS = f"{_VOLUMES}.tagSpecifications.{EACH}"


def r59_either_group(service: Plain) -> None:
    """The two target groups of a blue/green pair are interchangeable.

    API reference, AdvancedConfiguration.alternateTargetGroupArn; each rollout swaps the
    groups, and ECS sets the weights of the rule.
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
    """Load balancers are keyed by container and port, in any order.

    API reference, CreateService.loadBalancers; registries are a set as well, and a port
    of 0 equals none.
    """
    key_by(service, "", "loadBalancers", _balanced)
    drop_defaults(service, f"serviceRegistries.{EACH}", port=0, containerPort=0)
    sort_at(service, "", "serviceRegistries")


def r59_other_sets(service: Plain) -> None:
    """Lattice groups and gateway connectors are keyed by port; metrics are unordered.

    API reference, VpcLatticeConfiguration.portName, GatewayConnector.portName and
    MonitoringConfiguration.
    """
    key_by(service, "", "vpcLatticeConfigurations", _port_name)
    key_by(service, "", "gatewayConnectors", _port_name)
    sort_at(service, f"gatewayConnectors.{EACH}.filters", "accessTypes")
    sort_at(service, f"monitoring.metricConfigurations.{EACH}", "metricNames")
    sort_at(service, "monitoring", "metricConfigurations")


def r60_names_of_connections(service: Plain) -> None:
    """Names in Service Connect default to the port name.

    API reference, ServiceConnectService.discoveryName and clientAliases[].dnsName;
    ServiceConnectAccessLogConfiguration: queries are not logged.
    """
    for one in places(service, f"{_CONNECT}.services.{EACH}"):
        fill_defaults(one, "", discoveryName=one.get("portName"))
        fill_defaults(one, f"clientAliases.{EACH}", dnsName=one["discoveryName"])
    logs = f"{_CONNECT}.accessLogConfiguration"
    fill_defaults(service, logs, includeQueryParameters="DISABLED")


def r60_plain_volumes(service: Plain) -> None:
    """A volume of a task defaults to xfs and propagates no tags.

    API reference, ServiceManagedEBSVolumeConfiguration.filesystemType and
    EBSTagSpecification.propagateTags: "If no value is specified, the tags aren't
    propagated".
    """
    fill_defaults(service, _VOLUMES, filesystemType="xfs")
    fill_defaults(service, _VOLUME_TAGS, propagateTags="NONE")


def r60_connections_by_name(service: Plain) -> None:
    """Connections are keyed by port and log secrets by name, in any order.

    API reference, ServiceConnectService.portName and ServiceConnectClientAlias.port;
    LogConfiguration.secretOptions, as in a container.
    """
    key_by(service, _CONNECT, "services", _port_name)
    each = f"{_CONNECT}.services.{EACH}"
    key_by(service, each, "clientAliases", lambda alias: str(alias["port"]))
    logs = f"{_CONNECT}.logConfiguration"
    key_by(service, logs, "secretOptions", _name, _reference)


def r60_tags_by_key(service: Plain) -> None:
    """Volumes are keyed by name and tags by key; tags of AWS are ignored.

    API reference, Tag.key: the prefix ``aws:`` is AWS's.
    """
    key_by(service, "", "volumeConfigurations", _name)
    key_by(service, _VOLUME_TAGS, "tags", _tag_key, _tag_value)
    tags = service.get("tags")
    if isinstance(tags, list):
        pairs = ((_tag_key(tag), _tag_value(tag)) for tag in tags)
        service["tags"] = {k: v for k, v in pairs if not k.startswith("aws:")}


def r60_off_is_not_there(service: Plain) -> None:
    """Disabled Service Connect equals absent Service Connect.

    API reference, ServiceConnectConfiguration.enabled; this is how it is removed.
    """
    connect = service.get(_CONNECT)
    if isinstance(connect, dict) and connect.get("enabled") is False:
        del service[_CONNECT]


def _name(item: Plain) -> str:
    return str(item["name"])


def _port_name(item: Plain) -> str:
    return str(item["portName"])


def _reference(option: Plain) -> str:
    return str(option.get("valueFrom", "")).rstrip(":")


def _balanced(balancer: Plain) -> str:
    return f"{balancer['containerName']}:{balancer['containerPort']}"


def _tag_key(tag: Plain) -> str:
    return str(tag["key"])


def _tag_value(tag: Plain) -> str:
    return str(tag.get("value") or "")
