"""Reads of images in ECR: their manifests and architectures."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from controller.core.dependencies import Aws
from controller.core.values.batches import batched
from controller.kinds.service.preflight.aws.answers import facts_of
from controller.kinds.service.preflight.facts import Fact, RegistryImage
from controller.kinds.service.spec.aws_names import EcrImage

# Most images of BatchGetImage; API reference.
MOST_IMAGES = 100
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
# ECS's name of each architecture, by the name in manifests.
_ARCHITECTURES = {"amd64": "X86_64", "arm64": "ARM64"}
Fetch = Callable[[str], bytes]
Answer = Mapping[str, Any]


def images(aws: Aws, wanted: Mapping[str, EcrImage], fetch: Fetch) -> dict[str, Fact]:
    """Return the facts about ``wanted``; one call per repository and 100 images."""
    by_repository: defaultdict[tuple[str, str], dict[str, EcrImage]]
    by_repository = defaultdict(dict)
    for name, image in wanted.items():
        by_repository[image.account, image.repository][name] = image
    seen: dict[str, Fact] = {}
    for by_name in by_repository.values():
        for names in batched(sorted(by_name), MOST_IMAGES):
            batch = {name: by_name[name] for name in names}
            seen |= facts_of(names, partial(_batch, aws, batch, fetch))
    return seen


def _batch(
    aws: Aws, batch: Mapping[str, EcrImage], fetch: Fetch
) -> dict[str, RegistryImage]:
    first = next(iter(batch.values()))
    ids = {json.dumps(image.id): image.id for image in batch.values()}
    answer = aws.call(
        "ecr",
        "BatchGetImage",
        registryId=first.account,
        repositoryName=first.repository,
        imageIds=list(ids.values()),
        acceptedMediaTypes=list(_MANIFESTS),
    )
    return {
        name: RegistryImage(frozenset(_architectures(aws, image, found, fetch)))
        for name, image in batch.items()
        for found in answer["images"]
        if image.id.items() <= found["imageId"].items()
    }


def _architectures(
    aws: Aws, image: EcrImage, found: Answer, fetch: Fetch
) -> Iterator[str]:
    """Yield the architectures of an image; none if its manifest names none."""
    try:
        manifest = json.loads(found.get("imageManifest") or "{}")
    except ValueError:
        return
    if "manifests" in manifest:
        for part in manifest["manifests"]:
            yield from _known(part.get("platform", {}).get("architecture"))
    elif digest := manifest.get("config", {}).get("digest"):
        yield from _known(_configured(aws, image, digest, fetch))


def _configured(aws: Aws, image: EcrImage, digest: str, fetch: Fetch) -> str | None:
    """Return the architecture in an image's configuration, which is a separate blob."""
    answer = aws.call(
        "ecr",
        "GetDownloadUrlForLayer",
        registryId=image.account,
        repositoryName=image.repository,
        layerDigest=digest,
    )
    try:
        found = json.loads(fetch(answer["downloadUrl"])).get("architecture")
    except ValueError:
        return None
    return str(found) if found else None


def _known(architecture: str | None) -> Iterator[str]:
    if architecture in _ARCHITECTURES:
        yield _ARCHITECTURES[architecture]
