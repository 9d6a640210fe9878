"""Tables of the pins and the flushes of names.

The previous version runs on it: it reads neither.
"""

from alembic import op
from sqlalchemy import Column, DateTime, Text

from controller.store.engine import SCHEMA

revision = "12"
down_revision = "11"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    schema = None if op.get_bind().dialect.name == "sqlite" else SCHEMA
    op.create_table(
        "dns_pins",
        Column("host", Text, primary_key=True),
        Column("addresses", Text, nullable=False),
        Column("until", DateTime(timezone=True), nullable=False),
        Column("reason", Text, nullable=False),
        Column("pinned_by", Text, nullable=False),
        Column("pinned", DateTime(timezone=True), nullable=False),
        schema=schema,
    )
    op.create_table(
        "dns_flushes",
        Column("host", Text, primary_key=True),
        Column("flushed", DateTime(timezone=True), nullable=False),
        schema=schema,
    )
