"""Look at what runs beside what its tags and its secrets stand for by now.

Once a minute at most, for all services at once; without a thorough look, only for
those whose declaration acts on it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.document.resource import ResourceId
from controller.core.errors import DriverError, PermanentError
from controller.core.resources.plan import Change
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
    kept_at,
)
from controller.kinds.service.spec.aws_names import EcrImage
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.images import Freshness, ImageSeen, SecretsSeen
from controller.kinds.service.state.times import moment
from controller.kinds.service.tags import SECRETS_TAG, ServiceTags

# What DescribeServiceRevisions takes at most; API reference.
_MOST_REVISIONS = 20
Answer = Mapping[str, Any]
Running = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RunningImages:
    """A service to be looked at.

    Attributes:
        id: Its address.
        spec: What is declared.
        answer: What DescribeServices says of it.
    """

    id: ResourceId
    spec: ServiceSpec
    answer: Answer


class ImageObserver:
    """Asks ECR, Secrets Manager, SSM and ECS. Reads only; only ``to_create`` raises."""

    def __init__(self, aws: Aws, clock: Clock, *, thorough: bool) -> None:
        self._aws = aws
        self._clock = clock
        self._thorough = thorough
        self._registry = ImageRegistry(aws, clock)
        self._versions = SecretVersions(aws, clock)
        self._running: dict[str, Running] = {}
        self._blind = ""

    def of(self, services: Iterable[RunningImages]) -> dict[ResourceId, Freshness]:
        """Return what is seen of each service."""
        services = [*services]
        about_images = [s for s in services if self._looks_up_images(s.spec)]
        about_secrets = [s for s in services if self._looks_at_secrets(s.spec)]
        resolved = self._registry.resolved({*_tags(s.spec for s in about_images)})
        running = self._revisions(about_images)
        versions = self._versions.of(
            [p for s in about_secrets for p in _places(s.spec).values()]
        )
        return {
            s.id: Freshness(
                str(s.id),
                tuple(self._images(s, resolved, running)) if s in about_images else (),
                self._secrets(s, versions) if s in about_secrets else SecretsSeen(),
                self._rested(s.answer),
            )
            for s in services
        }

    def to_create(self, spec: ServiceSpec) -> ServiceSpec:
        """Return ``spec`` as it is rolled out first: by digest, if it is to be pinned.

        Raises PermanentError for what cannot be resolved.
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

    def expected_changes(self, spec: ServiceSpec) -> tuple[Change, ...]:
        """Return the images that a new service is made with in place of its tags.

        What cannot be resolved is left out; ``to_create`` says why it is not made.
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

    def _looks_up_images(self, spec: ServiceSpec) -> bool:
        return self._thorough or spec.image_policy != "report"

    def _looks_at_secrets(self, spec: ServiceSpec) -> bool:
        return self._thorough or spec.restart_on_secret_change

    def _images(
        self,
        service: RunningImages,
        resolved: Mapping[EcrImage, ResolvedTag],
        running: Mapping[str, Running],
    ) -> Iterator[ImageSeen]:
        runs = running.get(_revision(service.answer), {})
        blind = self._blind if _revision(service.answer) not in running else ""
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
                there.unseen or blind,
            )

    def _secrets(
        self, service: RunningImages, versions: Mapping[SecretLocation, SecretVersion]
    ) -> SecretsSeen:
        """Return what is seen of its secrets; more is asked if their versions moved.

        A label that went back to an older version leaves no trace in that version's
        date. The tag says which versions the tasks were started with.
        """
        seen = _secrets(service, versions)
        known = ServiceTags.of(service.answer).secrets
        if not known or not seen.versions or seen.rotated:
            return seen
        if is_marked(service.answer, SECRETS_TAG, seen.versions):
            return seen
        places = {
            name: place
            for name, place in sorted(_places(service.spec).items())
            if place.store == "secretsmanager"
        }
        changed = {
            name: self._versions.changed(place) for name, place in places.items()
        }
        unseen = dict.fromkeys(v.unseen for v in changed.values() if v.unseen)
        if unseen:
            return SecretsSeen(unseen="; ".join(unseen))
        return replace(seen, moved=_newer(service, changed))

    def _revisions(self, services: Iterable[RunningImages]) -> dict[str, Running]:
        """Return what runs in each present revision; asked until ECS knows it all.

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
        self._blind = ""
        for batch in batched(unknown, _MOST_REVISIONS):
            try:
                answer = self._aws.call(
                    "ecs", "DescribeServiceRevisions", serviceRevisionArns=batch
                )
            except DriverError as error:
                self._blind = str(error)
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

    def _rested(self, answer: Answer) -> Any:
        began = _began(answer)
        return None if began is None else self._clock.now() - began


def _tags(specs: Iterable[ServiceSpec]) -> Iterator[EcrImage]:
    """Yield the images whose tags can be looked up."""
    for spec in specs:
        for image in images_of(spec).values():
            found = tagged(spec, image)
            if not isinstance(found, str):
                yield found


def _places(spec: ServiceSpec) -> dict[str, SecretLocation]:
    """Return where each variable's secret is kept, but for those of one version."""
    return {
        secret["name"]: place
        for container in render(spec)["containerDefinitions"]
        for secret in container.get("secrets", ())
        for place in kept_at(secret["valueFrom"])
    }


def _secrets(
    service: RunningImages, versions: Mapping[SecretLocation, SecretVersion]
) -> SecretsSeen:
    places = _places(service.spec)
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
    """Return what of ``seen`` is newer than the service's present tasks."""
    began = _began(service.answer)
    return tuple(name for name, v in seen.items() if v.at and began and v.at > began)


def _primary(answer: Answer) -> Answer:
    for deployment in answer.get("deployments", ()):
        if deployment["status"] == "PRIMARY":
            found: Answer = deployment
            return found
    return {}


def _began(answer: Answer) -> datetime | None:
    return moment(_primary(answer).get("createdAt"))


def _revision(answer: Answer) -> str:
    """Return the ARN of the service revision that ECS works towards."""
    number = str(_primary(answer).get("id", "")).rpartition("/")[2]
    for revision in answer.get("currentServiceRevisions", ()):
        if str(revision["arn"]).rpartition("/")[2] == number:
            return str(revision["arn"])
    return ""
