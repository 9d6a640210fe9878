"""Import of existing resources as entries of the document."""

from controller.bootstrap.controller import Controller
from controller.core.errors import RefusedError
from controller.core.resources.importing import (
    ImportDriver,
    ImportedEntry,
    ImportSelection,
)
from controller.spec.literals import looks_secret


def entries_of(
    controller: Controller, kind: str, wanted: ImportSelection
) -> tuple[ImportedEntry, ...]:
    """Return what is wanted of ``kind``; raises DriverError.

    Raises:
        RefusedError: nothing of the kind can be imported, or two would have one key.
    """
    driver = controller.driver(kind)
    if not isinstance(driver, ImportDriver):
        msg = f"nothing of the kind {kind} can be imported: services can"
        raise RefusedError(msg)
    found = driver.entries(wanted, looks_secret)
    keys = [entry.key for entry in found]
    for key in keys:
        if keys.count(key) > 1:
            msg = f"two would be called {key}: import them one by one, with --key"
            raise RefusedError(msg)
    return found
