"""Import of existing resources as entries of the document."""

from collections import Counter
from collections.abc import Iterable, Iterator

from controller.bootstrap.controller import Controller
from controller.core.errors import RefusedError
from controller.core.resources.importing import (
    ImportDriver,
    Imported,
    ImportedEntry,
    ImportFailure,
    ImportSelection,
)
from controller.spec.literals import looks_secret


def entries_of(
    controller: Controller, kind: str, wanted: ImportSelection
) -> tuple[Imported, ...]:
    """Return what is wanted of ``kind``; raises DriverError.

    A resource that cannot be imported does not stop the others: it is a failure in the
    result. Resources that would have the same key are failures as well.

    Raises:
        RefusedError: Nothing of the kind can be imported, or the one resource that is
            wanted by name cannot.
    """
    driver = controller.driver(kind)
    if not isinstance(driver, ImportDriver):
        msg = (
            f"nothing of the kind {kind} can be imported: services, models and "
            "experiments can"
        )
        raise RefusedError(msg)
    found = tuple(_with_own_keys(driver.entries(wanted, looks_secret), kind))
    for one in found:
        if wanted.name and isinstance(one, ImportFailure):
            raise RefusedError(str(one))
    return found


def _with_own_keys(found: Iterable[Imported], kind: str) -> Iterator[Imported]:
    """Yield ``found`` with a failure in place of each entry that shares its key."""
    imported = tuple(found)
    keys = Counter(one.key for one in imported if isinstance(one, ImportedEntry))
    for one in imported:
        if isinstance(one, ImportedEntry) and keys[one.key] > 1:
            reason = (
                f"its key would be {one.key}, like that of another: run "
                f"`hokusai import {kind} {one.name} --key KEY`"
            )
            yield ImportFailure(one.name, reason)
        else:
            yield one
