"""Service operations."""

from copy import deepcopy

from controller.emulation.ecs import wording
from controller.emulation.ecs.context import Context
from controller.emulation.ecs.deployments import deploy, supersede
from controller.emulation.ecs.errors import invalid, service_not_active
from controller.emulation.ecs.paging import checked_references, page
from controller.emulation.ecs.reference_checks import check_references
from controller.emulation.ecs.references import (
    cluster_of,
    definition_at,
    find_service,
    last_part,
    runnable_definition,
    service_of,
)
from controller.emulation.ecs.service_rules import (
    check_creation,
    check_fields,
    check_forced,
    needs_deployment,
    stored_fields,
)
from controller.emulation.ecs.service_views import service_view
from controller.emulation.ecs.state import Body, Cluster, Definition, Service, World
from controller.emulation.ecs.tagging import tags_from

NOT_IDEMPOTENT = "Creation of service was not idempotent."


def create_service(world: World, body: Body, context: Context) -> Body:
    """CreateService: a repeated request returns the same service."""
    check_creation(body)
    cluster = cluster_of(world, body)
    existing = _existing(cluster, body)
    if existing is None:
        existing = _new_service(world, cluster, body, context)
        cluster.services[existing.name] = existing
        if existing.scheduled:
            deploy(world, existing, context)
    return {"service": service_view(cluster, existing, context, ("TAGS",))}


def _existing(cluster: Cluster, body: Body) -> Service | None:
    """Return the service that the same request created; refuse another request.

    A request is the same if it has the same token and the same parameters. The token of a deleted service is refused too. This is not confirmed for ECS, which
    documents only that a token must be unique.
    """
    token = body.get("clientToken")
    for service in cluster.services.values():
        same_token = bool(token) and service.created_from.get("clientToken") == token
        same_name = service.name == body["serviceName"]
        if service.status == "DRAINING" and same_name:
            message = "Unable to Start a service that is still Draining."
            raise invalid(message)
        if service.status == "INACTIVE" and not same_token:
            continue
        if same_token and service.status == "ACTIVE" and service.created_from == body:
            return service
        if same_name or same_token:
            raise invalid(NOT_IDEMPOTENT)
    return None


def _new_service(
    world: World, cluster: Cluster, body: Body, context: Context
) -> Service:
    name = body["serviceName"]
    fields = context.fills.fill_service(stored_fields(body))
    desired = body.get("desiredCount") or 0
    definition = None
    if fields.get("deploymentController", {}).get("type") != "EXTERNAL":
        definition = runnable_definition(world, body.get("taskDefinition"))
        fields["taskDefinition"] = definition.arn
    check_fields(fields, desired, definition)
    check_references(fields, context)
    return Service(
        name=name,
        arn=context.arn(f"service/{cluster.name}/{name}"),
        cluster=cluster.name,
        fields=fields,
        desired=desired,
        created_at=context.now,
        created_from=deepcopy(body),
        tags=tags_from(body.get("tags")),
    )


def update_service(world: World, body: Body, context: Context) -> Body:
    """UpdateService: omitted fields keep their values; some start a deployment."""
    cluster = cluster_of(world, body)
    service = service_of(world, body)
    if service.status != "ACTIVE":
        raise service_not_active()
    launch_type = _launch_type(world, service)
    fields = _merged(service.fields, stored_fields(body), launch_type, context)
    check_forced(service.fields, fields, forced=bool(body.get("forceNewDeployment")))
    definition = None
    if service.scheduled:
        definition = _target_definition(world, service, body)
        fields["taskDefinition"] = definition.arn
    desired = body.get("desiredCount", service.desired)
    check_fields(fields, desired, definition)
    check_references(stored_fields(body), context)
    changed = needs_deployment(service.fields, fields)
    if desired != service.desired:
        service.steady_since = None
    service.fields, service.desired = fields, desired
    if service.scheduled and (changed or body.get("forceNewDeployment")):
        deploy(world, service, context)
    return {"service": service_view(cluster, service, context, ("TAGS",))}


