"""Collection of the prerequisites of several services in as few calls as possible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from os.path import commonprefix
from typing import TYPE_CHECKING, Any

from controller.clients.aws import paginated
from controller.core.dependencies import Aws
from controller.core.document.resource import ResourceId
from controller.core.errors import DriverError, NotFoundError
from controller.core.resources.observation import Absent, Present
from controller.kinds.service.aws.services import EcsServices, exists
from controller.kinds.service.preflight.aws import data, iam, images, network
from controller.kinds.service.preflight.aws.answers import facts_of, unreadable
from controller.kinds.service.preflight.checks.target_groups import declared_groups
from controller.kinds.service.preflight.facts import Fact, Facts, RunningService
from controller.kinds.service.render.task_definition import managed_log_group
from controller.kinds.service.spec import aws_names

if TYPE_CHECKING:
    from controller.kinds.service.spec.service import ServiceSpec

Specs = Iterable["ServiceSpec"]
Services = Mapping[ResourceId, "ServiceSpec"]


class Collector:
    """Reader of prerequisites; reads each one once, however many services need it.

    No call returns the value of a secret.

    Args:
        aws: Client of AWS.
        ecs: Reader of services.
        owner: Value of this controller's ownership tag.
        fetch: Returns the content of a download URL of ECR; raises DriverError.
    """

    def __init__(
        self, aws: Aws, ecs: EcsServices, owner: str, fetch: Callable[[str], bytes]
    ) -> None:
        self._aws = aws
        self._ecs = ecs
        self._owner = owner
        self._fetch = fetch
        self._clusters: dict[str, Fact] = {}

    def facts(self, specs: tuple[ServiceSpec, ...], services: Services) -> Facts:
        """Return all facts that the checks of ``specs`` need; never raises DriverError.

        Args:
            specs: Services to check.
            services: All declared services.
        """
        aws, live = self._aws, self._live(specs)
        caches = data.caches(aws, {c.redis for c in _connects(specs) if c.redis})
        wanted = {c.database for c in _connects(specs) if c.database}
        databases = data.databases(aws, wanted)
        others = [services[id_] for id_ in _others(specs) if id_ in services]
        groups = {id_ for s in (*specs, *others) for id_ in s.network.security_groups}
        groups |= {id_ for found in _states(caches, databases) for id_ in found.groups}
        # A service that exists is compared with its routes in each pass.
        new = [s for s in specs if s.routes and isinstance(live.get(s.name), Absent)]
        routing = network.routing(aws, new, self._owner)
        groups |= {
            id_
            for found in _states(routing)
            for balancer in found.balancers
            for id_ in balancer.groups
        }
        targets = network.targets(aws, set(_registered(specs, live)), self._owner)
        buckets = {bucket for s in specs for _, bucket in aws_names.buckets(s)}
        return Facts(
            images=images.images(aws, dict(_images(specs)), self._fetch),
            secrets=data.secrets(aws, sorted(set(_secrets(specs)))),
            parameters=data.parameters(aws, set(_parameters(specs))),
            roles=iam.roles(aws, sorted(set(_roles(specs)))),
            reach=iam.reach(aws, sorted(set(_reach(specs)))),
            log_groups=self._log_groups(specs, live),
            subnets=network.subnets(
                aws, {id_ for s in specs for id_ in s.network.subnets}
            ),
            groups=network.groups(aws, groups),
            live=live,
            clusters=self._clusters,
            targets=targets,
            routing=routing,
            listening=network.listening(
                aws, sorted({b for found in _states(targets) for b in found.balancers})
            ),
            buckets=data.buckets(aws, sorted(buckets)),
            databases=databases,
            caches=caches,
            services=services,
        )

    def _live(self, specs: Specs) -> dict[str, Fact]:
        """Return the live services; one call for each ten of a cluster."""
        by_cluster: defaultdict[str, list[str]] = defaultdict(list)
        for spec in specs:
            by_cluster[spec.cluster].append(spec.name)
        seen: dict[str, Fact] = {}
        for cluster, names in sorted(by_cluster.items()):
            seen |= facts_of(names, partial(self._running, cluster, names))
        return seen

    def _running(self, cluster: str, names: list[str]) -> dict[str, RunningService]:
        try:
            found = self._ecs.services(cluster, names)
        except DriverError as error:
            gone = isinstance(error, NotFoundError)
            self._clusters[cluster] = Absent() if gone else unreadable(error)
            raise
        return {
            name: _running(service)
            for name, service in found.items()
            if exists(service)
        }

    def _log_groups(self, specs: Specs, live: Mapping[str, Fact]) -> dict[str, Fact]:
        """Return the log groups of live services."""
        by_folder: defaultdict[str, set[str]] = defaultdict(set)
        for spec in specs:
            group = managed_log_group(spec)
            if group is not None and isinstance(live.get(spec.name), Present):
                by_folder[group.rpartition("/")[0]].add(group)
        seen: dict[str, Fact] = {}
        for names in by_folder.values():
            seen |= facts_of(names, partial(self._existing_log_groups, names))
        return seen

    def _existing_log_groups(self, names: set[str]) -> dict[str, bool]:
        # Names, not paths: the common prefix may end in the middle of a word.
        prefix = commonprefix(sorted(names))  # noqa: RUF071
        found = paginated(
            self._aws,
            "logs",
            "DescribeLogGroups",
            "logGroups",
            logGroupNamePrefix=prefix,
        )
        return {group["logGroupName"]: True for group in found}


def _running(service: Mapping[str, Any]) -> RunningService:
    return RunningService(
        service.get("desiredCount", 0),
        tuple(
            (found["targetGroupArn"], found.get("containerPort", 0))
            for found in service.get("loadBalancers", ())
            if found.get("targetGroupArn")
        ),
    )


def _connects(specs: Specs) -> Iterator[Any]:
    return (connect for spec in specs for connect in spec.connects)


def _others(specs: Specs) -> set[ResourceId]:
    return {c.target for c in _connects(specs) if c.target}


def _states(*seen: Mapping[str, Fact]) -> Iterator[Any]:
    for facts in seen:
        for found in facts.values():
            if isinstance(found, Present):
                yield found.state


def _registered(specs: Specs, live: Mapping[str, Fact]) -> Iterator[str]:
    """Yield the target groups of services with routes, and those in AWS fields."""
    for spec in specs:
        yield from declared_groups(spec)
        found = live.get(spec.name)
        if spec.routes and isinstance(found, Present):
            yield from (arn for arn, _ in found.state.targets)


def _images(specs: Specs) -> Iterator[tuple[str, aws_names.EcrImage]]:
    for spec in specs:
        image = aws_names.ecr_image(spec.image)
        if image is not None and image.region == spec.region:
            yield spec.image, image


def _secrets(specs: Specs) -> Iterator[str]:
    for spec in specs:
        for reference in spec.secrets.values():
            if reference.secretsmanager:
                yield reference.secret.name


def _parameters(specs: Specs) -> Iterator[str]:
    for spec in specs:
        for reference in spec.secrets.values():
            if reference.ssm:
                yield reference.ssm


def _roles(specs: Specs) -> Iterator[str]:
    for spec in specs:
        for _, arn in aws_names.roles(spec):
            if aws_names.account_of(arn) == spec.account:
                yield arn


def _reach(specs: Specs) -> Iterator[tuple[str, str]]:
    for spec in specs:
        for _, bucket in aws_names.buckets(spec):
            if spec.roles.task:
                yield spec.roles.task, bucket
