"""Add notes: the spec applied last, and facts that no backend can be asked for later."""

from alembic import op
from sqlalchemy import Column, DateTime, Text

revision = "2"
down_revision = "1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; the previous version does not use it."""
    op.create_table(
        "notes",
        Column("kind", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("text", Text, nullable=False),
        Column("written", DateTime(timezone=True), nullable=False),
    )
