"""The parameters of UpdateService for the changes of an action."""

from typing import Any

from controller.core.resources.plan import Action
from controller.kinds.service.compare.removed_fields import with_rollout_defaults
from controller.kinds.service.images.outdated_digests import forces_deployment
from controller.kinds.service.render.revision_tags import needs_revision
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.update_effects import (
    FIELDS,
    changed_fields,
    need_forced_deployment,
)
from controller.kinds.service.spec.service import ServiceSpec


def is_forced(action: Action) -> bool:
    """Return True if the update forces a new deployment.

    Such an update is not safe to repeat: each one starts a deployment.
    """
    changes = action.changes
    return forces_deployment(changes) or need_forced_deployment(changes)


def update_parameters(
    action: Action, spec: ServiceSpec, revision: str
) -> dict[str, Any]:
    """Return the parameters for ``action``, without those of the facets.

    Args:
        action: Planned update.
        spec: Effective declaration.
        revision: ARN of the revision that the service will run.
    """
    paths = [change.path for change in action.changes]
    declared, fields = settings(spec), changed_fields(action.changes)
    sent = {field: declared.get(field, FIELDS[field].removed) for field in fields}
    parameters = with_rollout_defaults(sent, action.changes)
    if any(map(needs_revision, paths)):
        parameters["taskDefinition"] = revision
    if is_forced(action):
        parameters["forceNewDeployment"] = True
    if "desired_count" in paths:
        parameters["desiredCount"] = spec.desired_count
    return parameters
