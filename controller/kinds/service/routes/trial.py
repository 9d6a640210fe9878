"""Trial of a changed health check, before the target group of a service uses it.

The tasks of two versions share the target group during a rollout. A health check that
only the next version answers would fail the running version. Therefore:

- With a new revision, the target group keeps its health check. ECS starts the new tasks.
- The controller registers the new tasks in a second target group with the declared health
  check. Its rule matches no request.
- Once enough new tasks answer, the target group gets the declared health check. A tag
  keeps the earlier one.
- If ECS rolls the revision back, the earlier health check is restored.

Without a new revision, the same trial runs on the running tasks. See
``specs/decisions/0006-health-checks-are-tried-first.md``.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from controller.core.resources.observation import Ownership
from controller.kinds.service.routes.health_checks import (
    Health,
    check_text,
    declared_health,
    differs_in_retries_only,
    finished_tag,
    patient_health,
    trial_health,
)
from controller.kinds.service.routes.planning import declared_listeners, is_trial_rule
from controller.kinds.service.routes.routed_service import RoutedService
from controller.kinds.service.routes.state import (
    HealthCheckTrial,
    ListenerRule,
    RoutedTask,
    RoutingState,
    TargetGroup,
)
from controller.kinds.service.routes.steps import (
    EndTrial,
    RestoreHealthCheck,
    Step,
    TryHealthCheck,
    UpdateTargetGroup,
)
from controller.kinds.service.spec.routes import MOST_PRIORITY
from controller.kinds.service.spec.service import group_name

Answer = Mapping[str, Any]


class CheckPhase(StrEnum):
    """Next step of a target group towards the declared health check."""

    KEEP = "keep"
    DEFER = "defer"
    TRY = "try"
    APPLY = "apply"
    RESTORE = "restore"
    END = "end"


def trial_group(spec: RoutedService) -> str:
    """Return the name of the target group of a trial."""
    return group_name(f"{spec.target_group}-trial")


def check_phase(
    spec: RoutedService, seen: RoutingState, service: Answer, *, runs_declared: bool
) -> CheckPhase:
    """Return the next step towards the declared health check.

    Args:
        spec: The service.
        seen: Its routing.
        service: Service from DescribeServices; empty if it does not exist.
        runs_declared: True if the primary deployment has the declared revision.
    """
    group, trial = seen.group, seen.trial
    if group is None or not spec.routes or group.ownership is not Ownership.MANAGED:
        left = trial is not None and trial.exists
        return CheckPhase.END if left else CheckPhase.KEEP
    if not runs_declared:
        return _of_another_revision(spec, group, trial, service)
    wanted, rolling = declared_health(spec), is_rolling(service)
    if group.health in {wanted, patient_health(wanted) if rolling else wanted}:
        if not group.finished and not rolling:
            return CheckPhase.APPLY
        left = group.previous is not None or (trial is not None and trial.exists)
        return CheckPhase.END if left and not rolling else CheckPhase.KEEP
    if trial is None or _is_harmless(group, wanted, trial, service):
        return CheckPhase.APPLY
    return CheckPhase.APPLY if is_verified(wanted, trial, service) else CheckPhase.TRY


def check_steps(
    phase: CheckPhase, spec: RoutedService, seen: RoutingState, service: Answer
) -> tuple[Step, ...]:
    """Return the step of ``phase``; none if there is nothing to do now."""
    group, trial = seen.group, seen.trial or HealthCheckTrial()
    wanted = declared_health(spec)
    if is_rolling(service):
        wanted = patient_health(wanted)
    match phase:
        case CheckPhase.APPLY if group:
            left = not is_rolling(service) and (trial.exists or group.previous)
            return (_update(group, wanted), *((_end(seen),) if left else ()))
        case CheckPhase.TRY if group:
            update = _update(group, wanted)
            return _trial(spec, seen, service, update)
        case CheckPhase.RESTORE if group and group.previous:
            return (RestoreHealthCheck(group.arn, group.health, group.previous.health),)
        case CheckPhase.END:
            return (_end(seen),)
        case _:
            return ()


def _end(seen: RoutingState) -> EndTrial:
    group, trial = seen.group, seen.trial or HealthCheckTrial()
    return EndTrial(
        group.arn if group else "",
        trial.group.arn if trial.group else "",
        trial.rule.arn if trial.rule else "",
    )


def _update(group: TargetGroup, health: Health) -> UpdateTargetGroup:
    changed_for = group.previous.deployment if group.previous else ""
    return UpdateTargetGroup(group.arn, group.name, group.health, health, changed_for)


def is_rolling(service: Answer) -> bool:
    """Return True if tasks of more than one deployment may run."""
    deployments = service.get("deployments", ())
    return len(deployments) > 1 or any(
        found.get("rolloutState") == "IN_PROGRESS" for found in deployments
    )


def is_verified(wanted: Health, trial: HealthCheckTrial, service: Answer) -> bool:
    """Return True if enough tasks of the primary deployment answer ``wanted``.

    During a rollout, these are the tasks that carry the service alone once the earlier
    version counts as unhealthy: the desired number, or as many as the limits of the
    deployment allow next to the earlier tasks. Otherwise all tasks must answer.
    """
    if trial.group is None or trial.group.health != trial_health(wanted):
        return False
    fresh, answering = _fresh(trial, service), _healthy(trial)
    verified = sum(task.address in answering for task in fresh)
    needed = len(fresh)
    if is_rolling(service):
        needed = _needed(service, len(trial.tasks) - len(fresh))
    return 0 < needed <= verified


def trial_progress(spec: RoutedService, seen: RoutingState, service: Answer) -> str:
    """Return a sentence about a trial in progress."""
    trial, group = seen.trial, seen.group
    if trial is None or group is None:
        return ""
    fresh, answering = _fresh(trial, service), _healthy(trial)
    verified = sum(task.address in answering for task in fresh)
    results = {r.address: r for r in trial.results}
    last = "; ".join(
        f"{task.address} is {found.state}"
        + (f": {found.description}" if found.description else "")
        for task in fresh
        if (found := results.get(task.address)) and found.state != "healthy"
    )
    because = f" Last result: {last.rstrip('.')}." if last else ""
    return (
        f"Waiting for the health check {check_text(declared_health(spec))} on the new "
        f"targets: {verified} of {len(fresh)} healthy. Until then, target group "
        f"{group.name} keeps {check_text(group.health)}.{because}"
    )


def trial_failure(spec: RoutedService, seen: RoutingState, service: Answer) -> str:
    """Return a message if the running tasks do not answer the declared health check.

    Empty while a rollout is in progress or a result is missing.
    """
    trial, group = seen.trial, seen.group
    if trial is None or group is None or trial.group is None or is_rolling(service):
        return ""
    wanted, results = declared_health(spec), {r.address: r for r in trial.results}
    fresh = _fresh(trial, service)
    found = [results[task.address] for task in fresh if task.address in results]
    failed = [result for result in found if result.state == "unhealthy"]
    open_ = len(found) < len(fresh) or any(r.state == "initial" for r in found)
    outdated = trial.group.health != trial_health(wanted)
    if not failed or open_ or outdated:
        return ""
    last = failed[0].description.rstrip(".") or "no answer"
    return (
        f"The running tasks fail the declared health check {check_text(wanted)}: target "
        f"{failed[0].address}: {last}. Target group {group.name} keeps "
        f"{check_text(group.health)}. Deploy a version that passes, or correct `health`."
    )


def _of_another_revision(
    spec: RoutedService,
    group: TargetGroup,
    trial: HealthCheckTrial | None,
    service: Answer,
) -> CheckPhase:
    """Return the phase while the primary deployment has another revision."""
    primary, previous = _primary(service), group.previous
    if previous is not None and trial is not None and previous.deployment != primary:
        if previous.health == group.health:
            return CheckPhase.END
        # The tasks are read apart from the service, which may be an outdated read.
        if any(task.deployment == primary for task in trial.tasks):
            return CheckPhase.RESTORE
    if trial is not None and trial.exists:
        return CheckPhase.END
    same = group.health == declared_health(spec)
    return CheckPhase.KEEP if same else CheckPhase.DEFER


def _is_harmless(
    group: TargetGroup, wanted: Health, trial: HealthCheckTrial, service: Answer
) -> bool:
    """Return True if the declared health check can fail no task that is healthy now."""
    # Both reads must agree: either may be outdated.
    if not service.get("loadBalancers") and not trial.current:
        return True
    if group.applied == finished_tag(wanted):
        # Another writer changed a health check that the tasks passed.
        return True
    if service and not (service["desiredCount"] or service["runningCount"]):
        return True
    if differs_in_retries_only(group.health, wanted) and not is_rolling(service):
        return True
    states = {result.state for result in trial.current}
    return states == {"unhealthy"}


def _trial(
    spec: RoutedService, seen: RoutingState, service: Answer, update: UpdateTargetGroup
) -> tuple[Step, ...]:
    trial = seen.trial or HealthCheckTrial()
    places = declared_listeners(spec, seen)
    place = next((p for p in places if p[0].is_managed), None)
    if place is None or not _fresh(trial, service):
        return ()
    balancer, listener, _ = place
    health = trial_health(declared_health(spec))
    rule, group = trial.rule, trial.group
    usable = (
        group is not None
        and group.health == health
        and (rule is None or rule.target == group.arn)
    )
    known = {result.address for result in trial.results if result.state != "draining"}
    used = {rule.priority for rule in listener.rules}
    priorities = (n for n in range(MOST_PRIORITY, 0, -1) if n not in used)
    return (
        TryHealthCheck(
            update,
            trial_group(spec),
            spec.port or 0,
            balancer.network,
            outdated=group.arn if group and not usable else "",
            group=group.arn if group and usable else "",
            rule=rule.arn if rule else "",
            listener=listener.arn,
            priority=next(priorities, MOST_PRIORITY),
            addresses=tuple(
                task.address
                for task in _fresh(trial, service)
                if not usable or task.address not in known
            ),
            health=health,
        ),
    )


def trial_rule(spec: RoutedService, seen: RoutingState) -> ListenerRule | None:
    """Return the rule of a trial, if it exists."""
    rules = (rule for _, _, rule in seen.managed_rules(spec.name))
    return next((rule for rule in rules if is_trial_rule(spec, rule)), None)


def _fresh(trial: HealthCheckTrial, service: Answer) -> Sequence[RoutedTask]:
    primary = _primary(service)
    return [task for task in trial.tasks if task.deployment == primary]


def _healthy(trial: HealthCheckTrial) -> set[str]:
    return {result.address for result in trial.results if result.state == "healthy"}


def _primary(service: Answer) -> str:
    deployments = service.get("deployments", ())
    found = (d["id"] for d in deployments if d.get("status") == "PRIMARY")
    return str(next(found, ""))


def _needed(service: Answer, earlier: int) -> int:
    """Return the number of new tasks that must answer before the switch."""
    desired = int(service.get("desiredCount", 0))
    limits = service.get("deploymentConfiguration", {})
    most = desired * int(limits.get("maximumPercent", 200)) // 100
    return min(desired, max(1, most - earlier))
