"""What a tag stands for when it is pulled: a service's tasks all run the same."""

from hashlib import sha256

from controller.emulation.ecs.context import Context
from controller.emulation.ecs.references import definition_at
from controller.emulation.ecs.state import Body, Definition, World


def digests_of(
    world: World, definition: Definition, context: Context
) -> dict[str, str]:
    """Return the digest of each container's image at this moment.

    ECS resolves the tags of a deployment once: "Container image resolution" in its
    developer guide.
    """
    return {
        container["name"]: digest_of(world, container["image"], context)
        for container in definition.body["containerDefinitions"]
    }


def deployed_digests(world: World, fields: Body, context: Context) -> dict[str, str]:
    """Return the digests that a new service revision is deployed with."""
    return digests_of(world, definition_at(world, fields["taskDefinition"]), context)


def digest_of(world: World, image: str, context: Context) -> str:
    """Return the digest of one image; an image nobody pushed has one all the same."""
    _, at, digest = image.partition("@")
    if at:
        return digest
    known = world.images.get(image) or context.effects.image_digest(image)
    return known or f"sha256:{sha256(image.encode()).hexdigest()}"
