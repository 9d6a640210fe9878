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

from controller.core.values.stored_text import storable
from controller.core.webhooks.event import DEFAULT_PROFILE

metadata = MetaData()
# SQLite generates ids only for a primary key of type INTEGER.
_Number = BigInteger().with_variant(Integer, "sqlite")


class StoredText(TypeDecorator[str]):
    """Text; characters that a database refuses are replaced.

    Errors, answers and reasons come from outside, and must not keep a row from being
    stored.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Return ``value`` as it can be stored."""
        return None if value is None else storable(value)


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
    Column("kind", StoredText, primary_key=True),
    Column("name", StoredText, primary_key=True),
    Column("type", StoredText, primary_key=True),
    Column("status", StoredText, nullable=False),
    Column("reason", StoredText, nullable=False),
    Column("message", StoredText, nullable=False),
    Column("observed_generation", StoredText, nullable=False),
    Column("last_transition", Moment, nullable=False),
)

# `digest` is unique in place of the other columns: a message can be too long for an
# index.
events = Table(
    "events",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("digest", StoredText, nullable=False, unique=True),
    Column("kind", StoredText, nullable=False),
    Column("name", StoredText, nullable=False),
    Column("type", StoredText, nullable=False),
    Column("reason", StoredText, nullable=False),
    Column("message", StoredText, nullable=False),
    Column("count", Integer, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Index("events_by_time", "last_seen"),
)

intents = Table(
    "intents",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("kind", StoredText, nullable=False),
    Column("name", StoredText, nullable=False),
    Column("verb", StoredText, nullable=False),
    Column("generation", StoredText, nullable=False),
    Column("plan", StoredText, nullable=False),
    Column("details", StoredText, nullable=False),
    Column("begun", Moment, nullable=False),
    Column("ended", Moment),
    Column("outcome", StoredText, nullable=False, server_default=""),
    Column("message", StoredText, nullable=False, server_default=""),
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
    Column("name", StoredText, primary_key=True),
    Column("holder", StoredText, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("expires", Moment, nullable=False),
)

webhook_targets = Table(
    "webhook_targets",
    metadata,
    Column("name", StoredText, primary_key=True),
    Column("url", StoredText, nullable=False),
    Column("baseline", Moment),
    Column("first_seen", Moment, nullable=False),
    Column("phase", StoredText, nullable=False, server_default=""),
)

webhook_events = Table(
    "webhook_events",
    metadata,
    Column("id", StoredText, primary_key=True),
    Column("type", StoredText, nullable=False),
    Column("registry", StoredText, nullable=False),
    Column("model", StoredText, nullable=False),
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
    Column("event_id", StoredText, ForeignKey("webhook_events.id"), primary_key=True),
    Column("profile", StoredText, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("event_id", StoredText, ForeignKey("webhook_events.id"), nullable=False),
    Column("target", StoredText, nullable=False),
    Column("sink", StoredText, nullable=False),
    Column("state", StoredText, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("claimed_by", StoredText),
    Column("claimed_until", Moment),
    Column("claim", BigInteger, nullable=False, server_default="0"),
    Column("recorded", Moment, nullable=False),
    Column("ended", Moment),
    Column("reason", StoredText, nullable=False, server_default=""),
    Column("profile", StoredText, nullable=False, server_default=DEFAULT_PROFILE),
    # Attempts that count against the schedule, which begins at `begun`, else `recorded`.
    Column("charged", Integer, nullable=False, server_default="0"),
    Column("begun", Moment),
    # Of a dead or a pending delivery; see `delivery_states`.
    Column("cause", StoredText, nullable=False, server_default=""),
    Column("phase", StoredText, nullable=False, server_default=""),
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
    Column("outcome", StoredText, nullable=False),
    Column("started", Moment, nullable=False),
    Column("ended", Moment),
    Column("status", Integer),
    Column("error", StoredText, nullable=False, server_default=""),
    Column("seconds", Float),
    Column("possible_duplicate", Boolean, nullable=False),
)

# Announced versions whose delivery was deleted with the history.
pruned_deliveries = Table(
    "pruned_deliveries",
    metadata,
    Column("target", StoredText, primary_key=True),
    Column("registry", StoredText, primary_key=True),
    Column("model", StoredText, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("created_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("state", StoredText, nullable=False),
)

# The circuit breaker of each webhook target. `settings` identifies the address and the
# profile that it was observed with.
webhook_breakers = Table(
    "webhook_breakers",
    metadata,
    Column("target", StoredText, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("openings", Integer, nullable=False),
    Column("successes", Integer, nullable=False),
    Column("open_until", Moment),
    Column("paused_until", Moment),
    Column("disabled", StoredText, nullable=False),
    Column("probe_until", Moment),
    Column("settings", StoredText, nullable=False),
    Column("opened", Moment),
    # Reason why a secret of the target cannot be read, and the time of the last report.
    Column("secret_error", StoredText, nullable=False, server_default=""),
    Column("secret_failed", Moment),
    # Last accepted ping, and last change of `settings`.
    Column("verified", Moment),
    Column("configured", Moment),
)

# Latest rotation of the signing secret of each webhook target; `grace` in seconds.
secret_rotations = Table(
    "secret_rotations",
    metadata,
    Column("target", StoredText, primary_key=True),
    Column("secret", StoredText, nullable=False),
    Column("stage", StoredText, nullable=False),
    Column("old_version", StoredText, nullable=False),
    Column("new_version", StoredText, nullable=False),
    Column("changed", Moment, nullable=False),
    Column("promoted", Moment),
    Column("grace", Float, nullable=False),
    Column("refusals", Integer, nullable=False),
    Column("moves", Integer, nullable=False),
    Column("problem", StoredText, nullable=False),
    Column("revision", Integer, nullable=False),
)

approvals = Table(
    "approvals",
    metadata,
    Column("registry", StoredText, primary_key=True),
    Column("model", StoredText, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("created_ms", BigInteger, primary_key=True),
    Column("approved_by", StoredText, nullable=False),
    Column("reason", StoredText, nullable=False),
    Column("approved", Moment, nullable=False),
)

last_addresses = Table(
    "last_addresses",
    metadata,
    Column("host", StoredText, primary_key=True),
    Column("addresses", StoredText, nullable=False),
    Column("kept", Moment, nullable=False),
)

dns_pins = Table(
    "dns_pins",
    metadata,
    Column("host", StoredText, primary_key=True),
    Column("addresses", StoredText, nullable=False),
    Column("until", Moment, nullable=False),
    Column("reason", StoredText, nullable=False),
    Column("pinned_by", StoredText, nullable=False),
    Column("pinned", Moment, nullable=False),
)

# The empty host stands for all of them.
dns_flushes = Table(
    "dns_flushes",
    metadata,
    Column("host", StoredText, primary_key=True),
    Column("flushed", Moment, nullable=False),
)

triggers = Table(
    "triggers",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("reason", StoredText, nullable=False),
    Column("asked", Moment, nullable=False),
)

undeclared = Table(
    "undeclared",
    metadata,
    Column("kind", StoredText, primary_key=True),
    Column("name", StoredText, primary_key=True),
    Column("first_seen", Moment, nullable=False),
)

notes = Table(
    "notes",
    metadata,
    Column("kind", StoredText, primary_key=True),
    Column("name", StoredText, primary_key=True),
    Column("key", StoredText, primary_key=True),
    Column("text", StoredText, nullable=False),
    Column("written", Moment, nullable=False),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", StoredText, primary_key=True),
    Column("holder", StoredText, nullable=False),
    Column("beat", Moment, nullable=False),
)

# Rows are appended only; see `audit_log.py`. Values are text as they are hashed.
audit_log = Table(
    "audit_log",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=False),
    Column("time", StoredText, nullable=False),
    Column("actor", StoredText, nullable=False),
    Column("via", StoredText, nullable=False),
    Column("action", StoredText, nullable=False),
    Column("kind", StoredText, nullable=False),
    Column("name", StoredText, nullable=False),
    Column("outcome", StoredText, nullable=False),
    Column("reason", StoredText, nullable=False),
    Column("details", StoredText, nullable=False),
    Column("document_digest", StoredText, nullable=False),
    Column("source_commit", StoredText, nullable=False),
    Column("previous", StoredText, nullable=False),
    Column("hash", StoredText, nullable=False),
    Index("audit_log_by_target", "kind", "name", "id"),
)

model_metadata = Table(
    "model_metadata",
    metadata,
    Column("registry", StoredText, primary_key=True),
    Column("model", StoredText, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("created_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("model_id", StoredText, nullable=False),
    Column("token_symbol", StoredText, nullable=False),
    Column("baseline_metrics", StoredText, nullable=False),
    Column("metrics", StoredText, nullable=False),
    Column("source", StoredText, nullable=False),
    Column("run_id", StoredText, nullable=False),
    Column("dataset", StoredText, nullable=False),
    Column("code_version", StoredText, nullable=False),
    Column("parent_version", StoredText, nullable=False),
    Column("contributor", StoredText, nullable=False),
    Column("status", StoredText, nullable=False),
    Column("hash", StoredText, nullable=False),
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
