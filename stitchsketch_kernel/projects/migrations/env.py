"""Alembic's entry: the steps run in the transaction of whoever upgrades."""

from alembic import context

from stitchsketch_kernel.projects.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    # SQLite changes a column by copying its table
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
