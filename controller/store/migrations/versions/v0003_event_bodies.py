"""Event bodies: one for each payload profile.

`webhook_events.body` keeps the body of the default profile: the version before reads
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
    """Create the table, and name the profile of each delivery."""
    op.create_table(
        "event_bodies",
        Column("event_id", Text, ForeignKey("webhook_events.id"), primary_key=True),
        Column("profile", Text, primary_key=True),
        Column("body", LargeBinary, nullable=False),
    )
    profile = Column("profile", Text, nullable=False, server_default="hokusai-v1")
    # The name of the schema is not put into an ALTER TABLE by itself.
    schema = None if op.get_bind().dialect.name == "sqlite" else SCHEMA
    op.add_column("deliveries", profile, schema=schema)
