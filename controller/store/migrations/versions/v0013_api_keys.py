"""Table of the API keys that users create.

The previous version runs on it: it accepts the key of the settings only.
"""

from alembic import op
from sqlalchemy import Column, DateTime, Text

from controller.store.engine import SCHEMA

revision = "13"
down_revision = "12"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    schema = None if op.get_bind().dialect.name == "sqlite" else SCHEMA
    op.create_table(
        "api_keys",
        Column("id", Text, primary_key=True),
        Column("name", Text, nullable=False),
        Column("fingerprint", Text, nullable=False),
        Column("pepper", Text, nullable=False),
        Column("last_four", Text, nullable=False),
        Column("scopes", Text, nullable=False),
        Column("rates", Text, nullable=False),
        Column("created", DateTime(timezone=True), nullable=False),
        Column("created_by", Text, nullable=False),
        Column("expires", DateTime(timezone=True)),
        Column("revoked", DateTime(timezone=True)),
        Column("replaced_by", Text, nullable=False),
        Column("last_used", DateTime(timezone=True)),
        schema=schema,
    )
