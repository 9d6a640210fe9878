"""History of a model, from the audit log and MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.bootstrap.store_file import opened_database, store_is_there
from controller.core.errors import RefusedError
from controller.core.models.history import (
    ModelEvent,
    RecordedAction,
    model_history,
    recorded_action,
)
from controller.core.resources.rollouts import RegistrationsDriver
from controller.store.audit_log import AuditLog

if TYPE_CHECKING:
    from controller.bootstrap.controller import Controller
    from controller.core.audit.chain import AuditRecord
    from controller.core.document.resource import Resource, ResourceId
    from controller.settings import Settings


def model_history_of(
    controller: Controller, resource: Resource[Any]
) -> tuple[ModelEvent, ...]:
    """Return the events of a model, newest first. Reads only, and creates no store.

    Raises:
        RefusedError: its kind has no versions, or the store cannot be used.
        DriverError: the versions or the store could not be read.
    """
    driver = controller.driver(resource.id.kind)
    if not isinstance(driver, RegistrationsDriver):
        msg = f"{resource.id} has no versions: only models have"
        raise RefusedError(msg)
    actions = _actions(controller.settings, resource.id)
    return model_history(actions, driver.registrations(resource))


def _actions(settings: Settings, target: ResourceId) -> tuple[RecordedAction, ...]:
    if not store_is_there(settings):
        return ()
    with opened_database(settings, read_only=True) as database:
        records = AuditLog(database).recent(None, target)
    found = map(_action, records)
    return tuple(action for action in found if action is not None)


def _action(record: AuditRecord) -> RecordedAction | None:
    entry = record.entry
    fields = {
        "action": entry.action,
        "outcome": entry.outcome,
        "by": entry.actor,
        "reason": entry.reason,
        "commit": entry.source_commit,
    }
    return recorded_action(record.time, fields, entry.details)
