"""Declared resources and their addresses."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

SpecT = TypeVar("SpecT")


class Mode(StrEnum):
    """Permitted actions on a resource; each mode includes the one before."""

    OBSERVE = "observe"
    SUGGEST = "suggest"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True, order=True)
class ResourceId:
    """Address of a resource, printed as ``kind/name``."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> "ResourceId":
        """Return the address in the form ``kind/name``; the first ``/`` separates.

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
    """A suspension of all actions on a resource.

    Attributes:
        by: Author of the suspension.
        reason: Reason of the suspension.
        until: Time at which it ends; None if only an edit ends it.
    """

    by: str
    reason: str
    until: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """Return True if the suspension holds at ``now``."""
        return self.until is None or now < self.until

    @property
    def message(self) -> str:
        """Author, end and reason of the suspension as one sentence."""
        # Help imports this module, and shows no time.
        from controller.core.values.utc_text import utc_text

        until = f" until {utc_text(self.until)}" if self.until else ""
        return f"Suspended by {self.by}{until}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Ignored:
    """A field that is not compared, until a given time."""

    path: str
    reason: str
    until: datetime | None = None

    def covers(self, path: str, now: datetime) -> bool:
        """Return True if ``path``, or a parent of it, is ignored at ``now``."""
        if self.until is not None and now >= self.until:
            return False
        return path == self.path or path.startswith((f"{self.path}.", f"{self.path}["))


@dataclass(frozen=True, slots=True)
class Resource(Generic[SpecT]):
    """One declared resource.

    Attributes:
        id: Address.
        spec: Declared properties, validated by the kind.
        generation: Hash of the normalised spec; changes when its meaning does.
        depends_on: Resources that must be ready before this one is changed.
        mode: Permitted actions.
        adopt: True if an existing resource without ownership tag may be managed.
        suspend: Suspension of all actions, or None.
        ignore: Fields that are not compared.
    """

    id: ResourceId
    spec: SpecT
    generation: str = ""
    depends_on: frozenset[ResourceId] = frozenset()
    mode: Mode = Mode.ENFORCE
    adopt: bool = False
    suspend: Suspension | None = None
    ignore: tuple[Ignored, ...] = ()
