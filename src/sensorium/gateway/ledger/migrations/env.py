"""Alembic's entry point: runs the revisions on the connection that was handed in."""

from __future__ import annotations

from alembic import context

from sensorium.gateway.ledger.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # SQLite cannot alter most things in place; batch mode copies the table instead.
    render_as_batch=True,
    # The caller's transaction is the only one: all revisions or none.
    transactional_ddl=False,
)
context.run_migrations()
