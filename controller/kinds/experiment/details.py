"""Details of an experiment."""

from controller.core.resources.cost import Cost
from controller.core.resources.details import DetailSection
from controller.core.resources.plan import Action, Reason, Verb
from controller.kinds.experiment.spec import ExperimentSpec
from controller.kinds.experiment.state import ExperimentState


def details(_spec: ExperimentSpec, state: ExperimentState) -> tuple[DetailSection, ...]:
    """Return the fields and the tags of the experiment."""
    stage = "active" if state.active else "deleted"
    about = (("id", state.id), ("stage", stage), ("artifacts", state.artifact_location))
    tags = tuple(sorted(state.tags.items()))
    return (
        DetailSection("experiment", ("field", "value"), about),
        DetailSection("tags", ("tag", "value"), tags),
    )


def cost(action: Action) -> Cost:
    """Return one call per change, and one for the tag of the applied generation."""
    if action.verb is Verb.CREATE:
        return Cost(1, 0, 1)
    return Cost(len(action.changes) + int(action.reason is not Reason.DRIFTED), 0, 1)
