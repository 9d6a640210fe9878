"""What ``apply`` does and waits for, as it happens."""

from controller.cli.terminal import tell
from controller.cli.views.statuses import word
from controller.core.conditions import ConditionType
from controller.core.driver import Applied, Failed, Outcome, Progressing, Skipped
from controller.core.resource import ResourceId
from controller.engine.reconciler import PassResult


class Progress:
    """Tells of each change once, with the time since the start."""

    def __init__(self) -> None:
        self._told: dict[ResourceId, str] = {}

    def show(self, result: PassResult, elapsed: float) -> None:
        """Tell what a pass did, and what it waits for."""
        for action in result.plan.actions:
            outcome = result.outcomes.get(action.target)
            sentence = f"{action.verb}: {_said(outcome)}"
            self._tell(action.target, sentence, elapsed)
        for id_, conditions in sorted(result.statuses.items()):
            message = conditions[ConditionType.READY].message
            self._tell(id_, f"{word(conditions)}: {message}", elapsed)

    def _tell(self, resource: ResourceId, sentence: str, elapsed: float) -> None:
        if self._told.get(resource) != sentence:
            self._told[resource] = sentence
            tell(f"{elapsed:6.1f} s  {resource}  {sentence}")


def _said(outcome: Outcome | None) -> str:
    match outcome:
        case Applied(message):
            return message or "done"
        case Progressing(_, message) | Skipped(message):
            return message
        case Failed(error):
            return f"failed: {error}"
        case None:
            return "not tried"
