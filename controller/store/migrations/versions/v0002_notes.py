"""Notes: what each resource was last made, and what nobody will be able to tell later."""

from alembic import op
from sqlalchemy import Column, DateTime, Text

revision = "2"
down_revision = "1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; the version before does not know of it."""
    op.create_table(
        "notes",
        Column("kind", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("text", Text, nullable=False),
        Column("written", DateTime(timezone=True), nullable=False),
    )
