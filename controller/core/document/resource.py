"""What the user declared: resources, and how they are addressed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

SpecT = TypeVar("SpecT")


class Mode(StrEnum):
    """How far we may go with a resource; each step includes the one before."""

    OBSERVE = "observe"
    SUGGEST = "suggest"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True, order=True)
class ResourceId:
    """The address of one resource, printed as ``kind/name``."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> "ResourceId":
        """Return the address written as ``kind/name``; the first ``/`` separates.

        Raises:
            ValueError: ``text`` has no ``/``, or nothing on one side of it.
        """
        kind, slash, name = text.partition("/")
        if not (kind and slash and name):
            msg = f"{text!r} is not an address: write kind/name, as in service/api"
            raise ValueError(msg)
        return cls(kind, name)


@dataclass(frozen=True, slots=True)
class Suspension:
    """A person's wish that a resource be left alone for a while.

    Attributes:
        by: Who asked.
        reason: Why.
        until: When it ends by itself; None if only an edit ends it.
    """

    by: str
    reason: str
    until: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """Whether the suspension holds at ``now``."""
        return self.until is None or now < self.until

    @property
    def told(self) -> str:
        """Who asked for it, until when, and why."""
        until = f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else ""
        return f"Suspended by {self.by}{until}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Ignored:
    """A difference that a person has said not to look at, and for how long."""

    path: str
    reason: str
    until: datetime | None = None

    def covers(self, path: str, now: datetime) -> bool:
        """Whether ``path``, or a parent of it, is ignored at ``now``."""
        if self.until is not None and now >= self.until:
            return False
        return path == self.path or path.startswith((f"{self.path}.", f"{self.path}["))


@dataclass(frozen=True, slots=True)
class Resource(Generic[SpecT]):
    """One declared resource.

    Attributes:
        id: Its address.
        spec: What is asked for, validated by its kind.
        generation: Hash of the normalised spec; moves when the meaning does.
        depends_on: What must be ready before this is touched.
        mode: How far we may go.
        adopt: Whether something that exists without our tag may become ours.
        suspend: Set when a person asked to leave it alone.
        ignore: Differences not to look at.
    """

    id: ResourceId
    spec: SpecT
    generation: str = ""
    depends_on: frozenset[ResourceId] = frozenset()
    mode: Mode = Mode.ENFORCE
    adopt: bool = False
    suspend: Suspension | None = None
    ignore: tuple[Ignored, ...] = ()
