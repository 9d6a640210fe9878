"""A closer look than the store has: one resource in full, and what looking costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from controller.core.errors import ControllerError, DriverError, RefusedError
from controller.core.resources.details import DetailSection

if TYPE_CHECKING:
    from controller.app.session import Session
    from controller.bootstrap.call_count import CallsSpent
    from controller.core.document.resource import ResourceId


@dataclass(frozen=True, slots=True)
class StatusDetails:
    """Details of an observation in addition to the stored conditions.

    Attributes:
        details: One resource in full, if one was asked for.
        spent: What looking at everything cost, if that was asked for.
    """

    details: Mapping[ResourceId, Sequence[DetailSection]] = field(default_factory=dict)
    spent: CallsSpent | None = None


def look_closer(
    context: Session, target: ResourceId | None, *, everything: bool
) -> StatusDetails:
    """Return what a look at the world from here adds. Writes nothing.

    Args:
        context: What the command works with.
        target: The resource to show in full, if one is.
        everything: Whether to look at all that is declared, and count the calls.
    """
    if target is None and not everything:
        return StatusDetails()
    from controller.app.read_only import looking

    try:
        with looking(context, without_store=False) as (controller, _):
            spent = None
            if everything:
                controller.plan(controller.desired())
                spent = controller.spent()
            if target is None:
                return StatusDetails(spent=spent)
            resource = context.document.resources[target]
            return StatusDetails({target: controller.details(resource)}, spent)
    except RefusedError as error:
        # What the store says is worth showing even if AWS is not ours to ask.
        return _without(target, error)


def look_closer_there(
    context: Session, target: ResourceId | None, server: str
) -> StatusDetails:
    """Return what a look by ``server`` adds. Writes nothing.

    Args:
        context: What the command works with.
        target: The resource to show in full, if one is.
        server: Whose API is asked.
    """
    if target is None:
        return StatusDetails()
    from controller.app.views.view import sight

    try:
        with sight(context, server) as seen:
            return StatusDetails({target: seen.details(target)})
    except (RefusedError, DriverError) as error:
        # Conditions need no look: the server had them.
        return _without(target, error)


def _without(target: ResourceId | None, error: ControllerError) -> StatusDetails:
    problem = DetailSection("details", problem=str(error))
    return StatusDetails({target: (problem,)} if target else {})
