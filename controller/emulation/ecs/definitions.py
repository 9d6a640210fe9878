"""Task definition operations. A family has numbered, immutable revisions."""

from collections.abc import Iterator

from controller.emulation.ecs.context import Context
from controller.emulation.ecs.definition_rules import checked_definition
from controller.emulation.ecs.errors import client_error, invalid
from controller.emulation.ecs.paging import checked_references, page
from controller.emulation.ecs.references import find_definition, last_part, resource_of
from controller.emulation.ecs.state import Body, Definition, World
from controller.emulation.ecs.tagging import tag_list, tags_from


def register_task_definition(world: World, body: Body, context: Context) -> Body:
    """RegisterTaskDefinition: create a revision, also for a repeated body, as on AWS."""
    family = body["family"]
    filled = context.fills.fill_definition(checked_definition(body))
    tags = tags_from(filled.pop("tags", None))
    # Revisions are never removed from their family, so numbers are not reused.
    revision = len(world.definitions.get(family, {})) + 1
    definition = Definition(
        family=family,
        revision=revision,
        arn=context.arn(f"task-definition/{family}:{revision}"),
        body=filled,
        registered_at=context.now,
        tags=tags,
    )
    world.definitions.setdefault(family, {})[revision] = definition
    return {
        "taskDefinition": definition_view(definition, context),
        "tags": tag_list(tags),
    }


def describe_task_definition(world: World, body: Body, context: Context) -> Body:
    """DescribeTaskDefinition: include INACTIVE revisions, and tags only on request."""
    definition = find_definition(world, body["taskDefinition"])
    if definition is None:
        message = "Unable to describe task definition."
        raise client_error(message)
    answer: Body = {"taskDefinition": definition_view(definition, context)}
    if "TAGS" in body.get("include", []):
        answer["tags"] = tag_list(definition.tags)
    return answer


def deregister_task_definition(world: World, body: Body, context: Context) -> Body:
    """DeregisterTaskDefinition: running tasks continue, and no new ones start."""
    reference = body["taskDefinition"]
    if ":" not in last_part(resource_of(reference)):
        message = "Task definition must contain a revision."
        raise invalid(message)
    definition = find_definition(world, reference)
    if definition is None or definition.status == "DELETE_IN_PROGRESS":
        message = "The specified task definition does not exist."
        raise client_error(message)
    if definition.status == "ACTIVE":
        definition.status = "INACTIVE"
        definition.deregistered_at = context.now
    return {"taskDefinition": definition_view(definition, context)}


def delete_task_definitions(world: World, body: Body, context: Context) -> Body:
    """DeleteTaskDefinitions: delete deregistered revisions only."""
    answer: Body = {"taskDefinitions": [], "failures": []}
    for reference in checked_references(body["taskDefinitions"], 10, "taskDefinitions"):
        definition = find_definition(world, reference)
        if definition is None:
            failure = {"arn": reference, "reason": "MISSING"}
            answer["failures"].append(failure)
        elif definition.status == "ACTIVE":
            failure = {
                "arn": definition.arn,
                "reason": "The specified task definition is still in ACTIVE status.",
            }
            answer["failures"].append(failure)
        else:
            definition.status = "DELETE_IN_PROGRESS"
            answer["taskDefinitions"].append(definition_view(definition, context))
    return answer


def list_task_definitions(world: World, body: Body, _: Context) -> Body:
    """ListTaskDefinitions: revisions of one status, by family and number."""
    status = body.get("status", "ACTIVE")
    arns = [d.arn for d in _all(world, body) if d.status == status]
    if body.get("sort") == "DESC":
        arns.reverse()
    return page(arns, body, "taskDefinitionArns")


def list_task_definition_families(world: World, body: Body, _: Context) -> Body:
    """ListTaskDefinitionFamilies: a family with an ACTIVE revision is ACTIVE."""
    status = body.get("status", "ALL")
    prefix = body.get("familyPrefix", "")
    families = [
        family
        for family, revisions in sorted(world.definitions.items())
        if family.startswith(prefix) and status in {"ALL", _family_status(revisions)}
    ]
    return page(families, body, "families")


def _family_status(revisions: dict[int, Definition]) -> str:
    active = any(d.status == "ACTIVE" for d in revisions.values())
    return "ACTIVE" if active else "INACTIVE"


def _all(world: World, body: Body) -> Iterator[Definition]:
    family = body.get("familyPrefix")
    for name, revisions in sorted(world.definitions.items()):
        if family in {None, name}:
            yield from revisions.values()


def definition_view(definition: Definition, context: Context) -> Body:
    """Return a revision in the form of the API."""
    body = definition.body
    view = body | {
        "taskDefinitionArn": definition.arn,
        "revision": definition.revision,
        "status": definition.status,
        "compatibilities": _compatibilities(body),
        "registeredAt": definition.registered_at.timestamp(),
        "registeredBy": f"arn:aws:iam::{context.account}:root",
    }
    if "registered-requirements" in context.fills.switched_on:
        view["requiresAttributes"] = _required_attributes(body)
    if definition.deregistered_at:
        view["deregisteredAt"] = definition.deregistered_at.timestamp()
    return view


def _compatibilities(body: Body) -> list[str]:
    if body.get("networkMode") != "awsvpc" or not body.get("cpu"):
        return ["EXTERNAL", "EC2"]
    return ["EC2", "FARGATE", "MANAGED_INSTANCES"]


def _required_attributes(body: Body) -> list[dict[str, str]]:
    names = {"com.amazonaws.ecs.capability.docker-remote-api.1.18"}
    if body.get("networkMode") == "awsvpc":
        names.add("ecs.capability.task-eni")
    if body.get("executionRoleArn"):
        names.add("ecs.capability.execution-role-ecr-pull")
    for container in body["containerDefinitions"]:
        if container.get("secrets"):
            names.add("ecs.capability.secrets.asm.environment-variables")
        if container.get("healthCheck"):
            names.add("ecs.capability.container-health-check")
    return [{"name": name} for name in sorted(names)]
