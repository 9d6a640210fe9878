"""Reads of load balancers, cached for a minute, and the steps that change them."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.errors import NotFoundError
from controller.core.values.identity import APPLIED_TAG, OWNER_TAG
from controller.core.values.ttl_cache import TtlCache
from controller.kinds.service.routes.attachment import (
    due_steps,
    keeps_membership,
    membership,
)
from controller.kinds.service.routes.aws.answers import PREVIOUS_TAG, health_parameters
from controller.kinds.service.routes.aws.certificates import ListenerCertificates
from controller.kinds.service.routes.aws.observer import (
    RoutingObserver,
    RoutingSnapshot,
)
from controller.kinds.service.routes.aws.trials import RunningTasks, Trials
from controller.kinds.service.routes.findings import SERVICE_TAG, findings, is_warning
from controller.kinds.service.routes.health_checks import (
    DELAY_SECONDS,
    Health,
    encoded_check,
    finished_tag,
)
from controller.kinds.service.routes.planning import steps, will_be_attached
from controller.kinds.service.routes.routed_service import RoutedService
from controller.kinds.service.routes.state import RoutingState
from controller.kinds.service.routes.steps import (
    CreateRule,
    CreateTargetGroup,
    DeleteRule,
    DeleteTargetGroup,
    EndTrial,
    RestoreHealthCheck,
    SetRulePriority,
    Step,
    TryHealthCheck,
    UpdateRule,
    UpdateTargetGroup,
)
from controller.kinds.service.routes.trial import is_rolling

# Lifetime of an observation in which all routes were in sync.
CACHE_TTL = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class RoutedLive:
    """A service whose routing is observed.

    Attributes:
        spec: Its declaration.
        settings: The service from DescribeServices; empty if it does not exist.
        has_group: True if an unused target group was created for it.
    """

    spec: RoutedService
    settings: Mapping[str, Any]
    has_group: bool = False


class LoadBalancers:
    """Access to Elastic Load Balancing for the routes of services."""

    def __init__(
        self, aws: Aws, owner: str, clock: Clock, tasks: RunningTasks | None = None
    ) -> None:
        self._aws = aws
        self._owner = owner
        self._clock = clock
        self._trials = Trials(aws, owner, tasks)
        self._observer = RoutingObserver(aws, owner, ListenerCertificates(aws))
        # Two services must not choose the same priority at the same time.
        self._changing = threading.Lock()
        self._cache = TtlCache[frozenset[Any], RoutingSnapshot](CACHE_TTL, most=1)

    def seen(self, services: Collection[RoutedLive]) -> Mapping[str, RoutingState]:
        """Return the routing of each service by name, at most a minute old.

        Reads only; raises DriverError.
        """
        specs = [service.spec for service in services]
        if not specs:
            return {}
        key = frozenset((s.name, s.target_group, s.routes) for s in specs)
        now = self._clock.monotonic()
        cached = self._cache.get(key, now)
        if cached is not None:
            return {spec.name: cached.of(spec) for spec in specs}
        snapshot = self._observer.at(specs)
        found = {
            of.spec.name: self._trials.observed(
                of.spec,
                snapshot.of(of.spec),
                of.settings,
                suspected=of.has_group,
            )
            for of in services
        }
        if any(_differs(spec, found[spec.name]) for spec in specs):
            self._cache.clear()
        else:
            self._cache.put(key, snapshot, now)
        return found

    def settle(
        self,
        spec: RoutedService,
        settings: Mapping[str, Any],
        *,
        runs_declared: bool = True,
    ) -> str | None:
        """Change the load balancers so that they route to the service as declared.

        Reads the live state first, so it may be repeated after a crash at any point.
        Raises DriverError.

        Args:
            spec: The service.
            settings: The service from DescribeServices; empty if it does not exist.
            runs_declared: True if the primary deployment has the declared revision.

        Returns:
            ARN of the target group if the service is to register in it, else None.
        """
        with self._changing:
            self._cache.clear()
            seen = self._observer.at([spec]).of(spec)
            seen = self._trials.observed(spec, seen, settings)
            group = seen.group.arn if seen.group else ""
            for step in due_steps(spec, seen, settings, runs_declared=runs_declared):
                group = self._carry_out(step, spec, group, settings)
            mine = membership(spec, settings)
            joins = will_be_attached(spec, seen) or keeps_membership(spec, seen, mine)
            return group or None if joins else None

    def _carry_out(
        self, step: Step, spec: RoutedService, group: str, settings: Mapping[str, Any]
    ) -> str:
        """Carry out one step; return the ARN of the target group after it."""
        match step:
            case CreateTargetGroup():
                return self._make_group(step, spec)
            case UpdateTargetGroup() | RestoreHealthCheck():
                self._set_check(step, group, settings)
            case TryHealthCheck():
                self._keep_previous(step.update, settings)
                self._trials.carry_out(step, spec)
            case EndTrial():
                self._trials.end(step)
            case CreateRule():
                self._make_rule(step, spec, group)
            case UpdateRule():
                self._call("ModifyRule", RuleArn=step.rule, Actions=_forward(group))
            case SetRulePriority():
                to = {"RuleArn": step.rule, "Priority": step.priority}
                self._call("SetRulePriorities", RulePriorities=[to])
            case DeleteRule() | DeleteTargetGroup():
                self._drop(step)
        return group

    def _set_check(
        self,
        step: UpdateTargetGroup | RestoreHealthCheck,
        group: str,
        settings: Mapping[str, Any],
    ) -> None:
        """Set a health check; one that is set during a rollout is finished after it."""
        during_rollout = isinstance(step, UpdateTargetGroup) and is_rolling(settings)
        if isinstance(step, UpdateTargetGroup) and during_rollout:
            self._keep_previous(step, settings)
        parameters = health_parameters(step.health)
        self._call("ModifyTargetGroup", TargetGroupArn=group, **parameters)
        if not during_rollout:
            self._finish(group, step.health)
        if isinstance(step, RestoreHealthCheck):
            self._trials.forget_previous(group)

    def _keep_previous(
        self, step: UpdateTargetGroup, settings: Mapping[str, Any]
    ) -> None:
        """Tag the target group with its health check, to restore after a rejection.

        The tag also records that a trial may exist. The earlier tag of the same
        deployment stays: the health check was changed for it.
        """
        deployments = settings.get("deployments", ())
        primary = next((d["id"] for d in deployments if d["status"] == "PRIMARY"), "")
        if not primary or step.changed_for == primary:
            return
        tag = {"Key": PREVIOUS_TAG, "Value": encoded_check(primary, step.before)}
        self._call("AddTags", ResourceArns=[step.arn], Tags=[tag])

    def _make_group(self, step: CreateTargetGroup, spec: RoutedService) -> str:
        answer = self._call(
            "CreateTargetGroup",
            Name=step.name,
            Protocol=step.protocol,
            Port=step.port,
            VpcId=step.network,
            TargetType="ip",
            **health_parameters(step.health),
            Tags=self._tags(spec),
        )
        arn = str(answer["TargetGroups"][0]["TargetGroupArn"])
        self._finish(arn, step.health)
        return arn

    def _finish(self, group: str, health: Health) -> None:
        """Set the attributes that CreateTargetGroup does not take, then tag the group.

        A group without the tag is completed in the next pass.
        """
        delay = {
            "Key": "deregistration_delay.timeout_seconds",
            "Value": str(DELAY_SECONDS),
        }
        self._call(
            "ModifyTargetGroupAttributes", TargetGroupArn=group, Attributes=[delay]
        )
        tag = {"Key": APPLIED_TAG, "Value": finished_tag(health)}
        self._call("AddTags", ResourceArns=[group], Tags=[tag])

    def _make_rule(self, step: CreateRule, spec: RoutedService, group: str) -> None:
        host, path = step.route.host, step.route.path
        conditions = [
            {"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}
        ]
        if host != "*":
            header = {"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}
            conditions.insert(0, header)
        self._call(
            "CreateRule",
            ListenerArn=step.listener,
            Priority=step.priority,
            Conditions=conditions,
            Actions=_forward(group),
            Tags=self._tags(spec),
        )

    def _drop(self, step: DeleteRule | DeleteTargetGroup) -> None:
        """Delete a rule or a target group; one that is already gone is no error."""
        try:
            match step:
                case DeleteRule(rule):
                    self._call("DeleteRule", RuleArn=rule)
                case DeleteTargetGroup(arn):
                    self._call("DeleteTargetGroup", TargetGroupArn=arn)
        except NotFoundError:
            return

    def _tags(self, spec: RoutedService) -> list[dict[str, str]]:
        return [
            {"Key": OWNER_TAG, "Value": self._owner},
            {"Key": SERVICE_TAG, "Value": spec.name},
        ]

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self._aws.call("elbv2", operation, **parameters)


def _differs(spec: RoutedService, seen: RoutingState) -> bool:
    problems = (found for found in findings(spec, seen) if not is_warning(found))
    return bool(steps(spec, seen)) or seen.trial is not None or any(problems)


def _forward(group: str) -> list[dict[str, str]]:
    return [{"Type": "forward", "TargetGroupArn": group}]
