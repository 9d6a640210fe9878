"""Add the approvals of model versions. The previous version does not use the table."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Integer, Text

revision = "6"
down_revision = "5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "approvals",
        Column("registry", Text, primary_key=True),
        Column("model", Text, primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("created_ms", BigInteger, primary_key=True),
        Column("approved_by", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("approved", DateTime(timezone=True), nullable=False),
    )
