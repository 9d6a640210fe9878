"""Estimated cost of an action on a service: write calls, restarts, seconds."""

from controller.core.resources.cost import Cost
from controller.core.resources.plan import Action, Reason, Verb
from controller.kinds.service.compare.facets import need_no_update, own_calls
from controller.kinds.service.compare.update import is_forced
from controller.kinds.service.images.marks import is_followed
from controller.kinds.service.render.revision_tags import TASK_TAGS, needs_revision
from controller.kinds.service.render.update_effects import changed_fields
from controller.kinds.service.routes.attachment import BALANCERS, GRACE, route_calls
from controller.kinds.service.spec.service import ServiceSpec

# Time for Fargate to place a task and to pull its image.
_START_SECONDS = 40
_SETTLE_SECONDS = 2
# CreateLogGroup and PutRetentionPolicy, RegisterTaskDefinition, CreateService.
_CREATE = 4


def cost(action: Action) -> Cost:
    """Return the cost of ``action``, if no part of it was done before."""
    spec: ServiceSpec | None = action.desired
    match action.verb:
        case Verb.DELETE:
            return Cost(1, 1, _SETTLE_SECONDS)
        case Verb.RESUME | Verb.RETRY:
            # The rollout that follows is another action.
            return Cost(1, 0, _SETTLE_SECONDS)
        case Verb.RESTART | Verb.ROLL_BACK if spec is not None:
            # UpdateService and TagResource; a rollback needs one TagResource more.
            return Cost(2 + (action.verb is Verb.ROLL_BACK), 1, _start(spec))
        case Verb.CREATE if spec is not None:
            return Cost(_creation(spec), 0, _start(spec))
        case Verb.REPLACE if spec is not None:
            return Cost(1 + _creation(spec), 1, _start(spec))
        case _:
            seconds = _start(spec) if spec and action.disruptive else _SETTLE_SECONDS
            steps = 2 * len(spec.before) if spec and action.disruptive else 0
            return Cost(_update(action) + steps, int(action.disruptive), seconds)


def _creation(spec: ServiceSpec) -> int:
    rules = sum(len(set(route.listeners)) for route in spec.routes)
    routes = route_calls("routes.target_group") + rules if rules else 0
    # RunTask and TagResource for each step.
    return _CREATE + bool(spec.discovery) + 2 * len(spec.before) + routes


def _update(action: Action) -> int:
    """Return the number of write calls of an update."""
    paths = [change.path for change in action.changes]
    revision = any(needs_revision(path) for path in paths)
    discovery = "discovery" in paths
    facets = sum(own_calls(path) for path in paths)
    service = (
        revision
        or discovery
        or "desired_count" in paths
        or bool(changed_fields(action.changes))
        or any(path in {BALANCERS, GRACE} for path in paths)
        or is_forced(action)
    )
    stamped = not need_no_update(paths) or action.reason is not Reason.DRIFTED
    # A revision takes CreateLogGroup, although the group exists, and
    # RegisterTaskDefinition.
    marked = action.disruptive and is_followed(action.desired)
    tags = {c.after is None for c in action.changes if c.path.startswith(TASK_TAGS)}
    # TagResource and UntagResource on the revision.
    return 2 * revision + discovery + facets + service + stamped + marked + len(tags)


def _start(spec: ServiceSpec) -> int:
    """Return the estimated seconds until a new task is healthy."""
    return _START_SECONDS + (spec.health.interval if spec.health else 0)
