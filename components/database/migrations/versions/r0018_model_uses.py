"""Calls of language models say what they were for. Of those that are there nobody knows: they stay, as `unknown`."""

from __future__ import annotations

from alembic import op

from components.database.migrations.columns import text, uuid

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("model_calls", text("purpose", default="unknown"))
    op.add_column("model_calls", text("channel", null=True))
    op.add_column("model_calls", uuid("conversation_id", null=True))
    op.create_check_constraint(
        "ck_model_calls_channel", "model_calls", "(purpose = 'customer') = (channel IS NOT NULL)"
    )
    op.create_check_constraint(
        "ck_model_calls_conversation", "model_calls", "conversation_id IS NULL OR purpose = 'customer'"
    )


def downgrade() -> None:
    for column in ("conversation_id", "channel", "purpose"):
        op.drop_column("model_calls", column)
