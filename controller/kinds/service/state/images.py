"""Observed images and secret versions of a service."""

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class ImageSeen:
    """The image of one container: the running digest and the digest of its tag.

    Attributes:
        container: Name of the container.
        image: Declared image.
        runs: Running digest; empty if ECS does not report it.
        there: Digest of the tag in ECR; empty if it was not read.
        parts: Digests in ``there``, if it is an index for several architectures.
        skipped: Reason why the tag is not read; empty if it is.
        unseen: Reason why the tag could not be read; empty if it was.
    """

    container: str
    image: str
    runs: str = ""
    there: str = ""
    parts: frozenset[str] = frozenset()
    skipped: str = ""
    unseen: str = ""

    @property
    def outdated(self) -> bool:
        """True if the tag is known to name another image than the running one."""
        if not (self.runs and self.there):
            return False
        return self.runs != self.there and self.runs not in self.parts


@dataclass(frozen=True, slots=True)
class SecretsSeen:
    """The versions of a service's secrets, without values.

    Attributes:
        versions: Hash of the version ids; empty if not all of them were read.
        rotated: Variables whose secret is newer than the tasks.
        moved: Variables whose secret was set to an older version after the tasks
            started.
        unseen: Reason why the versions could not be read; empty if they were.
    """

    versions: str = ""
    rotated: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    unseen: str = ""

    @property
    def outdated(self) -> tuple[str, ...]:
        """Variables for which the tasks use an old value."""
        return tuple(sorted({*self.rotated, *self.moved}))


@dataclass(frozen=True, slots=True)
class Freshness:
    """Running images and secrets compared with the available ones.

    Attributes:
        address: Address of the service in the document, for commands in messages.
        images: One entry per container.
        secrets: All secrets of the service.
        rested: Time since the start of the current deployment; None if unknown.
    """

    address: str = ""
    images: tuple[ImageSeen, ...] = ()
    secrets: SecretsSeen = field(default_factory=SecretsSeen)
    rested: timedelta | None = None

    def image(self, container: str, image: str) -> ImageSeen | None:
        """Return the entry for ``image`` in ``container``; None if there is none."""
        for seen in self.images:
            if (seen.container, seen.image) == (container, image):
                return seen
        return None
