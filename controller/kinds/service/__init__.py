"""The ``service`` kind: ECS services with their routes, scaling and logs."""

from typing import TYPE_CHECKING

from controller.core.resources.kind import Kind
from controller.core.resources.lazy_import import deferred
from controller.core.resources.plan import Verb
from controller.kinds.service.render.complete import complete
from controller.kinds.service.render.health_dependencies import (
    dependent_health_checks,
)
from controller.kinds.service.render.update_effects import immutable_paths
from controller.kinds.service.routes.matching.overlap import clashes
from controller.kinds.service.spec.service import (
    ServiceSpec,
    mentions,
    read_parameters,
    references,
    served_hosts,
)

if TYPE_CHECKING:
    from controller.kinds.service.state.service import ServiceState

_COMPARE = "controller.kinds.service.compare"
_HEALTH = f"{_COMPARE}.health"

KIND: "Kind[ServiceSpec, ServiceState]" = Kind(
    name="service",
    section="services",
    spec=ServiceSpec,
    compare=deferred(f"{_COMPARE}.diff", "compare"),
    health=deferred(_HEALTH, "health"),
    hold_reason=deferred(_HEALTH, "hold_reason"),
    explain=deferred(f"{_COMPARE}.explain", "explain"),
    findings=deferred(_HEALTH, "findings_of"),
    conflicts=clashes,
    warnings=dependent_health_checks,
    served_hosts=served_hosts,
    read_parameters=read_parameters,
    references=references,
    mentions=mentions,
    complete=complete,
    cost=deferred(f"{_COMPARE}.cost", "cost"),
    call_budget="configuration: ceil(n / 10) DescribeServices per cluster, once "
    "DescribeTaskDefinition per revision and GetService per name; rollouts in progress: "
    "ceil(r / 20) DescribeServiceDeployments; tasks, each minute and during changes: "
    "ceil(t / 100) ListTasks and DescribeTasks per cluster, one "
    "DescribeTargetHealth per target group, one ListInstances per name; stopped "
    "tasks, at once while one is missing and each minute after ECS replaced one: "
    "ceil(s / 100) ListTasks and DescribeTasks per cluster; undeclared services, "
    "each minute: ceil(all / 100) ListServices, ceil(u / 10) DescribeServices per "
    "cluster; each minute: ceil(g / 50) DescribeLogGroups; with routes: "
    "ceil(g / 20) DescribeTargetGroups, ceil(b / 20) DescribeLoadBalancers, "
    "DescribeListeners per load balancer, DescribeRules per "
    "listener, ceil(k / 20) DescribeTags; with routes or prune, every ten minutes: "
    "DescribeTargetGroups; with scaling or desired_count: ceil(d / 50) "
    "DescribeScalableTargets; images in ECR and secrets, each minute: DescribeImages "
    "per repository, each hour DescribeRepositories per repository, ceil(n / 20) "
    "DescribeServiceRevisions until digests are known, "
    "ListSecretVersionIds per secret, and DescribeSecret after its versions changed, "
    "ceil(p / 50) DescribeParameters; with task.tags, each minute: "
    "DescribeTaskDefinition per service",
    volatile_paths=frozenset({"desired_count"}),
    unedited=deferred("controller.kinds.service.images.outdated_digests", "unedited"),
    immutable=immutable_paths(),
    check_request=deferred("controller.kinds.service.operations.requests", "refusal"),
    allowed_when_absent=frozenset({Verb.RETRY}),
    writer=deferred(_HEALTH, "writer"),
    prune=True,
    deletion_changes=deferred(_HEALTH, "leftover_changes"),
)
