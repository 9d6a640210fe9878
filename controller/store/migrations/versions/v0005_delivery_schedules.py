"""Schedules and causes of deliveries, and the circuit breaker of each target.

The previous version runs on it: it reads and writes only the columns that it knows. A
delivery that it marks as dead has no cause, which means that its schedule is exhausted.
"""

from datetime import datetime, timedelta

from alembic import op
from sqlalchemy import (
    Column,
    DateTime,
    Integer,
    MetaData,
    Table,
    Text,
    func,
    select,
    text,
    update,
)

from controller.store.engine import SCHEMA

revision = "5"
down_revision = "4"
branch_labels = None
depends_on = None

# Dead deliveries that are younger wait to be sent again: earlier versions could not.
PARKED_AGE = timedelta(days=30)

# The table as it is at this revision, independent of `controller.store.tables`.
_deliveries = Table(
    "deliveries",
    MetaData(),
    Column("state", Text),
    Column("attempts", Integer),
    Column("charged", Integer),
    Column("cause", Text),
    Column("ended", DateTime(timezone=True)),
)


def upgrade() -> None:
    """Add the columns and the table; park the dead deliveries. Safe to repeat."""
    connection = op.get_bind()
    # `schema_translate_map` has no effect on ALTER TABLE.
    schema = None if connection.dialect.name == "sqlite" else SCHEMA
    for column in (
        Column("charged", Integer, nullable=False, server_default="0"),
        Column("cause", Text, nullable=False, server_default=""),
        Column("begun", DateTime(timezone=True)),
    ):
        op.add_column("deliveries", column, schema=schema)
    op.create_table(
        "webhook_breakers",
        Column("target", Text, primary_key=True),
        Column("failures", Integer, nullable=False),
        Column("openings", Integer, nullable=False),
        Column("successes", Integer, nullable=False),
        Column("open_until", DateTime(timezone=True)),
        Column("paused_until", DateTime(timezone=True)),
        Column("disabled", Text, nullable=False),
        Column("probe_until", DateTime(timezone=True)),
        Column("settings", Text, nullable=False),
    )
    op.create_index(
        "deliveries_dead",
        "deliveries",
        ["target"],
        schema=schema,
        sqlite_where=text("state = 'dead'"),
        postgresql_where=text("state = 'dead'"),
    )
    table = _deliveries.c
    pending, dead = table.state == "pending", table.state == "dead"
    connection.execute(
        update(_deliveries).where(pending).values(charged=table.attempts)
    )
    now: datetime = connection.execute(select(func.now())).scalar_one()
    young = table.ended >= now - PARKED_AGE
    connection.execute(update(_deliveries).where(dead, young).values(cause="parked"))
