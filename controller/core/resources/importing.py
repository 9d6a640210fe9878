"""What runs already, as the document would declare it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

# Tells of a value, by its name and itself, whether it looks like a secret.
LooksSecret: TypeAlias = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class ImportSelection:
    """What is to be imported.

    Attributes:
        name: Of the thing where it runs; empty for all there are.
        within: Where it runs, as a cluster; empty for the platform's own.
        key: In the document; empty for the one that follows from the name.
    """

    name: str = ""
    within: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class ImportedEntry:
    """One entry of the document.

    Attributes:
        section: In which it stands, as in ``services``.
        key: Its key.
        fields: As they are written, in their order; no secret is among them.
        remarks: What the fields do not say, for a person.
    """

    section: str
    key: str
    fields: Mapping[str, Any]
    remarks: tuple[str, ...] = ()


@runtime_checkable
class ImportDriver(Protocol):
    """A driver that can tell of what runs in the words of the document."""

    def entries(
        self, wanted: ImportSelection, secret: LooksSecret
    ) -> tuple[ImportedEntry, ...]:
        """Return what is wanted. Reads only; raises DriverError.

        Args:
            wanted: What to import.
            secret: Tells which values are not to be shown.
        """
        ...
