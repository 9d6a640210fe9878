"""Phase of each delivery and target, and the time at which a breaker opened.

The previous version runs on it: it leaves the columns empty, and delivers to webhooks
only.
"""

from alembic import op
from sqlalchemy import Column, DateTime, Text

from controller.store.engine import SCHEMA

revision = "9"
down_revision = "8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    # `schema_translate_map` has no effect on ALTER TABLE.
    schema = None if op.get_bind().dialect.name == "sqlite" else SCHEMA
    for table in ("deliveries", "webhook_targets"):
        phase = Column("phase", Text, nullable=False, server_default="")
        op.add_column(table, phase, schema=schema)
    opened = Column("opened", DateTime(timezone=True))
    op.add_column("webhook_breakers", opened, schema=schema)
