"""Run by Alembic: migrate on the connection that was handed in."""

from alembic import context

_given = context.config.attributes

context.configure(
    connection=_given["connection"],
    version_table=_given["version_table"],
    version_table_schema=_given["schema"],
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
