"""Put the parts together: settings and a document in, a controller out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from controller.bootstrap.audit_source import DocumentSource
from controller.bootstrap.aws import aws_client
from controller.bootstrap.call_count import CallCount, CallsSpent, spent_on
from controller.bootstrap.details import details_of
from controller.bootstrap.drivers import Clients, Options, drivers
from controller.bootstrap.mlflow import connect, tracking_uri
from controller.bootstrap.names import (
    ConfirmedFallbacks,
    declared_fallbacks,
    resolver_for,
)
from controller.bootstrap.secret_ping import SecretPings
from controller.clients.aws.retrying import POLICY
from controller.clients.clock import SystemClock
from controller.clients.secrets import Secrets
from controller.core.dependencies import NO_STORE
from controller.core.dns.rollout import Consumer
from controller.core.errors import PermanentError
from controller.core.planning.explain import explanations_of
from controller.core.planning.safety import SafetyLimits
from controller.core.planning.scope import ALL, Scope, with_dependencies
from controller.core.rates.schedule import Schedule
from controller.core.resources.cost import Costs, costs_of
from controller.core.resources.observation import Absent, Present, Unknown
from controller.engine.executor import Executor
from controller.engine.interventions import InterventionRunner
from controller.engine.memory_without_store import NullMemory
from controller.engine.observer import Observer
from controller.engine.reconciler import PassResult, Reconciler
from controller.resolver import Keeper

if TYPE_CHECKING:
    from controller.bootstrap.deliveries import DeclaredTargets
    from controller.bootstrap.store import Store
    from controller.core.audit.entry import AuditSource
    from controller.core.document.resource import Resource, ResourceId
    from controller.core.planning.planner import DesiredState, Kinds
    from controller.core.planning.preflight import Results
    from controller.core.rates.retry import RetryPolicy
    from controller.core.resources.details import DetailSection
    from controller.core.resources.driver import Driver
    from controller.core.resources.explanation import Explanations
    from controller.core.resources.fallbacks import KeptAddresses
    from controller.core.resources.observation import ObservedState
    from controller.core.resources.plan import Plan
    from controller.resolver.consumer import ConsumerResolver
    from controller.settings import Settings
    from controller.spec.document import Document

THREADS = 8


class Controller:
    """One controller, ready to look and to act. Close it.

    Attributes:
        document: What is declared; may be replaced between passes.
        aws: AWS, with every call counted.
        secrets: Reads what references name.
        mlflow: MLflow, not fenced, for reads; None if the document names none.
        clock: The time.

    Args:
        document: What is declared.
        settings: What the environment says.
        environ: The environment itself, for references into it.
        kinds: All kinds, by name.
        stored: The parts on a store; None to work without one.
        wishes: Options of the command.
        light: Whether this ends soon, and so does without what is slow to start.
        patience: How often AWS is asked again when it has no answer.

    Raises:
        RefusedError: the credentials belong to another account or region, or the
            document is for the local platform, which does not run.
    """

    def __init__(
        self,
        document: Document,
        settings: Settings,
        environ: Mapping[str, str],
        kinds: Kinds,
        *,
        stored: Store | None = None,
        wishes: Options | None = None,
        light: bool = False,
        patience: RetryPolicy = POLICY,
    ) -> None:
        self.document = document
        self.clock = SystemClock()
        self.settings = settings
        self._environ = environ
        self.aws = aws_client(
            document, settings, environ, self.clock, light=light, patience=patience
        )
        self.secrets = Secrets(environ, self.aws)
        self._closing = ExitStack()
        self._mlflow_calls = CallCount()
        wishes = wishes or Options()
        self._source = DocumentSource(wishes.actor, settings.commit)
        clients = self._clients(settings, stored, wishes)
        self.mlflow = clients.mlflow.api if clients.mlflow else None
        self._reconciler = self._parts(kinds, clients, wishes)

    def desired(self, targets: frozenset[ResourceId] = frozenset()) -> DesiredState:
        """Return what is declared, or the targets with what they depend on."""
        declared = self.document.resources
        wanted = with_dependencies(targets, declared) if targets else declared.keys()
        return {id_: r for id_, r in declared.items() if id_ in wanted}

    def plan(self, desired: DesiredState, scope: Scope = ALL) -> Plan:
        """Look, and return what would be done. Writes nothing."""
        return self._reconciler.plan(desired, self.limits(), scope)[1]

    def observe(self, desired: DesiredState) -> ObservedState:
        """Return the state of ``desired``. Writes nothing."""
        kinds = {id_.kind for id_ in desired}
        return self._reconciler.observer.observe(desired, kinds)

    def explain(
        self, desired: DesiredState, path: str
    ) -> Mapping[ResourceId, Explanations]:
        """Observe, and return an explanation for each value at ``path``."""
        observed, _ = self._reconciler.plan(desired, self.limits())
        kinds = self._reconciler.kinds
        told: dict[ResourceId, Explanations] = {}
        for id_, resource in sorted(desired.items()):
            match observed.of(id_):
                case Present(state):
                    at = observed.taken_at
                    told[id_] = explanations_of(
                        kinds[id_.kind], resource, state, path, at
                    )
                case Unknown(reason):
                    told[id_] = reason
                case Absent():
                    told[id_] = ()
        return told

    def reconcile(self, desired: DesiredState, scope: Scope = ALL) -> PassResult:
        """Do one pass, and look at everything."""
        interval = self.document.platform.interval
        return self._reconciler.run(desired, self.limits(), interval, scope)

    def reconcile_due(
        self, *, everything: bool, changed: frozenset[str] = frozenset()
    ) -> PassResult:
        """Do one pass on all that is declared, and look at what is due.

        Args:
            everything: Whether to look at all kinds, due or not.
            changed: Kinds to look at, due or not.
        """
        platform = self.document.platform
        schedule = Schedule(
            platform.interval,
            dict(platform.intervals),
            everything,
            platform.inspections,
            changed,
        )
        return self._reconciler.run(
            self.desired(), self.limits(), platform.interval, schedule=schedule
        )

    def inspect(self, desired: DesiredState) -> Results:
        """Check the prerequisites of ``desired``, and return the results. Writes nothing."""
        return self._reconciler.preflight.check(desired, desired.keys())

    def costs(self, plan: Plan) -> Costs:
        """Return what carrying out ``plan`` takes."""
        return costs_of(plan, self._reconciler.kinds, self.document.resources)

    def details(self, resource: Resource[Any]) -> tuple[DetailSection, ...]:
        """Return all there is to see of one resource. Writes nothing."""
        kind = self._reconciler.kinds[resource.id.kind]
        driver = self._reconciler.observer.drivers[resource.id.kind]
        return details_of(resource, kind, driver)

    @property
    def requests(self) -> InterventionRunner:
        """Runner of requested operations by hand."""
        return InterventionRunner(self._reconciler)

    def driver(self, kind: str) -> Driver:
        """Return the driver of ``kind``, behind the same fence as all."""
        return self._reconciler.observer.drivers[kind]

    def spent(self) -> CallsSpent:
        """Return the calls that were made so far, and the rules behind them."""
        return spent_on(self.aws, self._mlflow_calls, self._reconciler.kinds)

    def audit_source(self) -> AuditSource:
        """Return the author of actions and the current document, for the audit log."""
        return self._source.of(self.document)

    def limits(self) -> SafetyLimits:
        """Return how much may happen at once, by what is declared."""
        platform = self.document.platform
        return SafetyLimits(
            platform.max_disruptive_actions,
            platform.prune,
            freezes=platform.freezes,
            own=platform.controller,
        )

    def close(self) -> None:
        """Close every connection and end every thread."""
        self._closing.close()

    def _clients(
        self, settings: Settings, stored: Store | None, wishes: Options
    ) -> Clients:
        kept = stored.fallbacks if stored else NoFallbacks()
        resolver = resolver_for(
            Consumer.CONTROLLER,
            settings,
            self.clock,
            ConfirmedFallbacks(kept),
            shared=stored.pins if stored else None,
            declared=declared_fallbacks(self.document, settings, self._environ),
            # The endpoint kind decides which addresses are kept.
            persist=wishes.resident,
            metrics=wishes.metrics,
        )
        if wishes.resident:
            self._closing.callback(Keeper(resolver.resolver).start().close)
        uri = tracking_uri(self.document, settings)
        mlflow = None
        if uri is not None:
            mlflow = connect(uri, settings, resolver)
            self._closing.callback(mlflow.close)
            self._mlflow_calls.follow(mlflow.http)
        without = None if wishes.without_store else NoStore()
        fallbacks = stored.fallbacks if stored else without
        return Clients(
            self.aws,
            mlflow,
            resolver,
            fallbacks,
            stored,
            self.clock,
            self.secrets.value,
            self._pings(settings, stored) if stored else None,
        )

    def _pings(self, settings: Settings, stored: Store) -> SecretPings:
        def declared() -> DeclaredTargets:
            from controller.bootstrap.deliveries import DeclaredTargets

            secret, rotations = self.secrets.value, stored.rotations.all
            return DeclaredTargets(lambda: self.document, secret, settings, rotations)

        def names() -> ConsumerResolver:
            return resolver_for(
                Consumer.WEBHOOKS,
                settings,
                self.clock,
                stored.fallbacks,
                shared=stored.pins,
                declared=declared_fallbacks(self.document, settings, self._environ),
            )

        return SecretPings(declared, names, settings, self.clock)

    def _parts(self, kinds: Kinds, clients: Clients, wishes: Options) -> Reconciler:
        pool = self._closing.enter_context(ThreadPoolExecutor(THREADS, "hokusai"))
        by_kind = drivers(kinds, lambda: self.document, clients, wishes)
        memory = clients.stored.memory if clients.stored else NullMemory()
        if clients.stored:
            from controller.bootstrap.deliveries import subscriptions

            publisher = clients.stored.memory.publisher
            publisher.owner = self.document.platform.owner
            publisher.subscriptions = lambda: subscriptions(self.document)
            clients.stored.memory.trail.source = self.audit_source
        forget = (clients.mlflow.reader.clear,) if clients.mlflow else ()
        return Reconciler(
            kinds,
            Observer(by_kind, pool, self.clock, forget=forget),
            Executor(
                by_kind,
                memory,
                pool,
                self.clock,
                permitted=wishes.permitted,
                creation=memory.creation,
            ),
            memory,
            self.clock,
        )


class NoFallbacks:
    """Remembers addresses nowhere: for a look without a store."""

    def last_good(self, host: str) -> KeptAddresses | None:  # noqa: ARG002 - a protocol
        """Return nothing."""
        return None

    def keep(self, host: str, addresses: Sequence[str]) -> None:
        """Forget them."""

    def confirm(self, host: str, addresses: Sequence[str]) -> None:
        """Forget them."""


class NoStore(NoFallbacks):
    """Says that only the store knows, and that there is none."""

    def last_good(self, host: str) -> KeptAddresses | None:
        """Raise PermanentError."""
        msg = f"Only the store knows the last good address of {host}. {NO_STORE}"
        raise PermanentError(msg)
