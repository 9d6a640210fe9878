"""Running images and secrets compared with their current tags and versions.

Read at most once a minute, for all services at once. Without ``thorough``, only for
services whose declaration acts on them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.document.resource import ResourceId
from controller.core.errors import DriverError, PermanentError
from controller.core.resources.plan import Change
from controller.core.values.aws_answers import utc_time
from controller.core.values.batches import batched
from controller.core.values.identity import content_hash
from controller.kinds.service.images.aws.registry import ImageRegistry, ResolvedTag
from controller.kinds.service.images.marks import is_marked
from controller.kinds.service.render.effective import (
    image_path,
    images_of,
    pin_of,
    pinned,
    runs_of,
    tagged,
)
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.secrets.aws import (
    SecretLocation,
    SecretVersion,
    SecretVersions,
    secret_location,
)
from controller.kinds.service.spec.aws_names import EcrImage
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.images import Freshness, ImageSeen, SecretsSeen
from controller.kinds.service.tags import SECRETS_TAG, ServiceTags

# Maximum of DescribeServiceRevisions; API reference.
_MOST_REVISIONS = 20
Answer = Mapping[str, Any]
Running = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RunningImages:
    """A service whose images are observed.

    Attributes:
        id: Address of the service.
        spec: Declaration.
        answer: Service from DescribeServices.
    """

    id: ResourceId
    spec: ServiceSpec
    answer: Answer


class ImageObserver:
    """Reads of ECR, Secrets Manager, SSM and ECS. Only ``to_create`` raises.

    Args:
        aws: Client for AWS.
        clock: Clock.
        thorough: True to read what the declaration does not act on.
        published: Returns the parameters that hold published addresses: a moved address
            restarts no task.
    """

    def __init__(
        self,
        aws: Aws,
        clock: Clock,
        *,
        thorough: bool,
        published: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._aws = aws
        self._clock = clock
        self._thorough = thorough
        self._published = published
        self._registry = ImageRegistry(aws, clock)
        self._versions = SecretVersions(aws, clock)
        self._running: dict[str, Running] = {}
        self._error = ""

    def of(self, services: Iterable[RunningImages]) -> dict[ResourceId, Freshness]:
        """Return the images and secret versions of each service."""
        services = [*services]
        with_images = [s for s in services if self._reads_images(s.spec)]
        with_secrets = [s for s in services if self._reads_secrets(s.spec)]
        resolved = self._registry.resolved({*_tags(s.spec for s in with_images)})
        running = self._revisions(with_images)
        versions = self._versions.of(
            [p for s in with_secrets for p in self._places(s.spec).values()]
        )
        return {
            s.id: Freshness(
                str(s.id),
                tuple(self._images(s, resolved, running)) if s in with_images else (),
                self._secrets(s, versions) if s in with_secrets else SecretsSeen(),
                self._age(s.answer),
            )
            for s in services
        }

    def to_create(self, spec: ServiceSpec) -> ServiceSpec:
        """Return the effective spec of a new service: with digests, if it pins images.

        Raises PermanentError for an image that cannot be resolved.
        """
        if spec.image_policy != "pin":
            return spec
        pins = {}
        for container, image in images_of(spec).items():
            found = tagged(spec, image)
            if isinstance(found, str):
                continue
            resolved = self._registry.resolved([found])[found]
            if resolved.unseen:
                msg = f"{image} cannot be pinned to its digest: {resolved.unseen}"
                raise PermanentError(msg)
            if resolved.digest:
                pins[container] = pin_of(image, resolved.digest)
        return pinned(spec, pins)

    def pin_changes(self, spec: ServiceSpec) -> tuple[Change, ...]:
        """Return the changes from tags to digests with which a service is created.

        Empty if an image cannot be resolved; ``to_create`` then raises.
        """
        try:
            images = images_of(self.to_create(spec))
        except PermanentError:
            return ()
        return tuple(
            Change(image_path(container), declared, images[container])
            for container, declared in images_of(spec).items()
            if images[container] != declared
        )

    def _reads_images(self, spec: ServiceSpec) -> bool:
        return self._thorough or spec.image_policy != "report"

    def _reads_secrets(self, spec: ServiceSpec) -> bool:
        return self._thorough or spec.restart_on_secret_change

    def _images(
        self,
        service: RunningImages,
        resolved: Mapping[EcrImage, ResolvedTag],
        running: Mapping[str, Running],
    ) -> Iterator[ImageSeen]:
        runs = running.get(_revision(service.answer), {})
        error = self._error if _revision(service.answer) not in running else ""
        for container, image in images_of(service.spec).items():
            live, digest = runs.get(container, ("", ""))
            digest = digest if runs_of(image, live) else ""
            found = tagged(service.spec, image)
            if isinstance(found, str):
                yield ImageSeen(container, image, digest, skipped=found)
                continue
            there = resolved[found]
            differs = digest and there.digest and digest != there.digest
            parts = self._registry.parts(found, there) if differs else frozenset()
            yield ImageSeen(
                container,
                image,
                digest,
                there.digest,
                parts,
                there.skipped,
                there.unseen or error,
            )

    def _secrets(
        self, service: RunningImages, versions: Mapping[SecretLocation, SecretVersion]
    ) -> SecretsSeen:
        """Return the secret versions; DescribeSecret is called only if they changed.

        A label that moved back to an older version does not change that version's date.
        The tag records the versions with which the tasks were started.
        """
        seen = _secrets(service, self._places(service.spec), versions)
        known = ServiceTags.of(service.answer).secrets
        if not known or not seen.versions or seen.rotated:
            return seen
        if is_marked(service.answer, SECRETS_TAG, seen.versions):
            return seen
        places = {
            name: place
            for name, place in sorted(self._places(service.spec).items())
            if place.store == "secretsmanager"
        }
        changed = {
            name: self._versions.changed(place) for name, place in places.items()
        }
        unseen = dict.fromkeys(v.unseen for v in changed.values() if v.unseen)
        if unseen:
            return SecretsSeen(unseen="; ".join(unseen))
        return replace(seen, moved=_newer(service, changed))

    def _places(self, spec: ServiceSpec) -> dict[str, SecretLocation]:
        """Return the location of each variable's secret, without published addresses."""
        published = self._published()
        return {
            variable: place
            for variable, place in _places(spec).items()
            if place.store != "ssm" or place.name not in published
        }

    def _revisions(self, services: Iterable[RunningImages]) -> dict[str, Running]:
        """Return the images of each current revision, read until all digests are known.

        ECS resolves tags when the first task of a deployment starts: "Container image
        resolution" in its developer guide.
        """
        wanted = {
            _revision(service.answer)
            for service in services
            if any(True for _ in _tags([service.spec]))
        } - {""}
        unknown = sorted(wanted - self._running.keys())
        found: dict[str, Running] = {}
        self._error = ""
        for batch in batched(unknown, _MOST_REVISIONS):
            try:
                answer = self._aws.call(
                    "ecs", "DescribeServiceRevisions", serviceRevisionArns=batch
                )
            except DriverError as error:
                self._error = str(error)
                continue
            for revision in answer["serviceRevisions"]:
                images = {
                    i["containerName"]: (i.get("image", ""), i.get("imageDigest", ""))
                    for i in revision.get("containerImages", ())
                }
                found[revision["serviceRevisionArn"]] = images
        complete = {
            arn: images
            for arn, images in found.items()
            if images and all(digest for _, digest in images.values())
        }
        known = {arn: self._running[arn] for arn in wanted & self._running.keys()}
        self._running |= complete
        return found | known

    def _age(self, answer: Answer) -> Any:
        began = _began(answer)
        return None if began is None else self._clock.now() - began


