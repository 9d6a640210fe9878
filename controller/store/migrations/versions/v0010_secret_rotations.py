"""Rotations of signing secrets.

The previous version does not know the table: during a rolling update its processes sign
with the current secret only, which the receiver knows at every stage.
"""

from alembic import op
from sqlalchemy import Column, DateTime, Float, Integer, Text

from controller.store.engine import SCHEMA

revision = "10"
down_revision = "9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    schema = None if op.get_bind().dialect.name == "sqlite" else SCHEMA
    op.create_table(
        "secret_rotations",
        Column("target", Text, primary_key=True),
        Column("secret", Text, nullable=False),
        Column("stage", Text, nullable=False),
        Column("old_version", Text, nullable=False),
        Column("new_version", Text, nullable=False),
        Column("changed", DateTime(timezone=True), nullable=False),
        Column("promoted", DateTime(timezone=True)),
        Column("grace", Float, nullable=False),
        Column("refusals", Integer, nullable=False),
        Column("moves", Integer, nullable=False),
        Column("problem", Text, nullable=False),
        Column("revision", Integer, nullable=False),
        schema=schema,
    )
