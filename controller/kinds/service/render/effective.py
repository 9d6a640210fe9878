"""The effective declaration: with digests in place of image tags, if images are pinned.

It is a pure function of the declaration and the observed digests. If a digest could not
be read, the deployed digest stays.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.kinds.service.cache import Memo
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.aws_names import EcrImage, ecr_image
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.images import ImageSeen
from controller.kinds.service.state.service import ServiceState

Pins = Mapping[str, str]
_MOST_KEPT = 8
_images: Memo[ServiceSpec, Pins] = Memo(
    lambda spec: {c["name"]: c["image"] for c in render(spec)["containerDefinitions"]}
)
# A spec and its pinned form are compared often; Memo caches by identity.
_pinned: Memo[ServiceSpec, dict[frozenset[tuple[str, str]], ServiceSpec]] = Memo(
    lambda _spec: {}
)


def image_path(container: str) -> str:
    """Return the path of a container's image in changes."""
    return f"task.containers.{container}.image"


def images_of(spec: ServiceSpec) -> Pins:
    """Return the declared image of each container."""
    return _images(spec)


def tagged(spec: ServiceSpec, image: str) -> EcrImage | str:
    """Return the image if its tag can be read from ECR; otherwise the reason."""
    found = ecr_image(image)
    if found is None:
        return "it is not in ECR"
    if found.digest:
        return "it is declared with a digest"
    if found.region != spec.region:
        return f"it is in {found.region}, not in {spec.region}"
    return found


def effective_spec(spec: ServiceSpec, state: ServiceState) -> ServiceSpec:
    """Return the effective spec: with the observed digests, if it pins images.

    An image whose digest could not be read keeps its deployed digest.
    """
    if spec.image_policy != "pin":
        return spec
    return pinned(spec, dict(_pins(spec, state)))


def pinned(spec: ServiceSpec, pins: Pins) -> ServiceSpec:
    """Return ``spec`` with these images; equal arguments return the same object."""
    if not pins:
        return spec
    kept, key = _pinned(spec), frozenset(pins.items())
    if key not in kept:
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        kept[key] = _with_images(spec, pins)
    return kept[key]


def pin_of(image: str, digest: str) -> str:
    """Return ``image`` with a digest instead of its tag."""
    repository = image.partition("@")[0]
    if ":" in repository.rpartition("/")[2]:
        repository = repository.rpartition(":")[0]
    return f"{repository}@{digest}"


def unresolved(spec: ServiceSpec, state: ServiceState) -> Iterator[ImageSeen]:
    """Yield images to pin of which no digest is known, observed or deployed."""
    if spec.image_policy != "pin":
        return
    pins = dict(_pins(spec, state))
    for seen in state.fresh.images:
        if seen.unseen and seen.container not in pins:
            yield seen


def runs_of(image: str, live: str) -> bool:
    """Return True if ``live`` is ``image``, or a digest in the same repository."""
    return live == image or ("@" in live and pin_of(live, "") == pin_of(image, ""))


def _pins(spec: ServiceSpec, state: ServiceState) -> Iterator[tuple[str, str]]:
    live = state.definition.get("containerDefinitions", {})
    for container, image in images_of(spec).items():
        if isinstance(tagged(spec, image), str):
            continue
        seen = state.fresh.image(container, image)
        present = str(live.get(container, {}).get("image", ""))
        if seen is not None and seen.there:
            yield container, pin_of(image, seen.there)
        elif "@" in present and runs_of(image, present) and not _skipped(seen):
            yield container, present


def _skipped(seen: ImageSeen | None) -> bool:
    return seen is not None and bool(seen.skipped)


def _with_images(spec: ServiceSpec, pins: Pins) -> ServiceSpec:
    task: dict[str, Any] = dict(spec.task)
    if "containerDefinitions" in task:
        task["containerDefinitions"] = [
            {**c, "image": pins[c["name"]]} if _replaces(c, pins) else c
            for c in task["containerDefinitions"]
        ]
    image = pins.get(spec.name, spec.image)
    return spec.model_copy(update={"image": image, "task": task})


def _replaces(container: Mapping[str, Any], pins: Pins) -> bool:
    return "image" in container and container["name"] in pins
