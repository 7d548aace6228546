"""The e-mail to a customer who waited too long, queued in the transaction that apologises."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, insert

from components.core.tenant import Tenant
from components.database.tables import OutboxRow

# Of the outbox; its payload is {to, subject, text, conversation_id}.
MAIL = "email"
# Its customers have each message brought by e-mail anyway.
MAIL_CHANNEL = "email"

_ADDRESS = re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,189}")


def queue_apology_mail(connection: Connection, tenant: Tenant, conversation: Row[Any], text: str, ticket: int) -> bool:
    """Whether an address is known. conversation: its row, locked, whose `changes` name the wait: one wait, one
    e-mail."""
    address = find_address(conversation)
    if address is None or conversation.channel == MAIL_CHANNEL:
        return False
    conversation_id = conversation.conversation_id
    connection.execute(
        insert(OutboxRow).values(
            outbox_id=uuid4(),
            tenant_id=tenant.tenant_id,
            key=f"apology/{conversation_id}/{conversation.changes}",
            lane=f"email/{conversation_id}",
            kind=MAIL,
            payload={
                "to": address,
                "subject": f"{' '.join(tenant.name.split())}: #{ticket}",
                "text": text,
                "conversation_id": str(conversation_id),
            },
        )
    )
    return True


def find_address(conversation: Row[Any]) -> str | None:
    """What the customer said of themselves, else what a flow's form has asked of them."""
    variables = (conversation.handover or {}).get("variables") or {}
    for said in (conversation.customer.get("email"), variables.get("email")):
        if isinstance(said, str) and _ADDRESS.fullmatch(said.strip()):
            return said.strip()
    return None
