"""Announcements whose deliveries were deleted with the history.

The previous version does not read the table: until it is updated, it announces a version
again whose dead or cancelled delivery was deleted. What was accepted has a tag.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text

from controller.store.engine import SCHEMA

revision = "11"
down_revision = "10"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    schema = None if op.get_bind().dialect.name == "sqlite" else SCHEMA
    op.create_table(
        "pruned_deliveries",
        Column("target", Text, primary_key=True),
        Column("registry", Text, primary_key=True),
        Column("model", Text, primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("created_ms", BigInteger, primary_key=True, autoincrement=False),
        Column("state", Text, nullable=False),
        schema=schema,
    )
