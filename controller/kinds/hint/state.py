"""Observed state of the hint: its webhooks in MLflow."""

from dataclasses import dataclass

from controller.core.models.registry_webhooks import RegistryWebhook


@dataclass(frozen=True, slots=True)
class HintState:
    """The webhooks in MLflow that have the name of the hint.

    Attributes:
        webhooks: Webhooks, the oldest first; more than one after a creation whose
            response was lost.
        key: Fingerprint of the declared secret; empty if it cannot be read.
        secret_problem: Reason that the secret cannot be read; empty if it can.
        unavailable: Reason that MLflow has no webhooks to use; empty if it has.
    """

    webhooks: tuple[RegistryWebhook, ...] = ()
    key: str = ""
    secret_problem: str = ""
    unavailable: str = ""
