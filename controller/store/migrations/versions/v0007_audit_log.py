"""Add the audit log and the metadata of model versions.

The previous version uses neither table: what it does during a rolling update is in its
intents and events only. The metadata is filled again by each pass.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Integer, Text

revision = "7"
down_revision = "6"
branch_labels = None
depends_on = None

_Number = BigInteger().with_variant(Integer, "sqlite")
_TEXTS_OF_AUDIT = (
    *("time", "actor", "via", "action", "kind", "name", "outcome", "reason"),
    *("details", "document_digest", "source_commit", "previous", "hash"),
)
_TEXTS_OF_MODELS = (
    *("model_id", "token_symbol", "baseline_metrics", "metrics", "source", "run_id"),
    *("dataset", "code_version", "parent_version", "contributor", "status", "hash"),
)


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "audit_log",
        Column("id", _Number, primary_key=True, autoincrement=False),
        *(Column(name, Text, nullable=False) for name in _TEXTS_OF_AUDIT),
    )
    op.create_index("audit_log_by_target", "audit_log", ["kind", "name", "id"])
    op.create_table(
        "model_metadata",
        Column("registry", Text, primary_key=True),
        Column("model", Text, primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("created_ms", BigInteger, primary_key=True, autoincrement=False),
        *(Column(name, Text, nullable=False) for name in _TEXTS_OF_MODELS),
        Column("refreshed", DateTime(timezone=True), nullable=False),
    )
