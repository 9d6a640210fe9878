"""Settings of the MLflow server without which it refuses or loses the hint."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

SCHEMES = "MLFLOW_WEBHOOK_ALLOWED_SCHEMES"
PRIVATE = "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS"
KEY = "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"
_PRIVATE_NAMES = (".local", ".localhost", ".internal", ".test", ".invalid")
_TRUE = frozenset({"true", "1"})
# Phrases of MLflow's refusals, and the variable that ends each.
_REFUSALS = {
    "Invalid webhook URL scheme": f"{SCHEMES} to http,https",
    "non-public IP address": f"{PRIVATE} to true",
    "INTERNAL_ERROR": f"{KEY} to one Fernet key for all its processes, and delete the "
    "webhooks that were created without it from its table webhooks",
}


@dataclass(frozen=True, slots=True)
class MissingVariable:
    """A variable that the MLflow server lacks.

    Attributes:
        name: Name of the variable.
        value: Value to set.
        consequence: Result of its absence, as a sentence.
    """

    name: str
    value: str
    consequence: str


def missing_variables(
    url: str, environment: Mapping[str, str], secrets: Collection[str]
) -> Iterator[MissingVariable]:
    """Yield the variables that an MLflow service lacks for a hint to ``url``.

    Args:
        url: URL of the hint.
        environment: Variables of the service.
        secrets: Names of the variables whose values are secrets.
    """
    parts = urlsplit(url)
    schemes = environment.get(SCHEMES, "https").split(",")
    if parts.scheme not in {scheme.strip().lower() for scheme in schemes}:
        yield MissingVariable(
            SCHEMES, "http,https", f"MLflow refuses a webhook to {parts.scheme}://."
        )
    allowed = environment.get(PRIVATE, "").strip().lower() in _TRUE
    if _is_private(parts.hostname or "") and not allowed:
        yield MissingVariable(
            PRIVATE, "true", "MLflow refuses a webhook to a private address."
        )
    if KEY not in secrets and not environment.get(KEY):
        yield MissingVariable(
            KEY,
            "a Fernet key, as a secret",
            "After a restart MLflow cannot read, list or delete any webhook.",
        )


def refusal_advice(message: str) -> str:
    """Return the setting of MLflow that ends an error of its webhooks; or ""."""
    for phrase, setting in _REFUSALS.items():
        if phrase in message:
            return f"; where MLflow runs, set {setting}"
    return ""


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE_NAMES)
