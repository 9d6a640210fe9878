"""Settings from environment variables.

``VARIABLES`` is the table of all variables; parsing, documentation and tests use it. An
empty variable counts as not set.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from controller.core.document.platform import ENVIRONMENTS, Environment
from controller.core.document.variables import (
    Address,
    Variable,
    address,
    boolean,
    commit,
    ips,
    number,
    one_of,
    presence,
    row,
    seconds,
    store_url,
    url,
)
from controller.core.errors import RefusedError
from controller.core.values.secret import Secret, SecretUrl

if TYPE_CHECKING:
    from controller.core.access.client_address import IpNetwork
    from controller.core.access.rate import RequestClass, RequestRate
    from controller.core.dns.pins import Pin
    from controller.core.dns.rollout import Modes


def _modes(text: str) -> "Modes":
    # Imported for those who set the variable: `validate` loads few modules.
    from controller.core.dns.rollout import parsed_modes

    return parsed_modes(text)


def _pins(text: str) -> "tuple[Pin, ...]":
    from controller.core.dns.pins import environment_pins

    return environment_pins(text)


def _rates(text: str) -> "Mapping[RequestClass, RequestRate]":
    from controller.core.access.rate import rates

    return rates(text)


def _networks(text: str) -> "tuple[IpNetwork, ...]":
    from controller.core.access.client_address import networks

    return networks(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))


_SHORTEST_PEPPER = 32


def _peppers(text: str) -> tuple[Secret, ...]:
    found = tuple(Secret(part.strip()) for part in text.split(","))
    if any(len(pepper.reveal()) < _SHORTEST_PEPPER for pepper in found):
        msg = f"has a part with fewer than {_SHORTEST_PEPPER} characters"
        raise ValueError(msg)
    return found


@dataclass(frozen=True, slots=True)
class Settings:
    """Typed settings; each field is one row of ``VARIABLES``."""

    environment: Environment | None = field(
        default=None,
        metadata=row(
            "ENVIRONMENT",
            one_of(*ENVIRONMENTS),
            "Name of the environment; selects the overlay of the document.",
            example="development",
        ),
    )
    aws_region: str | None = field(
        default=None,
        metadata=row(
            "AWS_REGION",
            str,
            "AWS region, if the document names none.",
            example="us-east-1",
            aliases=("AWS_DEFAULT_REGION",),
        ),
    )
    aws_endpoint_url: str | None = field(
        default=None,
        metadata=row(
            "AWS_ENDPOINT_URL",
            url,
            "URL for all AWS services instead of the endpoints of the region.",
            example="http://127.0.0.1:4566",
        ),
    )
    events_queue: str | None = field(
        default=None,
        metadata=row(
            "HOKUSAI_EVENTS_QUEUE",
            url,
            "URL of the SQS queue with ECS events, instead of platform.events.queue.",
            example="https://sqs.us-east-1.amazonaws.com/123456789012/hokusai-events",
        ),
    )
    mlflow_tracking_uri: str | None = field(
        default=None,
        metadata=row(
            "MLFLOW_TRACKING_URI",
            url,
            "URL of the MLflow server, if the document has no endpoint `mlflow`.",
            example="http://mlflow.hokusai-development.local:5000",
            aliases=("MLFLOW_SERVER_URL",),
        ),
    )
    mlflow_tracking_token: Secret | None = field(
        default=None,
        metadata=row(
            "MLFLOW_TRACKING_TOKEN",
            Secret,
            "Bearer token for MLflow.",
            example="token",
        ),
    )
    mlflow_tracking_username: str | None = field(
        default=None,
        metadata=row(
            "MLFLOW_TRACKING_USERNAME",
            str,
            "User name for MLflow, with a password instead of a token.",
            example="controller",
        ),
    )
    mlflow_tracking_password: Secret | None = field(
        default=None,
        metadata=row(
            "MLFLOW_TRACKING_PASSWORD",
            Secret,
            "Password for MLflow.",
            example="password",
        ),
    )
    mlflow_server_certificate: str | None = field(
        default=None,
        metadata=row(
            "MLFLOW_TRACKING_SERVER_CERT_PATH",
            str,
            "PEM file of the authorities that MLflow's certificate is checked against, "
            "instead of those of the machine.",
            example="/etc/hokusai/authority.pem",
        ),
    )
    mlflow_client_certificate: str | None = field(
        default=None,
        metadata=row(
            "MLFLOW_TRACKING_CLIENT_CERT_PATH",
            str,
            "PEM file with the private key and the certificate that MLflow is shown.",
            example="/etc/hokusai/controller.pem",
        ),
    )
    mlflow_fallback_addresses: tuple[str, ...] = field(
        default=(),
        metadata=row(
            "MLFLOW_FALLBACK_IP",
            ips,
            "IP addresses of MLflow, separated by commas, used when DNS fails and no "
            "address is cached; they apply to the host of MLflow's URL only.",
            example="10.0.1.221",
        ),
    )
    dns_cache_ttl: int = field(
        default=300,
        metadata=row(
            "DNS_CACHE_TTL",
            number(0, 86_400),
            "Maximum seconds that a DNS answer is fresh; its TTL applies if shorter.",
        ),
    )
    dns_max_stale: int = field(
        default=86_400,
        metadata=row(
            "DNS_MAX_STALE",
            number(0, 604_800),
            "Maximum seconds that an address is used after DNS last confirmed it.",
        ),
    )
    dns_timeout: float = field(
        default=10.0,
        metadata=row(
            "DNS_TIMEOUT",
            seconds,
            "Seconds until a DNS query times out.",
        ),
    )
    dns_server: Address | None = field(
        default=None,
        metadata=row(
            "HOKUSAI_DNS_SERVER",
            address,
            "Name server, as host:port, instead of that of the machine.",
            example="127.0.0.1:5353",
        ),
    )
    dns_modes: "Modes | None" = field(
        default=None,
        metadata=row(
            "HOKUSAI_DNS_MODE",
            _modes,
            "Use of the controller's resolver: `off`, `observe` or `on`, or one for each "
            "consumer (`controller`, `webhooks`, `api`). Default: `on`.",
            example="on,webhooks=observe",
        ),
    )
    dns_pins: "tuple[Pin, ...]" = field(
        default=(),
        metadata=row(
            "HOKUSAI_DNS_PINS",
            _pins,
            "Addresses that are used in the place of those of DNS.",
            example="mlflow.internal=10.0.1.42,10.0.1.43;api.internal=10.0.1.7",
        ),
    )
    dns_pins_file: str | None = field(
        default=None,
        metadata=row(
            "HOKUSAI_DNS_PINS_FILE",
            str,
            "Hosts file with such addresses; read again when it changes.",
            example="/etc/hokusai/hosts",
        ),
    )
    store_url: SecretUrl = field(
        default=SecretUrl("sqlite:///.hokusai/controller.db"),
        metadata=row(
            "HOKUSAI_STORE_URL",
            store_url,
            "URL of the controller's database: SQLite or PostgreSQL.",
            example="postgresql://hokusai:password@db.example.com:5432/hokusai",
            aliases=("DATABASE_URL",),
        ),
    )
    history_days: int = field(
        default=90,
        metadata=row(
            "HOKUSAI_HISTORY_DAYS",
            number(1, 3_650),
            "Days after which events, finished actions and ended deliveries are "
            "deleted.",
        ),
    )
    dead_days: int = field(
        default=365,
        metadata=row(
            "HOKUSAI_DEAD_DAYS",
            number(1, 3_650),
            "Days after which deliveries that failed permanently are deleted.",
        ),
    )
    commit: str | None = field(
        default=None,
        metadata=row(
            "HOKUSAI_COMMIT",
            commit,
            "Commit of the document in the audit log, for images without a git "
            "repository.",
            example="4f2a9c1",
        ),
    )
    api_key: Secret | None = field(
        default=None,
        metadata=row(
            "HOKUSAI_API_KEY",
            Secret,
            "API key: the server requires it, and commands with --server send it.",
            example="key",
        ),
    )
    key_peppers: tuple[Secret, ...] = field(
        default=(),
        metadata=row(
            "HOKUSAI_KEY_PEPPER",
            _peppers,
            "Secret with which `serve` and `keys` compute the fingerprints of API keys, "
            "at least 32 characters. While it changes, the new one and the old one, "
            "separated by a comma.",
            example="a-random-text-of-32-characters-or-more",
        ),
    )
    api_host: str = field(
        default="0.0.0.0",  # noqa: S104  # a container's only address is unknown
        metadata=row(
            "HOKUSAI_API_HOST",
            str,
            "Address that the API listens on.",
            aliases=("API_HOST",),
        ),
    )
    api_port: int = field(
        default=8001,
        metadata=row(
            "HOKUSAI_API_PORT",
            number(1, 65_535),
            "Port that the API listens on.",
            aliases=("API_PORT",),
        ),
    )
    auth_service_url: str | None = field(
        default=None,
        metadata=row(
            "AUTH_SERVICE_URL",
            url,
            "URL of the authentication service, if `access.auth_service` of the document "
            "declares none.",
            example="https://auth.hokus.ai",
            aliases=("HOKUSAI_AUTH_SERVICE_URL",),
        ),
    )
    api_rates: "Mapping[RequestClass, RequestRate] | None" = field(
        default=None,
        metadata=row(
            "HOKUSAI_API_RATES",
            _rates,
            "Limits of requests to the API by class, for callers without limits of "
            "their own; of all replicas together.",
            example="control=600/min,predict=10/s burst 50",
        ),
    )
    api_proxies: "tuple[IpNetwork, ...]" = field(
        default=(),
        metadata=row(
            "HOKUSAI_TRUSTED_PROXIES",
            _networks,
            "Networks of the load balancers and proxies in front of the API: the client "
            "is the right-most address of X-Forwarded-For outside of them.",
            example="10.0.0.0/16,172.31.0.0/16",
        ),
    )
    api_metrics_host: str = field(
        default="0.0.0.0",  # noqa: S104  # a container's only address is unknown
        metadata=row(
            "HOKUSAI_API_METRICS_HOST",
            str,
            "Address that the metrics of the API are served on.",
        ),
    )
    api_metrics_port: int = field(
        default=8003,
        metadata=row(
            "HOKUSAI_API_METRICS_PORT",
            number(1, 65_535),
            "Port that the metrics of the API are served on: /metrics.",
        ),
    )
    trusted_models: tuple[str, ...] = field(
        default=(),
        metadata=row(
            "HOKUSAI_TRUSTED_MODELS",
            _names,
            "Names of models whose pickled or custom code the API executes, separated by "
            "commas; * stands for any text.",
            example="legacy-router,team-a-*",
        ),
    )
    webhook_url: str | None = field(
        default=None,
        metadata=row(
            "WEBHOOK_URL",
            url,
            "URL of the webhook target `default`, if the document has no webhooks.",
            example="https://hokus.ai/api/webhooks/model-registration",
        ),
    )
    webhook_secret: Secret | None = field(
        default=None,
        metadata=row(
            "WEBHOOK_SECRET",
            Secret,
            "Secret that signs deliveries, if the document refers to it.",
            example="secret",
            aliases=("WEBHOOK_SECRET_KEY", "HOKUSAI_SITE_WEBHOOK_SECRET"),
        ),
    )
    webhook_timeout: float = field(
        default=30.0,
        metadata=row(
            "WEBHOOK_TIMEOUT",
            seconds,
            "Seconds until an attempt times out, for the target `default`.",
        ),
    )
    webhook_max_retries: int = field(
        default=5,
        metadata=row(
            "WEBHOOK_MAX_RETRIES",
            number(0, 100),
            "Number of retries before those of `webhooks.NAME.retry.tail`.",
        ),
    )
    webhook_retry_delay: float = field(
        default=2.0,
        metadata=row(
            "WEBHOOK_RETRY_DELAY",
            seconds,
            "Seconds until the first retry; the delay doubles with each retry.",
        ),
    )
    webhook_breaker_threshold: int = field(
        default=5,
        metadata=row(
            "WEBHOOK_CIRCUIT_BREAKER_FAILURE_THRESHOLD",
            number(1, 1000),
            "Number of failures in a row after which deliveries to a target pause.",
        ),
    )
    webhook_breaker_recovery: float = field(
        default=30.0,
        metadata=row(
            "WEBHOOK_CIRCUIT_BREAKER_RECOVERY_TIME",
            seconds,
            "Seconds between two probes of a paused target; they grow to a sixtieth of "
            "the time since it paused, at most 15 minutes.",
        ),
    )
    redis_fallback: bool | None = field(
        default=None,
        metadata=row(
            "ENABLE_REDIS_FALLBACK",
            boolean,
            "`true`: phase `dual` for each `webhooks.NAME.redis` that declares none; "
            "`false`: `webhook_only`.",
            example="false",
        ),
    )
    log_level: str = field(
        default="INFO",
        metadata=row(
            "HOKUSAI_LOG_LEVEL",
            one_of("DEBUG", "INFO", "WARNING", "ERROR"),
            "Minimum level of the log lines that are written.",
            example="INFO",
        ),
    )
    probe_host: str = field(
        default="0.0.0.0",  # noqa: S104  # a container's only address is unknown
        metadata=row(
            "HOKUSAI_PROBE_HOST",
            str,
            "Address that the controller's probe server listens on.",
        ),
    )
    probe_port: int = field(
        default=8002,
        metadata=row(
            "HOKUSAI_PROBE_PORT",
            number(1, 65_535),
            "Port of the probe server: /live, /ready, /metrics, /reconcile and "
            "/hints/mlflow.",
        ),
    )
    no_color: bool = field(
        default=False,
        metadata=row("NO_COLOR", presence, "Any value disables colours.", example="1"),
    )

    @property
    def own_ports(self) -> frozenset[int]:
        """Ports that ``run`` and ``serve`` listen on, maybe on one machine."""
        return frozenset({self.probe_port, self.api_port, self.api_metrics_port})

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Return the settings in ``environ``.

        Raises:
            RefusedError: A value is not valid. The message names every such variable
                and contains no value.
        """
        values: dict[str, Any] = {}
        problems = []
        for name, variable in VARIABLES.items():
            used, text = variable.find(environ) or ("", "")
            try:
                values |= {name: variable.parse(text)} if used else {}
            except ValueError as error:
                example = variable.example or _as_text(DEFAULTS[name])
                problems.append(f"{used} {error}; write, for example, {example}")
        if problems:
            raise RefusedError("\n".join(problems))
        return cls(**values)


VARIABLES: dict[str, Variable] = {
    entry.name: entry.metadata["variable"] for entry in fields(Settings)
}
DEFAULTS: dict[str, Any] = {entry.name: entry.default for entry in fields(Settings)}


def reference() -> str:
    """Return the table of all variables as Markdown."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for field_name, variable in VARIABLES.items():
        names = " or ".join(f"`{n}`" for n in (variable.name, *variable.aliases))
        default = _as_text(DEFAULTS[field_name])
        shown = f"`{default}`" if default else ""
        rows.append(f"| {names} | {shown} | {variable.description} |")
    return "\n".join(rows) + "\n"


def _as_text(value: Any) -> str:
    """Return ``value`` as text for an environment variable."""
    match value:
        case None | False | ():
            return ""
        case float():
            return f"{value:g}"
        case _:
            return str(value)
