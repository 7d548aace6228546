"""Which files a message carries: each belongs to its conversation and its author, and is sent once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from components.core.errors import InvalidInput
from components.core.tenant import TenantContext
from components.database.tables import AttachmentRow
from components.helpdesk.conversations.conversation import Attachment, Message

MOST_ATTACHMENTS = 10

_ROWS = AttachmentRow.metadata.tables[AttachmentRow.__tablename__]
_BIND = (
    update(_ROWS)
    .where(
        _ROWS.c.tenant_id == bindparam("of_tenant"),
        _ROWS.c.conversation_id == bindparam("of_conversation"),
        _ROWS.c.attachment_id == bindparam("this"),
    )
    .values(sequence=bindparam("carried_by"))
)


def read_attachments(
    connection: Connection,
    tenant: TenantContext,
    conversation_id: UUID,
    attachment_ids: Sequence[UUID],
    author: Literal["customer", "agent"],
) -> tuple[Attachment, ...]:
    """Those files, in this order. Raises InvalidInput where one was not uploaded to this conversation by such an
    author, or was sent before, or where there are too many."""
    if not attachment_ids:
        return ()
    if len(attachment_ids) > MOST_ATTACHMENTS:
        raise InvalidInput(
            f"{len(attachment_ids)} attachments: a message carries {MOST_ATTACHMENTS} at most", field="attachments"
        )
    query = select(_ROWS).where(
        _ROWS.c.tenant_id == tenant.tenant_id,
        _ROWS.c.conversation_id == conversation_id,
        _ROWS.c.attachment_id.in_(attachment_ids),
        _ROWS.c.author == author,
        _ROWS.c.sequence.is_(None),
    )
    found = {row.attachment_id: row for row in connection.execute(query)}
    for each in attachment_ids:
        if each not in found:
            raise InvalidInput(
                f"attachment {each} was not uploaded to this conversation, or was sent already: upload it first",
                field="attachments",
            )
    rows = [found[each] for each in dict.fromkeys(attachment_ids)]
    return tuple(Attachment(row.attachment_id, row.name, row.media_type, row.size_bytes) for row in rows)


def bind_attachments(connection: Connection, tenant: TenantContext, conversation_id: UUID, message: Message) -> None:
    """They are this message's from now on."""
    for attachment in message.details.attachments:
        connection.execute(
            _BIND,
            {
                "of_tenant": tenant.tenant_id,
                "of_conversation": conversation_id,
                "this": attachment.attachment_id,
                "carried_by": message.sequence,
            },
        )
