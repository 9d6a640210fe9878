"""Endpoints: query DNS, probe the addresses, keep and publish the last good ones."""

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Executor as Pool
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from ssl import SSLContext
from typing import Any

from controller.clients.clock import SystemClock
from controller.clients.probe import Probe
from controller.core.clock import Clock
from controller.core.dependencies import (
    Aws,
    Dependencies,
    NameResolver,
    published_parameters,
)
from controller.core.dns.agreement import Disagreement, confirmed, disagreements
from controller.core.document.reference import SecretReference
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import DriverError, NotFoundError, PermanentError
from controller.core.resources.driver import Applied
from controller.core.resources.fallbacks import Fallbacks
from controller.core.resources.observation import Observation, Present, unknown_from
from controller.core.resources.plan import Action, Verb
from controller.kinds.endpoint.aws import (
    PublishedParameters,
    PublishedReaders,
    ServiceAddresses,
)
from controller.kinds.endpoint.health import used_address
from controller.kinds.endpoint.spec import (
    KEPT,
    PUBLISHED,
    READERS,
    EndpointSpec,
    ProbeSpec,
)
from controller.kinds.endpoint.state import EndpointState, Reader

# The endpoint that the controller's own MLflow client uses.
MLFLOW = ResourceId("endpoint", "mlflow")
_PARALLEL = 8

Declared = Mapping[ResourceId, Resource[Any]]


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
        clock=dependencies.clock,
        owner=dependencies.owner,
        declared=dependencies.declared,
        prune=dependencies.platform.prune,
        thorough=dependencies.thorough,
    )


