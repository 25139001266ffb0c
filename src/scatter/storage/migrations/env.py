"""Alembic's entry point: migrates the connection that `scatter.storage.migrate` hands over."""

from alembic import context

from scatter.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
