"""The hint in MLflow: observe, create, update, delete its webhook."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from controller.core.dependencies import Dependencies
from controller.core.document.mlflow import HintSpec
from controller.core.document.reference import SecretReference
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import DriverError, PermanentError, TransientError
from controller.core.models.registry_webhooks import (
    RegistryWebhook,
    RegistryWebhooks,
    WebhookContent,
)
from controller.core.planning.preflight import (
    CheckFinding,
    CheckPassed,
    CheckSkipped,
    Resources,
    Result,
    Results,
    Severity,
)
from controller.core.resources.driver import Applied
from controller.core.resources.observation import (
    Absent,
    Observation,
    Ownership,
    Present,
)
from controller.core.resources.plan import Action, Verb
from controller.core.values.identity import APPLIED_TAG
from controller.kinds.hint.compare import (
    EVENTS,
    description,
    fingerprint,
    recorded,
    webhook_name,
)
from controller.kinds.hint.prerequisites import missing_variables, refusal_advice
from controller.kinds.hint.state import HintState

HINT = ResourceId("hint", "mlflow")
SERVICE = ResourceId("service", "mlflow")
_CHECK = "webhooks of MLflow"
# Each connection reaches one of MLflow's processes. If two have different keys, eight
# lists reach the other one in all but one of 256 cases.
_LISTS = 8
_ABSENCES = 2


def connect(dependencies: Dependencies) -> "HintDriver":
    """Return the driver; raises PermanentError if there is no MLflow."""
    return HintDriver(
        dependencies.webhooks(),
        webhook_name(dependencies.owner),
        dependencies.secret,
        dependencies.declared,
    )


class HintDriver:
    """The only part of the kind that talks to MLflow; see ``core.resources.driver.Driver``.

    MLflow creates a second webhook with the same name when a creation is repeated. So
    webhooks are listed right before a creation, and copies are deleted.
    """

    def __init__(
        self,
        webhooks: RegistryWebhooks,
        name: str,
        secret: Callable[[SecretReference], str],
        declared: Callable[[], Mapping[ResourceId, Resource[Any]]],
    ) -> None:
        """Initialize the driver.

        Args:
            webhooks: MLflow's webhooks.
            name: Name of the webhook in MLflow.
            secret: Returns the value of a secret reference; raises DriverError.
            declared: Returns the declared resources.
        """
        self._webhooks = webhooks
        self._name = name
        self._secret = secret
        self._declared = declared
        self._absences = 0

    def observe(
        self, declared: Mapping[ResourceId, Resource[Any]]
    ) -> Mapping[ResourceId, Observation]:
        """Return the hint if it is declared, or if its webhook was left behind.

        While no hint is declared, MLflow is asked until it has shown none twice: one
        response may lag.
        """
        if declared:
            self._absences = 0
            return {id_: self._observed(r.spec) for id_, r in declared.items()}
        if self._absences == _ABSENCES:
            return {}
        try:
            ours = self._ours()
        except PermanentError:
            # A server without webhooks has no webhook of ours.
            ours = ()
        self._absences = 0 if ours else self._absences + 1
        return {HINT: self._present(HintState(ours))} if ours else {}

    def apply(self, action: Action) -> Applied:
        """Create, update or delete the webhook.

        Raises:
            PermanentError: MLflow refuses the webhook, or cannot read it back; the
                message names the setting of MLflow that is missing.
        """
        try:
            self._apply(action)
        except DriverError as error:
            if advice := refusal_advice(str(error)):
                msg = f"{error}{advice}"
                raise type(error)(msg) from error
            raise
        return Applied()

    def inspect(self, resources: Resources) -> Results:
        """Return the settings that the declared MLflow service lacks. Reads nothing."""
        return {id_: self._inspected(r.spec) for id_, r in resources.items()}

    def _apply(self, action: Action) -> None:
        # Read again: a creation is not safe to repeat.
        ours = self._ours()
        if action.verb is Verb.DELETE:
            self._delete(ours)
            return
        spec: HintSpec = action.desired
        secret = self._secret(spec.secret)
        text = description(action.generation, fingerprint(secret))
        content = WebhookContent(spec.url, EVENTS, secret, text)
        if ours:
            webhook, *copies = ours
            self._webhooks.update_webhook(webhook.id, content)
            self._delete(copies)
        else:
            self._verify(self._webhooks.create_webhook(self._name, content))

    def _delete(self, webhooks: Iterable[RegistryWebhook]) -> None:
        for webhook in webhooks:
            self._webhooks.delete_webhook(webhook.id)

    def _verify(self, id_: str) -> None:
        """Delete a webhook that makes MLflow's list of webhooks unreadable."""
        try:
            for _ in range(_LISTS):
                self._webhooks.webhooks()
        except TransientError as error:
            if refusal_advice(str(error)):
                self._webhooks.delete_webhook(id_)
                raise PermanentError(str(error)) from error
            raise

    def _observed(self, spec: HintSpec) -> Observation:
        try:
            ours = self._ours()
        except PermanentError as error:
            return self._present(HintState(unavailable=str(error)))
        try:
            key, problem = fingerprint(self._secret(spec.secret)), ""
        except PermanentError as error:
            key, problem = "", str(error)
        if not ours and not problem:
            return Absent()
        return self._present(HintState(ours, key, problem))

    def _ours(self) -> tuple[RegistryWebhook, ...]:
        try:
            found = self._webhooks.webhooks()
        except TransientError as error:
            msg = f"{error}{refusal_advice(str(error))}"
            raise TransientError(msg) from error
        return tuple(webhook for webhook in found if webhook.name == self._name)

    def _present(self, state: HintState) -> Present[HintState]:
        applied = None
        if state.webhooks:
            applied = recorded(state.webhooks[0].description, APPLIED_TAG) or ""
        return Present(state, Ownership.MANAGED, applied)

    def _inspected(self, spec: HintSpec) -> tuple[Result, ...]:
        service = self._declared().get(SERVICE)
        if service is None:
            reason = "the document does not declare service/mlflow"
            return (CheckSkipped(_CHECK, reason),)
        missing = missing_variables(
            spec.url, service.spec.environment, service.spec.secrets.keys()
        )
        found = tuple(
            CheckFinding(
                _CHECK,
                Severity.BLOCKS,
                "url",
                f"{SERVICE} lacks {variable.name}: {variable.consequence} Set it to "
                f"{variable.value}.",
            )
            for variable in missing
        )
        return found or (CheckPassed(_CHECK),)
