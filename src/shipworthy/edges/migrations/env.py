"""Runs migrations on the connection that `database.migrate` holds the lock on."""

from __future__ import annotations

from alembic import context

from shipworthy.edges.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="shipworthy_version",
)
with context.begin_transaction():
    context.run_migrations()
