"""Reads and writes of the trial of a health check; see ``routes.trial``.

A trial is read only while the target group differs from the declaration or a trial has
left something: one DescribeTargetGroups, DescribeTags and two DescribeTargetHealth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from controller.core.dependencies import Aws
from controller.core.errors import NotFoundError
from controller.core.values.identity import OWNER_TAG
from controller.kinds.service.routes.aws.answers import (
    PREVIOUS_TAG,
    group_of,
    health_parameters,
    target_result,
)
from controller.kinds.service.routes.findings import SERVICE_TAG
from controller.kinds.service.routes.health_checks import declared_health
from controller.kinds.service.routes.planning import trial_host
from controller.kinds.service.routes.routed_service import RoutedService
from controller.kinds.service.routes.state import (
    HealthCheckTrial,
    RoutedTask,
    RoutingState,
    TargetGroup,
    TargetResult,
)
from controller.kinds.service.routes.steps import EndTrial, TryHealthCheck
from controller.kinds.service.routes.trial import trial_group, trial_rule


class _Task(Protocol):
    """A task as a trial needs it."""

    @property
    def address(self) -> str: ...

    @property
    def started_by(self) -> str: ...

    @property
    def status(self) -> str: ...


class RunningTasks(Protocol):
    """Reader of the running tasks of a cluster."""

    def running(self, cluster: str) -> Mapping[str, Sequence[_Task]]:
        """Return the running and starting tasks, by the name of their service."""
        ...


# No request comes from this address, so that the rule of a trial matches none.
_NOWHERE = "127.0.0.1/32"


@dataclass(frozen=True, slots=True)
class Trials:
    """Trials of health checks. Each method may be repeated and raises DriverError.

    Attributes:
        aws: Client for AWS.
        owner: Value of the ownership tag.
        tasks: Reads of tasks; None for services that do not run.
    """

    aws: Aws
    owner: str
    tasks: RunningTasks | None

    def observed(
        self,
        spec: RoutedService,
        seen: RoutingState,
        service: Mapping[str, Any],
        *,
        suspected: bool = False,
    ) -> RoutingState:
        """Return ``seen`` with the trial, if there may be one. Reads only.

        Args:
            spec: The service.
            seen: Its routing.
            service: Service from DescribeServices; empty if it does not exist.
            suspected: True if a trial may have left a target group.
        """
        group, rule = seen.group, trial_rule(spec, seen)
        differs = (
            bool(spec.routes)
            and group is not None
            and (group.health != declared_health(spec) or group.previous is not None)
        )
        if not differs and rule is None and not suspected:
            return seen
        found = self._group(trial_group(spec))
        if not differs and rule is None and found is None:
            return seen
        trial = HealthCheckTrial(
            found,
            rule,
            self._results(found.arn) if found else (),
            self._results(group.arn) if group and differs else (),
            self._running(spec, service) if differs else (),
        )
        return replace(seen, trial=trial)

    def carry_out(self, step: TryHealthCheck, spec: RoutedService) -> None:
        """Create what a trial needs, and register the tasks."""
        group, rule = step.group, step.rule
        if rule and not group:
            self._drop(rule, step.outdated)
            rule = ""
        elif step.outdated:
            self._drop("", step.outdated)
        if not group:
            group = str(
                self._call(
                    "CreateTargetGroup",
                    Name=step.name,
                    Protocol=dict(step.health)["HealthCheckProtocol"],
                    Port=step.port,
                    VpcId=step.network,
                    TargetType="ip",
                    **health_parameters(step.health),
                    Tags=self._tags(spec),
                )["TargetGroups"][0]["TargetGroupArn"]
            )
        if not rule:
            self._make_rule(step, spec, group)
        if step.addresses:
            targets = [{"Id": address, "Port": step.port} for address in step.addresses]
            self._call("RegisterTargets", TargetGroupArn=group, Targets=targets)

    def end(self, step: EndTrial) -> None:
        """Remove the rule, the target group and the earlier health check of a trial."""
        self._drop(step.rule, step.group)
        if step.arn:
            self.forget_previous(step.arn)

    def forget_previous(self, group: str) -> None:
        """Remove the record of the earlier health check."""
        self._call("RemoveTags", ResourceArns=[group], TagKeys=[PREVIOUS_TAG])

    def _make_rule(self, step: TryHealthCheck, spec: RoutedService, group: str) -> None:
        host = {
            "Field": "host-header",
            "HostHeaderConfig": {"Values": [trial_host(spec)]},
        }
        nowhere = {"Field": "source-ip", "SourceIpConfig": {"Values": [_NOWHERE]}}
        self._call(
            "CreateRule",
            ListenerArn=step.listener,
            Priority=step.priority,
            Conditions=[host, nowhere],
            Actions=[{"Type": "forward", "TargetGroupArn": group}],
            Tags=self._tags(spec),
        )

    def _drop(self, rule: str, group: str) -> None:
        """Delete a rule, then the group it forwards to; either may be gone."""
        for operation, name, arn in (
            ("DeleteRule", "RuleArn", rule),
            ("DeleteTargetGroup", "TargetGroupArn", group),
        ):
            try:
                if arn:
                    self._call(operation, **{name: arn})
            except NotFoundError:
                continue

    def _group(self, name: str) -> TargetGroup | None:
        """Return the managed target group named ``name``, if it exists."""
        try:
            groups = self._call("DescribeTargetGroups", Names=[name])["TargetGroups"]
        except NotFoundError:
            return None
        for answer in groups:
            arn = answer["TargetGroupArn"]
            tagged = self._call("DescribeTags", ResourceArns=[arn])["TagDescriptions"]
            tags = {t["Key"]: t.get("Value", "") for d in tagged for t in d["Tags"]}
            if tags.get(OWNER_TAG) == self.owner and answer["TargetGroupName"] == name:
                return group_of(answer, tags, self.owner)
        return None

    def _results(self, group: str) -> tuple[TargetResult, ...]:
        try:
            answer = self._call("DescribeTargetHealth", TargetGroupArn=group)
        except NotFoundError:
            return ()
        return tuple(map(target_result, answer["TargetHealthDescriptions"]))

    def _running(
        self, spec: RoutedService, service: Mapping[str, Any]
    ) -> tuple[RoutedTask, ...]:
        if not service or self.tasks is None:
            return ()
        tasks = self.tasks.running(service["clusterArn"].rpartition("/")[2])
        return tuple(
            RoutedTask(task.address, task.started_by)
            for task in tasks.get(spec.name, ())
            if task.status == "RUNNING" and task.address
        )

    def _tags(self, spec: RoutedService) -> list[dict[str, str]]:
        return [
            {"Key": OWNER_TAG, "Value": self.owner},
            {"Key": SERVICE_TAG, "Value": spec.name},
        ]

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self.aws.call("elbv2", operation, **parameters)
