"""An intervention under the lease, or by the controller that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from controller.app.apply import ApplySession, applying
from controller.app.delegated_intervention import delegating
from controller.app.intervention import Intervention, ReportProgress
from controller.core.errors import LeaseHeldError
from controller.core.planning.scope import Scope
from controller.core.resources.condition import ConditionType

if TYPE_CHECKING:
    from controller.app.session import Session
    from controller.core.document.resource import ResourceId
    from controller.engine.reconciler import PassResult


class DirectIntervention(Intervention):
    """A requested operation under this process's own lease."""

    def __init__(self, work: ApplySession, target: ResourceId) -> None:
        super().__init__(work.controller, target)
        self._work = work

    def _roll_out(self, timeout: float, told: ReportProgress) -> bool:
        """Run passes on it until nothing is in progress, or until the timeout."""
        target = self._resource.id

        def turn(result: PassResult, elapsed: float) -> None:
            told(result.statuses[target][ConditionType.READY].message, elapsed)

        scope = Scope(frozenset({target}))
        desired = self._controller.desired(frozenset({target}))
        return self._work.until_settled(desired, scope, timeout, turn).converged


@contextmanager
def intervening(context: Session, target: ResourceId) -> Iterator[Intervention]:
    """Yield an intervention on ``target``, executed here or by the holder of the lease."""
    with ExitStack() as closing:
        try:
            work = closing.enter_context(applying(context, largest_backlog=0))
        except LeaseHeldError:
            yield closing.enter_context(delegating(context, target))
            return
        yield DirectIntervention(work, target)