def _launch_type(world: World, service: Service) -> str:
    """Return the launch type without a capacity provider strategy."""
    if "launchType" in service.created_from:
        return str(service.created_from["launchType"])
    reference = service.fields.get("taskDefinition")
    body = definition_at(world, reference).body if reference else {}
    return "FARGATE" if "FARGATE" in body.get("requiresCompatibilities", ()) else "EC2"


def _target_definition(world: World, service: Service, body: Body) -> Definition:
    """Return the revision to run; only a new deployment needs an ACTIVE one."""
    reference = body.get("taskDefinition")
    if reference or body.get("forceNewDeployment"):
        current = service.fields["taskDefinition"]
        return runnable_definition(world, reference or current)
    return definition_at(world, service.fields["taskDefinition"])


def _merged(current: Body, update: Body, launch_type: str, context: Context) -> Body:
    """Return the current fields, overridden by those of the update.

    Without a capacity provider strategy, the service gets ``launch_type`` back.

    The deployment configuration merges member by member: an omitted member keeps its
    value.
    """
    merged = current | update
    if "deploymentConfiguration" in update:
        merged["deploymentConfiguration"] = (
            current.get("deploymentConfiguration", {})
            | update["deploymentConfiguration"]
        )
    if update.get("capacityProviderStrategy"):
        merged.pop("launchType", None)
    elif "capacityProviderStrategy" in update:
        # An empty list sets the service back to its launch type; botocore's
        # documentation of UpdateService.capacityProviderStrategy.
        merged["launchType"] = launch_type
    return context.fills.fill_service(merged)


def describe_services(world: World, body: Body, context: Context) -> Body:
    """DescribeServices: at most 10; a missing service is a failure in the response."""
    cluster = cluster_of(world, body)
    include = body.get("include", [])
    answer: Body = {"services": [], "failures": []}
    for reference in checked_references(body["services"], 10, "services"):
        service = find_service(cluster, reference)
        if service is None:
            arn = context.arn(f"service/{cluster.name}/{last_part(reference)}")
            answer["failures"].append({"arn": arn, "reason": "MISSING"})
        else:
            view = service_view(cluster, service, context, include)
            answer["services"].append(view)
    return answer


def list_services(world: World, body: Body, _: Context) -> Body:
    """ListServices: ACTIVE ones, 10 per page by default."""
    cluster = cluster_of(world, body)
    filters = {k: body[k] for k in ("launchType", "schedulingStrategy") if k in body}
    arns = [
        service.arn
        for service in cluster.services.values()
        if service.status == "ACTIVE"
        and all(service.fields.get(k) == v for k, v in filters.items())
    ]
    return page(arns, body, "serviceArns", default=10)


def list_services_by_namespace(world: World, body: Body, _: Context) -> Body:
    """ListServicesByNamespace: services whose Service Connect uses the namespace."""
    namespace = last_part(body["namespace"])
    arns = [
        service.arn
        for cluster in world.clusters.values()
        for service in cluster.services.values()
        if service.status == "ACTIVE" and _namespace_of(service) == namespace
    ]
    return page(arns, body, "serviceArns", default=10)


def _namespace_of(service: Service) -> str:
    connect = service.fields.get("serviceConnectConfiguration", {})
    return last_part(connect.get("namespace", ""))


def delete_service(world: World, body: Body, context: Context) -> Body:
    """DeleteService: drain the service; refuse a desired count above 0 without force."""
    cluster = cluster_of(world, body)
    service = service_of(world, body)
    if service.status == "INACTIVE":
        raise service_not_active()
    replica = service.fields.get("schedulingStrategy", "REPLICA") == "REPLICA"
    if replica and service.desired > 0 and not body.get("force"):
        message = "The service cannot be stopped while it is scaled above 0."
        raise invalid(message)
    supersede(service, wording.SERVICE_DELETED, context)
    service.status = "DRAINING"
    service.desired = 0
    return {"service": service_view(cluster, service, context, ("TAGS",))}
