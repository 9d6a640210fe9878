"""Secret errors and accepted pings of webhook targets.

The previous version neither reads nor writes the columns: during a rolling update it
reports an unreadable secret in its log only.
"""

from alembic import op
from sqlalchemy import Column, DateTime, Text

from controller.store.engine import SCHEMA

revision = "8"
down_revision = "7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns to the breakers, which have one row per target."""
    schema = None if op.get_bind().dialect.name == "sqlite" else SCHEMA
    for column in (
        Column("secret_error", Text, nullable=False, server_default=""),
        Column("secret_failed", DateTime(timezone=True)),
        Column("verified", DateTime(timezone=True)),
        Column("configured", DateTime(timezone=True)),
    ):
        op.add_column("webhook_breakers", column, schema=schema)
