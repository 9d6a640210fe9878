"""Add one event body for each payload profile.

`webhook_events.body` keeps the body of the default profile: the previous version reads
and writes it. Nothing is copied; an event without a row here has its body there.
"""

from alembic import op
from sqlalchemy import Column, ForeignKey, LargeBinary, Text

from controller.store.engine import SCHEMA

revision = "3"
down_revision = "2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and add the profile to each delivery."""
    op.create_table(
        "event_bodies",
        Column("event_id", Text, ForeignKey("webhook_events.id"), primary_key=True),
        Column("profile", Text, primary_key=True),
        Column("body", LargeBinary, nullable=False),
    )
    profile = Column("profile", Text, nullable=False, server_default="hokusai-v1")
    # `schema_translate_map` has no effect on ALTER TABLE.
    schema = None if op.get_bind().dialect.name == "sqlite" else SCHEMA
    op.add_column("deliveries", profile, schema=schema)
