"""Tags of all resources, and operations that change them by ARN."""

from typing import TypeAlias

from controller.emulation.ecs.context import Context
from controller.emulation.ecs.errors import invalid, not_found
from controller.emulation.ecs.references import find_definition, last_part, resource_of
from controller.emulation.ecs.state import Body, Cluster, Tags, World

MAX_TAGS = 50
TagList: TypeAlias = list[dict[str, str]]


def tags_from(entries: TagList | None) -> Tags:
    """Return tags as a mapping; refuse invalid ones."""
    tags: Tags = {}
    for entry in entries or []:
        key = entry.get("key", "")
        if not key or len(key) > 128 or len(entry.get("value", "")) > 256:  # noqa: PLR2004
            message = "Tag keys have 1 to 128 characters and values up to 256."
            raise invalid(message)
        if key.lower().startswith("aws:"):
            message = "aws: prefixed tag key names are not allowed for external use."
            raise invalid(message)
        tags[key] = entry.get("value", "")
    _check_count(tags)
    return tags


def tag_list(tags: Tags) -> TagList:
    """Return tags in the form of the API."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def tag_resource(world: World, body: Body, _: Context) -> Body:
    """TagResource."""
    tags = _tags_of(world, body["resourceArn"])
    added = tags_from(body["tags"])
    _check_count(tags | added)
    tags.update(added)
    return {}


def untag_resource(world: World, body: Body, _: Context) -> Body:
    """UntagResource."""
    tags = _tags_of(world, body["resourceArn"])
    for key in body["tagKeys"]:
        tags.pop(key, None)
    return {}


def list_tags_for_resource(world: World, body: Body, _: Context) -> Body:
    """ListTagsForResource."""
    return {"tags": tag_list(_tags_of(world, body["resourceArn"]))}


def _check_count(tags: Tags) -> None:
    if len(tags) > MAX_TAGS:
        message = f"A resource can have at most {MAX_TAGS} tags."
        raise invalid(message)


def _tags_of(world: World, arn: str) -> Tags:
    """Return the mutable tags of the resource with this ARN."""
    kind, _, rest = resource_of(arn).partition("/")
    tags = _lookup(world, kind, rest, arn)
    if tags is None:
        message = f"The specified resource {arn} was not found."
        raise not_found(message)
    return tags


def _lookup(world: World, kind: str, rest: str, arn: str) -> Tags | None:
    if kind == "task-definition":
        definition = find_definition(world, arn)
        return definition.tags if definition else None
    cluster = world.clusters.get(rest.split("/", 1)[0])
    return _tags_in_cluster(cluster, kind, last_part(rest)) if cluster else None


def _tags_in_cluster(cluster: Cluster, kind: str, name: str) -> Tags | None:
    if kind == "cluster":
        return cluster.tags
    if kind == "service" and (service := cluster.services.get(name)):
        return service.tags
    if kind == "task" and (task := cluster.tasks.get(name)):
        return task.tags
    return None