def _tags(specs: Iterable[ServiceSpec]) -> Iterator[EcrImage]:
    """Yield the images whose tags can be read."""
    for spec in specs:
        for image in images_of(spec).values():
            found = tagged(spec, image)
            if not isinstance(found, str):
                yield found


def _places(spec: ServiceSpec) -> dict[str, SecretLocation]:
    """Return the location of each variable's secret, except for fixed versions."""
    return {
        secret["name"]: place
        for container in render(spec)["containerDefinitions"]
        for secret in container.get("secrets", ())
        for place in secret_location(secret["valueFrom"])
    }


def _secrets(
    service: RunningImages,
    places: Mapping[str, SecretLocation],
    versions: Mapping[SecretLocation, SecretVersion],
) -> SecretsSeen:
    seen = {name: versions[place] for name, place in sorted(places.items())}
    unseen = [v.unseen for v in seen.values() if v.unseen]
    rotated = _newer(service, seen)
    if unseen or not seen:
        return SecretsSeen(rotated=rotated, unseen="; ".join(dict.fromkeys(unseen)))
    ids = sorted({(str(places[name]), v.id) for name, v in seen.items()})
    return SecretsSeen(content_hash(ids).replace("v1:", ""), rotated)


def _newer(
    service: RunningImages, seen: Mapping[str, SecretVersion]
) -> tuple[str, ...]:
    """Return the variables of ``seen`` that are newer than the current deployment."""
    began = _began(service.answer)
    return tuple(name for name, v in seen.items() if v.at and began and v.at > began)


def _primary(answer: Answer) -> Answer:
    for deployment in answer.get("deployments", ()):
        if deployment["status"] == "PRIMARY":
            found: Answer = deployment
            return found
    return {}


def _began(answer: Answer) -> datetime | None:
    return utc_time(_primary(answer).get("createdAt"))


def _revision(answer: Answer) -> str:
    """Return the ARN of the target service revision."""
    number = str(_primary(answer).get("id", "")).rpartition("/")[2]
    for revision in answer.get("currentServiceRevisions", ()):
        if str(revision["arn"]).rpartition("/")[2] == number:
            return str(revision["arn"])
    return ""
