"""What tags in ECR stand for: asked once a minute, a repository at a time."""

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

# How long what was seen will do.
KEPT = timedelta(seconds=60)
# Whether tags may move hardly ever changes.
_MUTABILITY_KEPT = timedelta(hours=1)
# What DescribeImages takes at most; API reference.
_MOST_IMAGES = 100
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_IMMUTABLE = "its repository lets no tag move"
Repository = tuple[str, str]
Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ResolvedTag:
    """What a tag stands for.

    Attributes:
        digest: As ECR tells it; empty if it was not seen.
        index: Whether the digest is one of several images.
        skipped: Why it was not looked up; empty if it was.
        unseen: Why it could not be looked up; empty if it could.
    """

    digest: str = ""
    index: bool = False
    skipped: str = ""
    unseen: str = ""


class ImageRegistry:
    """All that is asked of ECR about tags. Reads only, and never raises."""

    def __init__(self, aws: Aws, clock: Clock) -> None:
        self._aws = aws
        self._clock = clock
        self._tags = TtlCache[Repository, dict[str, ResolvedTag]](KEPT)
        self._mutable = TtlCache[Repository, bool](_MUTABILITY_KEPT)
        self._parts: dict[str, frozenset[str]] = {}

    def resolved(self, images: Collection[EcrImage]) -> dict[EcrImage, ResolvedTag]:
        """Return what each tag stands for; one call a repository and 100 tags."""
        wanted: defaultdict[Repository, set[str]] = defaultdict(set)
        for image in images:
            wanted[image.account, image.repository].add(image.tag)
        found = {where: self._of(where, tags) for where, tags in wanted.items()}
        return {i: found[i.account, i.repository][i.tag] for i in images}

    def parts(self, image: EcrImage, resolved: ResolvedTag) -> frozenset[str]:
        """Return the digests inside of an index; it never changes: asked once.

        ECS may tell the digest of the one image of an index that it runs.
        """
        if not resolved.index:
            return frozenset()
        if resolved.digest not in self._parts:
            try:
                self._parts[resolved.digest] = self._asked_parts(image, resolved.digest)
            except DriverError:
                return frozenset()
        return self._parts[resolved.digest]

    def _of(self, where: Repository, tags: set[str]) -> Mapping[str, ResolvedTag]:
        now = self._clock.monotonic()
        known = self._tags.get(where, now) or {}
        if tags <= known.keys():
            return known
        if not self._is_mutable(where, now):
            known = dict.fromkeys(tags, ResolvedTag(skipped=_IMMUTABLE))
        else:
            known = {}
            for batch in batched(sorted(tags), _MOST_IMAGES):
                known |= self._asked(where, batch)
        self._tags.put(where, known, now)
        return known

    def _is_mutable(self, where: Repository, now: float) -> bool:
        """Whether tags may move; so may those of whom nobody says."""
        known = self._mutable.get(where, now)
        if known is not None:
            return known
        try:
            (answer,) = self._aws.call(
                "ecr",
                "DescribeRepositories",
                registryId=where[0],
                repositoryNames=[where[1]],
            )["repositories"]
        except DriverError:
            return True
        mutable = str(answer.get("imageTagMutability")) != "IMMUTABLE"
        self._mutable.put(where, mutable, now)
        return mutable

    def _asked(self, where: Repository, tags: list[str]) -> dict[str, ResolvedTag]:
        try:
            answer = self._aws.call(
                "ecr",
                "DescribeImages",
                registryId=where[0],
                repositoryName=where[1],
                imageIds=[{"imageTag": tag} for tag in tags],
            )
        except NotFoundError as error:
            if len(tags) == 1:
                return {tags[0]: ResolvedTag(unseen=str(error))}
            # One tag that is not there hides all others: ECR refuses them together.
            alone = (self._asked(where, [tag]) for tag in tags)
            return {tag: found for one in alone for tag, found in one.items()}
        except DriverError as error:
            return dict.fromkeys(tags, ResolvedTag(unseen=str(error)))
        gone = ResolvedTag(unseen="ECR does not know the tag")
        return {tag: _found(answer["imageDetails"], tag) or gone for tag in tags}

    def _asked_parts(self, image: EcrImage, digest: str) -> frozenset[str]:
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
