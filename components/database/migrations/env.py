"""What Alembic runs to reach the database: on the connection that components.database.migrate hands it."""

from __future__ import annotations

from alembic import context

from components.database.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
    compare_server_default=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
