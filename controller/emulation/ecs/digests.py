"""Image digests. All tasks of a deployment run the digest resolved at its start."""

from hashlib import sha256

from controller.emulation.ecs.context import Context
from controller.emulation.ecs.references import definition_at
from controller.emulation.ecs.state import Body, Definition, World


def digests_of(
    world: World, definition: Definition, context: Context
) -> dict[str, str]:
    """Return the current digest of each container's image.

    ECS resolves tags once per deployment: developer guide, "Container image
    resolution".
    """
    return {
        container["name"]: digest_of(world, container["image"], context)
        for container in definition.body["containerDefinitions"]
    }


def deployed_digests(world: World, fields: Body, context: Context) -> dict[str, str]:
    """Return the image digests of a new service revision."""
    return digests_of(world, definition_at(world, fields["taskDefinition"]), context)


def digest_of(world: World, image: str, context: Context) -> str:
    """Return the digest of one image, derived from its name if it was not pushed."""
    _, at, digest = image.partition("@")
    if at:
        return digest
    known = world.images.get(image) or context.effects.image_digest(image)
    return known or f"sha256:{sha256(image.encode()).hexdigest()}"
