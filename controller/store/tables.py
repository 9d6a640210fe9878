"""Tables as the program uses them; the migrations create them."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from controller.core.webhooks.event import DEFAULT_PROFILE

metadata = MetaData()
# SQLite generates ids only for a primary key of type INTEGER.
_Number = BigInteger().with_variant(Integer, "sqlite")


class Moment(TypeDecorator[datetime]):
    """Time in UTC. SQLite has no time zones and stores it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, _dialect: Dialect
    ) -> datetime | None:
        """Return ``value`` in UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(
        self, value: datetime | None, _dialect: Dialect
    ) -> datetime | None:
        """Return ``value``, aware and in UTC."""
        if value is None:
            return None
        return (
            value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        )


conditions = Table(
    "conditions",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("type", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("observed_generation", Text, nullable=False),
    Column("last_transition", Moment, nullable=False),
)

# `digest` is unique in place of the other columns: a message can be too long for an
# index.
events = Table(
    "events",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Index("events_by_time", "last_seen"),
)

intents = Table(
    "intents",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("generation", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("begun", Moment, nullable=False),
    Column("ended", Moment),
    Column("outcome", Text, nullable=False, server_default=""),
    Column("message", Text, nullable=False, server_default=""),
    Index("intents_by_target", "kind", "name", "id"),
    Index(
        "intents_unfinished",
        "id",
        sqlite_where=text("ended IS NULL"),
        postgresql_where=text("ended IS NULL"),
    ),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("expires", Moment, nullable=False),
)

webhook_targets = Table(
    "webhook_targets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("baseline", Moment),
    Column("first_seen", Moment, nullable=False),
    Column("phase", Text, nullable=False, server_default=""),
)

webhook_events = Table(
    "webhook_events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("registry", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("recorded", Moment, nullable=False),
)

# An event without a row here has its body, of the default profile, in
# `webhook_events`.
event_bodies = Table(
    "event_bodies",
    metadata,
    Column("event_id", Text, ForeignKey("webhook_events.id"), primary_key=True),
    Column("profile", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("event_id", Text, ForeignKey("webhook_events.id"), nullable=False),
    Column("target", Text, nullable=False),
    Column("sink", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("claimed_by", Text),
    Column("claimed_until", Moment),
    Column("claim", BigInteger, nullable=False, server_default="0"),
    Column("recorded", Moment, nullable=False),
    Column("ended", Moment),
    Column("reason", Text, nullable=False, server_default=""),
    Column("profile", Text, nullable=False, server_default=DEFAULT_PROFILE),
    # Attempts that count against the schedule, which begins at `begun`, else `recorded`.
    Column("charged", Integer, nullable=False, server_default="0"),
    Column("begun", Moment),
    # Of a dead or a pending delivery; see `delivery_states`.
    Column("cause", Text, nullable=False, server_default=""),
    Column("phase", Text, nullable=False, server_default=""),
    UniqueConstraint("event_id", "target", "sink", name="deliveries_once"),
    # Ended deliveries must not slow down the search for due ones.
    Index(
        "deliveries_due",
        "target",
        "next_at",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "deliveries_dead",
        "target",
        sqlite_where=text("state = 'dead'"),
        postgresql_where=text("state = 'dead'"),
    ),
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", _Number, ForeignKey("deliveries.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("started", Moment, nullable=False),
    Column("ended", Moment),
    Column("status", Integer),
    Column("error", Text, nullable=False, server_default=""),
    Column("seconds", Float),
    Column("possible_duplicate", Boolean, nullable=False),
)

# Announced versions whose delivery was deleted with the history.
pruned_deliveries = Table(
    "pruned_deliveries",
    metadata,
    Column("target", Text, primary_key=True),
    Column("registry", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("created_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
)

# The circuit breaker of each webhook target. `settings` identifies the address and the
# profile that it was observed with.
webhook_breakers = Table(
    "webhook_breakers",
    metadata,
    Column("target", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("openings", Integer, nullable=False),
    Column("successes", Integer, nullable=False),
    Column("open_until", Moment),
    Column("paused_until", Moment),
    Column("disabled", Text, nullable=False),
    Column("probe_until", Moment),
    Column("settings", Text, nullable=False),
    Column("opened", Moment),
    # Reason why a secret of the target cannot be read, and the time of the last report.
    Column("secret_error", Text, nullable=False, server_default=""),
    Column("secret_failed", Moment),
    # Last accepted ping, and last change of `settings`.
    Column("verified", Moment),
    Column("configured", Moment),
)

# Latest rotation of the signing secret of each webhook target; `grace` in seconds.
secret_rotations = Table(
    "secret_rotations",
    metadata,
    Column("target", Text, primary_key=True),
    Column("secret", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("old_version", Text, nullable=False),
    Column("new_version", Text, nullable=False),
    Column("changed", Moment, nullable=False),
    Column("promoted", Moment),
    Column("grace", Float, nullable=False),
    Column("refusals", Integer, nullable=False),
    Column("moves", Integer, nullable=False),
    Column("problem", Text, nullable=False),
    Column("revision", Integer, nullable=False),
)

approvals = Table(
    "approvals",
    metadata,
    Column("registry", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("created_ms", BigInteger, primary_key=True),
    Column("approved_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("approved", Moment, nullable=False),
)

last_addresses = Table(
    "last_addresses",
    metadata,
    Column("host", Text, primary_key=True),
    Column("addresses", Text, nullable=False),
    Column("kept", Moment, nullable=False),
)

dns_pins = Table(
    "dns_pins",
    metadata,
    Column("host", Text, primary_key=True),
    Column("addresses", Text, nullable=False),
    Column("until", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("pinned_by", Text, nullable=False),
    Column("pinned", Moment, nullable=False),
)

# The empty host stands for all of them.
dns_flushes = Table(
    "dns_flushes",
    metadata,
    Column("host", Text, primary_key=True),
    Column("flushed", Moment, nullable=False),
)

triggers = Table(
    "triggers",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("asked", Moment, nullable=False),
)

undeclared = Table(
    "undeclared",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("first_seen", Moment, nullable=False),
)

notes = Table(
    "notes",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("written", Moment, nullable=False),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("beat", Moment, nullable=False),
)

# Rows are appended only; see `audit_log.py`. Values are text as they are hashed.
audit_log = Table(
    "audit_log",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=False),
    Column("time", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("document_digest", Text, nullable=False),
    Column("source_commit", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("audit_log_by_target", "kind", "name", "id"),
)

model_metadata = Table(
    "model_metadata",
    metadata,
    Column("registry", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("created_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("model_id", Text, nullable=False),
    Column("token_symbol", Text, nullable=False),
    Column("baseline_metrics", Text, nullable=False),
    Column("metrics", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("code_version", Text, nullable=False),
    Column("parent_version", Text, nullable=False),
    Column("contributor", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("refreshed", Moment, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("pepper", Text, nullable=False),
    Column("last_four", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("rates", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires", Moment),
    Column("revoked", Moment),
    Column("replaced_by", Text, nullable=False),
    Column("last_used", Moment),
)
