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
        name: Name in the backend.
    """

    section: str
    key: str
    fields: Mapping[str, Any]
    remarks: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class ImportFailure:
    """A resource that could not be imported. The other ones are.

    Attributes:
        name: Name in the backend.
        reason: Reason, and what to do, without the name.
    """

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name} could not be imported: {self.reason}"


Imported: TypeAlias = ImportedEntry | ImportFailure


@runtime_checkable
class ImportDriver(Protocol):
    """A driver that can describe live resources as entries of the document."""

    def entries(
        self, wanted: ImportSelection, secret: LooksSecret
    ) -> tuple[Imported, ...]:
        """Return the selected resources as entries. Reads only.

        A resource that cannot be imported is a failure of its own. Raises DriverError if
        the resources cannot be listed, or if none has the selected name.

        Args:
            wanted: Selection of the resources.
            secret: Predicate for values that must not be shown.
        """
        ...
