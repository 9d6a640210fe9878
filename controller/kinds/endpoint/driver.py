"""Endpoints: query DNS, probe the address, keep and publish the last known one."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor as Pool
from concurrent.futures import ThreadPoolExecutor
from ssl import SSLContext
from typing import Any

from controller.clients.probe import Probe
from controller.core.dependencies import Aws, Dependencies, NameResolver
from controller.core.document.reference import SecretReference
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import DriverError, NotFoundError, PermanentError
from controller.core.resources.driver import Applied
from controller.core.resources.fallbacks import Fallbacks
from controller.core.resources.observation import Observation, Present, unknown_from
from controller.core.resources.plan import Action
from controller.kinds.endpoint.spec import KEPT, PUBLISHED, EndpointSpec, ProbeSpec
from controller.kinds.endpoint.state import EndpointState

# The endpoint that the controller's own MLflow client uses.
MLFLOW = ResourceId("endpoint", "mlflow")
_PARALLEL = 8


def _threads() -> Pool:
    return ThreadPoolExecutor(_PARALLEL, "endpoint")


def connect(dependencies: Dependencies) -> "EndpointDriver":
    """Return the driver."""
    return EndpointDriver(
        dependencies.resolver,
        dependencies.fallbacks,
        dependencies.aws,
        Probe(),
        secret=dependencies.secret,
        contexts={MLFLOW: dependencies.mlflow_context},
    )


class EndpointDriver:
    """The only part of the kind that does I/O; see ``core.resources.driver.Driver``."""

    def __init__(
        self,
        resolver: NameResolver,
        fallbacks: Fallbacks | None,
        aws: Aws,
        probe: Probe,
        parallel: Callable[[], Pool] = _threads,
        secret: Callable[[SecretReference], str] | None = None,
        contexts: Mapping[ResourceId, SSLContext | None] | None = None,
    ) -> None:
        """Initialize the driver.

        Args:
            resolver: Name resolver.
            fallbacks: Store of the last good addresses; None to keep none.
            aws: AWS client, for the parameters that addresses are published to.
            probe: Prober.
            parallel: Returns the threads of one observation.
            secret: Returns the value of a secret reference.
            contexts: TLS contexts of endpoints that do not use the authorities of the
                machine, or that require a client certificate.
        """
        self._secret = secret
        self._contexts = contexts or {}
        self._parallel = parallel
        self._resolver = resolver
        self._fallbacks = fallbacks
        self._aws = aws
        self._probe = probe

    def observe(
        self, declared: Mapping[ResourceId, Resource[Any]]
    ) -> Mapping[ResourceId, Observation]:
        """Return the addresses and the check of each name, observed in parallel."""
        if not declared:
            return {}
        with self._parallel() as pool:
            observations = pool.map(self._observed, declared.values())
            return dict(zip(declared, observations, strict=True))

    def apply(self, action: Action) -> Applied:
        """Keep and publish addresses as planned."""
        spec: EndpointSpec = action.desired
        state: EndpointState = action.observed
        for change in action.changes:
            if change.path == KEPT:
                self._keep(spec, state)
            elif change.path == PUBLISHED:
                self._publish(spec, str(change.after))
            else:
                msg = f"{action.target}: no way to change {change.path}"
                raise PermanentError(msg)
        return Applied()

    def _keep(self, spec: EndpointSpec, state: EndpointState) -> None:
        if self._fallbacks is not None:
            self._fallbacks.keep(spec.host, state.addresses)

    def _publish(self, spec: EndpointSpec, address: str) -> None:
        if spec.fallback is not None and spec.fallback.publish is not None:
            self._aws.call(
                "ssm",
                "PutParameter",
                Name=spec.fallback.publish.ssm,
                Value=address,
                Type="String",
                Overwrite=True,
            )

    def _observed(self, resource: Resource[Any]) -> Observation:
        spec: EndpointSpec = resource.spec
        try:
            answer = self._resolver.refresh(spec.host)
            addresses, source = tuple(answer.addresses), answer.source
        except DriverError as error:
            # A pin replaces DNS in use, but is neither kept nor published.
            addresses, source = self._resolver.report(spec.host).pinned, "pin"
            if not addresses and not isinstance(error, NotFoundError):
                return unknown_from(error)
            if not addresses:
                names = self._resolver.report(spec.host)
                state = EndpointState(live=False, problem=str(error), names=names)
                return Present(state)
        names = self._resolver.report(spec.host)
        try:
            published = self._published(spec)
            kept = self._kept(spec)
        except DriverError as error:
            return unknown_from(error)
        return Present(
            EndpointState(
                addresses=addresses,
                live=source in {"dns", "literal", "fresh"},
                source=source,
                kept=kept,
                published=published,
                problem=self._problem(
                    resource.id, spec, (names.pinned or addresses)[0]
                ),
                names=names,
            )
        )

    def _kept(self, spec: EndpointSpec) -> tuple[str, ...] | None:
        """Return the addresses in the store; None without a store."""
        if self._fallbacks is None:
            return None
        kept = self._fallbacks.last_good(spec.host)
        return () if kept is None else kept.addresses

    def _published(self, spec: EndpointSpec) -> str | None:
        """Return the value of the declared parameter; None if it does not exist."""
        if spec.fallback is None or spec.fallback.publish is None:
            return None
        try:
            answer = self._aws.call(
                "ssm", "GetParameter", Name=spec.fallback.publish.ssm
            )
        except NotFoundError:
            return None
        return str(answer["Parameter"]["Value"])

    def _problem(self, id_: ResourceId, spec: EndpointSpec, address: str) -> str:
        """Return the error of the check of ``address``; empty if it succeeds."""
        if spec.probe is None:
            return self._probe.connect(address, spec.port)
        try:
            key = self._key(spec.probe)
        except DriverError as error:
            return f"the key of the probe could not be read: {error}"
        return self._probe.request(
            f"{spec.protocol}://{spec.host}:{spec.port}{spec.probe.path}",
            address,
            method=spec.probe.method,
            body=spec.probe.body,
            expected=spec.probe.status,
            key=key,
            context=self._contexts.get(id_),
        )

    def _key(self, probe: ProbeSpec) -> str | None:
        """Return the key of a probe; raises DriverError if it cannot be read."""
        if probe.key is None:
            return None
        if self._secret is None:
            msg = f"{probe.key} cannot be read here"
            raise PermanentError(msg)
        return self._secret(probe.key)
