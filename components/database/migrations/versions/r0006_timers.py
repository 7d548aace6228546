"""What timers look for is found without reading all that has ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_conversations_open",
        "conversations",
        ["tenant_id", "updated_at"],
        postgresql_where=sa.text("status IN ('bot', 'waiting')"),
    )
    op.create_index(
        "ix_conversation_outcomes_unsettled",
        "conversation_outcomes",
        ["tenant_id", "ended_at"],
        postgresql_where=sa.text("NOT details ? 'settled'"),
    )


def downgrade() -> None:
    op.drop_index("ix_conversation_outcomes_unsettled", "conversation_outcomes")
    op.drop_index("ix_conversations_open", "conversations")