class EndpointDriver:
    """The driver of the kind; see ``core.resources.driver.Driver``."""

    def __init__(
        self,
        resolver: NameResolver,
        fallbacks: Fallbacks | None,
        aws: Aws,
        probe: Probe,
        parallel: Callable[[], Pool] = _threads,
        secret: Callable[[SecretReference], str] | None = None,
        contexts: Mapping[ResourceId, SSLContext | None] | None = None,
        *,
        clock: Clock | None = None,
        owner: str = "",
        declared: Callable[[], Declared] = dict,
        prune: bool = False,
        thorough: bool = True,
    ) -> None:
        """Initialize the driver.

        Args:
            resolver: Name resolver.
            fallbacks: Store of the last good addresses; None to keep none.
            aws: AWS client, for services and for the published parameters.
            probe: Prober.
            parallel: Returns the threads of one observation.
            secret: Returns the value of a secret reference.
            contexts: TLS contexts of endpoints that do not use the authorities of the
                machine, or that require a client certificate.
            clock: Clock; None for that of the machine.
            owner: Value of the ownership tag.
            declared: Returns all declared resources.
            prune: True to find published parameters that are no longer declared.
            thorough: False to leave out what a plan does not need.
        """
        clock = clock or SystemClock()
        self._secret = secret
        self._contexts = contexts or {}
        self._parallel = parallel
        self._resolver = resolver
        self._fallbacks = fallbacks
        self._probe = probe
        self._clock = clock
        self._declared = declared
        self._prune = prune
        self._thorough = thorough
        self._parameters = PublishedParameters.of(aws, owner, clock)
        self._services = ServiceAddresses(aws)
        self._readers = PublishedReaders(aws, owner, clock, declared)
        self._answers: dict[ResourceId, tuple[frozenset[str], float]] = {}
        self._differences: dict[ResourceId, tuple[Disagreement, ...]] = {}

    def observe(self, declared: Declared) -> Mapping[ResourceId, Observation]:
        """Return the addresses and the checks of each name, observed in parallel."""
        found: dict[ResourceId, Observation] = {}
        if declared:
            with self._parallel() as pool:
                observations = pool.map(self._observed, declared.values())
                found = dict(zip(declared, observations, strict=True))
        return {**self._undeclared(declared), **found}

    def apply(self, action: Action) -> Applied:
        """Keep and publish addresses, restart readers, or delete a parameter."""
        state: EndpointState = action.observed
        if action.verb is Verb.DELETE:
            self._parameters.delete(state.parameter)
            return Applied()
        spec: EndpointSpec = action.desired
        readers = {f"{READERS}{reader.service}": reader for reader in state.readers}
        for change in action.changes:
            if change.path == KEPT:
                self._keep(spec, change.after)
            elif change.path == PUBLISHED:
                self._publish(action.target, spec, change.after)
            elif change.path in readers:
                self._readers.restart(readers[change.path])
            else:
                msg = f"{action.target}: no way to change {change.path}"
                raise PermanentError(msg)
        return Applied()

    def _keep(self, spec: EndpointSpec, addresses: Collection[str]) -> None:
        if self._fallbacks is not None:
            self._fallbacks.keep(spec.host, tuple(addresses))

    def _publish(
        self, id_: ResourceId, spec: EndpointSpec, addresses: Collection[str]
    ) -> None:
        if spec.fallback is not None and spec.fallback.publish is not None:
            self._parameters.write(spec.fallback.publish.ssm, id_.name, addresses)

    def _undeclared(self, declared: Declared) -> Mapping[ResourceId, Observation]:
        if not self._prune:
            return {}
        endpoints = {
            id_: resource
            for id_, resource in (*self._declared().items(), *declared.items())
            if id_.kind == "endpoint"
        }
        paths = published_parameters(endpoints)
        return self._parameters.undeclared(paths, {id_.name for id_ in endpoints})

    def _observed(self, resource: Resource[Any]) -> Observation:
        try:
            return Present(self._state(resource))
        except DriverError as error:
            return unknown_from(error)

    def _state(self, resource: Resource[Any]) -> EndpointState:
        """Return the state of one endpoint; raises DriverError if DNS is silent."""
        spec: EndpointSpec = resource.spec
        state = self._resolved(spec)
        if not state.addresses:
            return self._compared(resource, state)
        state = replace(state, steady=self._steady(resource.id, state))
        state = self._recorded(spec, state)
        state = replace(state, answering=self._answering(spec, state))
        state = replace(state, readers=tuple(_dead(state)))
        state = self._checked(resource.id, spec, state)
        return self._compared(resource, state)

    def _resolved(self, spec: EndpointSpec) -> EndpointState:
        at = self._clock.now()
        try:
            answer = self._resolver.refresh(spec.host)
            addresses, source = tuple(answer.addresses), answer.source
        except DriverError as error:
            # A pin replaces DNS in use, but is neither kept nor published.
            addresses, source = self._resolver.report(spec.host).pinned, "pin"
            if not addresses and not isinstance(error, NotFoundError):
                raise
            if not addresses:
                names = self._resolver.report(spec.host)
                return EndpointState(live=False, problem=str(error), names=names, at=at)
        names = self._resolver.report(spec.host)
        live = source in {"dns", "literal", "fresh"}
        return EndpointState(addresses, live, source, names=names, at=at)

    def _steady(self, id_: ResourceId, state: EndpointState) -> timedelta:
        """Return the time for which DNS has returned the same addresses."""
        if not state.live:
            return timedelta()
        now, current = self._clock.monotonic(), frozenset(state.addresses)
        known, since = self._answers.get(id_, (frozenset[str](), now))
        if known != current:
            since = now
        self._answers[id_] = (current, since)
        return timedelta(seconds=now - since)

    def _recorded(self, spec: EndpointSpec, state: EndpointState) -> EndpointState:
        """Return ``state`` with the kept and the published addresses."""
        state = replace(state, kept=self._kept(spec))
        publish = spec.fallback.publish if spec.fallback else None
        found = self._parameters.read(publish.ssm) if publish else None
        if publish is None or found is None:
            return state
        state = replace(state, published=found.addresses)
        if not self._thorough and not publish.restart_readers:
            return state
        try:
            return replace(state, readers=self._readers.holding(publish.ssm, found))
        except DriverError as error:
            return replace(state, readers_unread=str(error))

    def _kept(self, spec: EndpointSpec) -> tuple[str, ...] | None:
        """Return the addresses in the store; None without a store."""
        if self._fallbacks is None:
            return None
        kept = self._fallbacks.last_good(spec.host)
        return () if kept is None else kept.addresses

    def _answering(self, spec: EndpointSpec, state: EndpointState) -> frozenset[str]:
        """Return the known addresses that accept a connection."""
        known = {
            *state.addresses,
            *(state.kept or ()),
            *(state.published or ()),
            *(address for reader in state.readers for address in reader.held),
        }
        # A pin may be for another port; only the checks use it.
        addresses = sorted(known)
        with self._parallel() as pool:
            problems = pool.map(
                lambda address: self._probe.connect(address, spec.port), addresses
            )
            pairs = zip(addresses, problems, strict=True)
            return frozenset(address for address, problem in pairs if not problem)

    def _checked(
        self, id_: ResourceId, spec: EndpointSpec, state: EndpointState
    ) -> EndpointState:
        """Return ``state`` with the results of the checks of the address in use."""
        address, context = used_address(state), self._contexts.get(id_)
        if spec.requirements is not None:
            found = self._probe.handshake(spec.host, address, spec.port, context)
            if found.problem:
                return replace(state, problem=found.problem)
            state = replace(state, certificate=found.certificate)
        problem, broken = "", []
        for path, request in spec.requests():
            answer = self._request(id_, spec, request, address)
            if answer and path == "probe":
                problem = answer
            elif answer:
                broken.append(answer)
        if spec.probe is None and not problem:
            problem = self._connection(spec, state, address)
        if problem and spec.protocol == "http" and self._probe_tls(spec, address):
            problem = f"{problem}: the server speaks TLS, write protocol: https"
        return replace(state, problem=problem, broken=tuple(broken))

    def _probe_tls(self, spec: EndpointSpec, address: str) -> bool:
        return self._probe.speaks_tls(address, spec.port)

    def _connection(
        self, spec: EndpointSpec, state: EndpointState, address: str
    ) -> str:
        """Return the reason that ``address`` accepts no connection, or ""."""
        if address in state.answering or spec.requirements is not None:
            return ""
        return self._probe.connect(address, spec.port)

    def _request(
        self, id_: ResourceId, spec: EndpointSpec, request: ProbeSpec, address: str
    ) -> str:
        """Return the reason that a declared request fails, or ""."""
        try:
            key = self._key(request)
        except DriverError as error:
            return f"the key of the probe could not be read: {error}"
        return self._probe.request(
            f"{spec.protocol}://{spec.host}:{spec.port}{request.path}",
            address,
            method=request.method,
            body=request.body,
            expected=request.status,
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

    def _compared(self, resource: Resource[Any], state: EndpointState) -> EndpointState:
        """Return ``state`` with the difference between DNS, Cloud Map and ECS."""
        service = self._service(resource)
        if service is None or not self._thorough:
            return state
        spec: EndpointSpec = resource.spec
        # An address that this process did not just get from DNS says nothing about DNS.
        is_answer = state.live or not state.addresses
        dns = state.addresses if is_answer else None
        try:
            sides = self._services.sides(spec.host, dns, service.cluster, service.name)
        except DriverError as error:
            return replace(state, not_compared=str(error))
        now = disagreements(sides)
        before = self._differences.get(resource.id, ())
        self._differences[resource.id] = now
        fails = bool(state.problem) or not state.addresses
        found = confirmed(before, now, at_once=fails)
        return replace(state, disagreement=found, is_compared=True)

    def _service(self, resource: Resource[Any]) -> Any:
        """Return the declaration of the service behind an endpoint, if there is one.

        It has the host as its name in Cloud Map; or the endpoint depends on it, and only
        the namespace differs.
        """
        host = resource.spec.host.rstrip(".").lower()
        services = {
            id_: one.spec
            for id_, one in sorted(self._declared().items())
            if id_.kind == "service" and one.spec.discovery
        }
        for spec in services.values():
            if f"{spec.discovery}.{spec.namespace}" == host:
                return spec
        label = host.partition(".")[0]
        for id_ in sorted(resource.depends_on & services.keys()):
            if services[id_].discovery == label:
                return services[id_]
        return None


def _dead(state: EndpointState) -> Iterator[Reader]:
    """Yield the readers that hold no address that answers, while another one does."""
    if state.answering.isdisjoint(state.addresses):
        return
    for reader in state.readers:
        if state.answering.isdisjoint(reader.held):
            yield reader
