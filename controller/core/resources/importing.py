"""Import: existing resources as entries of the document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

# Returns True if a value, given with its name, looks like a secret.
LooksSecret: TypeAlias = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class ImportSelection:
    """Selection of the resources to import.

    Attributes:
        name: Name in the backend; empty for all resources.
        within: Cluster or other container; empty for the platform's own.
        key: Key in the document; empty for the key derived from the name.
    """

    name: str = ""
    within: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class ImportedEntry:
    """One entry of the document.

    Attributes:
        section: Section of the document, as in ``services``.
        key: Key within the section.
        fields: Fields as written, in order; without secrets.
        remarks: Notes for the user about properties that no field expresses.
    """

    section: str
    key: str
    fields: Mapping[str, Any]
    remarks: tuple[str, ...] = ()


@runtime_checkable
class ImportDriver(Protocol):
    """A driver that can describe live resources as entries of the document."""

    def entries(
        self, wanted: ImportSelection, secret: LooksSecret
    ) -> tuple[ImportedEntry, ...]:
        """Return the selected resources as entries. Reads only; raises DriverError.

        Args:
            wanted: Selection of the resources.
            secret: Predicate for values that must not be shown.
        """
        ...
