"""Alembic environment: migrate on the caller's connection."""

from alembic import context

_attributes = context.config.attributes

context.configure(
    connection=_attributes["connection"],
    version_table=_attributes["version_table"],
    version_table_schema=_attributes["schema"],
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
