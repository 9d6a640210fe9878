"""Digests of image tags in ECR, read once a minute per repository."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.errors import DriverError, NotFoundError
from controller.core.values.batches import batched
from controller.core.values.ttl_cache import TtlCache
from controller.kinds.service.spec.aws_names import EcrImage

# Time for which a read is valid.
KEPT = timedelta(seconds=60)
# The mutability of tags hardly ever changes.
_MUTABILITY_KEPT = timedelta(hours=1)
# Maximum of DescribeImages; API reference.
_MOST_IMAGES = 100
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_IMMUTABLE = "the tags of its repository are immutable"
Repository = tuple[str, str]
Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ResolvedTag:
    """The image of a tag.

    Attributes:
        digest: Digest of the image; empty if it was not read.
        index: True if the digest is that of an index of several images.
        skipped: Reason why the tag is not read; empty if it is.
        unseen: Reason why the tag could not be read; empty if it was.
    """

    digest: str = ""
    index: bool = False
    skipped: str = ""
    unseen: str = ""


class ImageRegistry:
    """Reads of ECR. Never raises: errors are in ``ResolvedTag.unseen``."""

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        self._tags = TtlCache[Repository, dict[str, ResolvedTag]](KEPT)
        self._mutable = TtlCache[Repository, bool](_MUTABILITY_KEPT)
        self._parts: dict[str, frozenset[str]] = {}

    def resolved(self, images: Collection[EcrImage]) -> dict[EcrImage, ResolvedTag]:
        """Return the image of each tag; one call per repository and 100 tags."""
        wanted: defaultdict[Repository, set[str]] = defaultdict(set)
        for image in images:
            wanted[image.account, image.repository].add(image.tag)
        found = {
            repository: self._of(repository, t) for repository, t in wanted.items()
        }
        return {i: found[i.account, i.repository][i.tag] for i in images}

    def parts(self, image: EcrImage, resolved: ResolvedTag) -> frozenset[str]:
        """Return the digests in an index, read once because an index never changes.

        For an index, ECS may report the digest of the one image that it runs.
        """
        if not resolved.index:
            return frozenset()
        if resolved.digest not in self._parts:
            try:
                self._parts[resolved.digest] = self._read_parts(image, resolved.digest)
            except DriverError:
                return frozenset()
        return self._parts[resolved.digest]

    def _of(self, repository: Repository, tags: set[str]) -> Mapping[str, ResolvedTag]:
        now = self._clock.monotonic()
        known = self._tags.get(repository, now) or {}
        if tags <= known.keys():
            return known
        if not self._is_mutable(repository, now):
            known = dict.fromkeys(tags, ResolvedTag(skipped=_IMMUTABLE))
        else:
            known = {}
            for batch in batched(sorted(tags), _MOST_IMAGES):
                known |= self._read(repository, batch)
        self._tags.put(repository, known, now)
        return known

    def _is_mutable(self, repository: Repository, now: float) -> bool:
        """Return True if tags may move to another image, or if that is unknown."""
        known = self._mutable.get(repository, now)
        if known is not None:
            return known
        try:
            (answer,) = self._aws.call(
                "ecr",
                "DescribeRepositories",
                registryId=repository[0],
                repositoryNames=[repository[1]],
            )["repositories"]
        except DriverError:
            return True
        mutable = str(answer.get("imageTagMutability")) != "IMMUTABLE"
        self._mutable.put(repository, mutable, now)
        return mutable

    def _read(self, repository: Repository, tags: list[str]) -> dict[str, ResolvedTag]:
        try:
            answer = self._aws.call(
                "ecr",
                "DescribeImages",
                registryId=repository[0],
                repositoryName=repository[1],
                imageIds=[{"imageTag": tag} for tag in tags],
            )
        except NotFoundError as error:
            if len(tags) == 1:
                return {tags[0]: ResolvedTag(unseen=str(error))}
            # ECR refuses the whole batch if one tag is missing.
            alone = (self._read(repository, [tag]) for tag in tags)
            return {tag: found for one in alone for tag, found in one.items()}
        except DriverError as error:
            return dict.fromkeys(tags, ResolvedTag(unseen=str(error)))
        missing = ResolvedTag(unseen="the tag does not exist in ECR")
        return {tag: _found(answer["imageDetails"], tag) or missing for tag in tags}

    def _read_parts(self, image: EcrImage, digest: str) -> frozenset[str]:
        answer = self._aws.call(
            "ecr",
            "BatchGetImage",
            registryId=image.account,
            repositoryName=image.repository,
            imageIds=[{"imageDigest": digest}],
            acceptedMediaTypes=list(_INDEXES),
        )
        return frozenset(
            str(part["digest"])
            for found in answer["images"]
            for part in _manifests(found.get("imageManifest") or "{}")
            if "digest" in part
        )


def _manifests(text: str) -> list[Answer]:
    try:
        found: list[Answer] = json.loads(text).get("manifests", [])
    except ValueError:
        return []
    return found


def _found(details: Collection[Answer], tag: str) -> ResolvedTag | None:
    for image in details:
        if tag in image.get("imageTags", ()):
            kind = image.get("imageManifestMediaType", "")
            return ResolvedTag(image["imageDigest"], kind in _INDEXES)
    return None
