"""Add the first tables: status, coordination and webhooks."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)

revision = "1"
down_revision = None
branch_labels = None
depends_on = None

_Number = BigInteger().with_variant(Integer, "sqlite")
_Moment = DateTime(timezone=True)


def upgrade() -> None:
    """Create all tables."""
    _create_status()
    _create_coordination()
    _create_webhooks()


def _create_status() -> None:
    op.create_table(
        "conditions",
        Column("kind", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("type", Text, primary_key=True),
        Column("status", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("message", Text, nullable=False),
        Column("observed_generation", Text, nullable=False),
        Column("last_transition", _Moment, nullable=False),
    )

    op.create_table(
        "events",
        Column("id", _Number, primary_key=True),
        Column("digest", Text, nullable=False, unique=True),
        Column("kind", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("message", Text, nullable=False),
        Column("count", Integer, nullable=False),
        Column("first_seen", _Moment, nullable=False),
        Column("last_seen", _Moment, nullable=False),
    )
    op.create_index("events_by_time", "events", ["last_seen"])

    op.create_table(
        "undeclared",
        Column("kind", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("first_seen", _Moment, nullable=False),
    )

    op.create_table(
        "heartbeats",
        Column("name", Text, primary_key=True),
        Column("holder", Text, nullable=False),
        Column("beat", _Moment, nullable=False),
    )


def _create_coordination() -> None:
    op.create_table(
        "intents",
        Column("id", _Number, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("verb", Text, nullable=False),
        Column("generation", Text, nullable=False),
        Column("plan", Text, nullable=False),
        Column("details", Text, nullable=False),
        Column("begun", _Moment, nullable=False),
        Column("ended", _Moment),
        Column("outcome", Text, nullable=False, server_default=""),
        Column("message", Text, nullable=False, server_default=""),
    )
    op.create_index("intents_by_target", "intents", ["kind", "name", "id"])
    op.create_index(
        "intents_unfinished",
        "intents",
        ["id"],
        sqlite_where=text("ended IS NULL"),
        postgresql_where=text("ended IS NULL"),
    )

    op.create_table(
        "leases",
        Column("name", Text, primary_key=True),
        Column("holder", Text, nullable=False),
        Column("token", BigInteger, nullable=False),
        Column("expires", _Moment, nullable=False),
    )

    op.create_table(
        "triggers",
        Column("id", _Number, primary_key=True),
        Column("reason", Text, nullable=False),
        Column("asked", _Moment, nullable=False),
    )

    op.create_table(
        "last_addresses",
        Column("host", Text, primary_key=True),
        Column("addresses", Text, nullable=False),
        Column("kept", _Moment, nullable=False),
    )


def _create_webhooks() -> None:
    op.create_table(
        "webhook_targets",
        Column("name", Text, primary_key=True),
        Column("url", Text, nullable=False),
        Column("baseline", _Moment),
        Column("first_seen", _Moment, nullable=False),
    )

    op.create_table(
        "webhook_events",
        Column("id", Text, primary_key=True),
        Column("type", Text, nullable=False),
        Column("registry", Text, nullable=False),
        Column("model", Text, nullable=False),
        Column("number", Integer, nullable=False),
        Column("created_ms", BigInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("recorded", _Moment, nullable=False),
    )

    op.create_table(
        "deliveries",
        Column("id", _Number, primary_key=True),
        Column("event_id", Text, ForeignKey("webhook_events.id"), nullable=False),
        Column("target", Text, nullable=False),
        Column("sink", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("next_at", _Moment, nullable=False),
        Column("claimed_by", Text),
        Column("claimed_until", _Moment),
        Column("claim", BigInteger, nullable=False, server_default="0"),
        Column("recorded", _Moment, nullable=False),
        Column("ended", _Moment),
        Column("reason", Text, nullable=False, server_default=""),
        UniqueConstraint("event_id", "target", "sink", name="deliveries_once"),
    )
    op.create_index(
        "deliveries_due",
        "deliveries",
        ["target", "next_at"],
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    )

    op.create_table(
        "attempts",
        Column("delivery_id", _Number, ForeignKey("deliveries.id"), primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("outcome", Text, nullable=False),
        Column("started", _Moment, nullable=False),
        Column("ended", _Moment),
        Column("status", Integer),
        Column("error", Text, nullable=False, server_default=""),
        Column("seconds", Float),
        Column("possible_duplicate", Boolean, nullable=False),
    )
