"""What is seen of a service's images and of the versions of its secrets."""

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class ImageSeen:
    """The image of one container: what runs of it, and what its tag stands for.

    Attributes:
        container: Its name.
        image: As it is declared.
        runs: The digest that runs; empty if ECS does not say.
        there: The digest that the tag stands for; empty if that was not seen.
        parts: Digests inside of ``there``, if it is an index for several processors.
        skipped: Why its tag is not looked up; empty if it is.
        unseen: Why its tag could not be looked up; empty if it could.
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
        """Whether the tag is known to stand for another image than runs."""
        if not (self.runs and self.there):
            return False
        return self.runs != self.there and self.runs not in self.parts


@dataclass(frozen=True, slots=True)
class SecretsSeen:
    """The versions of what a service's secrets refer to; never a value.

    Attributes:
        versions: A hash of their ids; empty if they were not all seen.
        rotated: Variables whose secret is newer than the tasks.
        moved: Variables whose secret went back to an older version after the tasks
            started.
        unseen: Why they could not be seen; empty if they could.
    """

    versions: str = ""
    rotated: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    unseen: str = ""

    @property
    def outdated(self) -> tuple[str, ...]:
        """Variables that the tasks know as they were before."""
        return tuple(sorted({*self.rotated, *self.moved}))


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old what runs is, beside what is there.

    Attributes:
        address: Of the service in the document, for the commands in advice.
        images: One for each container.
        secrets: All of its secrets.
        rested: How long ago the present deployment began; None if nobody says.
    """

    address: str = ""
    images: tuple[ImageSeen, ...] = ()
    secrets: SecretsSeen = field(default_factory=SecretsSeen)
    rested: timedelta | None = None

    def image(self, container: str, image: str) -> ImageSeen | None:
        """Return what was seen of ``image`` in ``container``."""
        for seen in self.images:
            if (seen.container, seen.image) == (container, image):
                return seen
        return None
