"""A tenant with the demo shop, and its tools, without a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from components.core.tenant import Tenant
from components.database.session import Database
from components.database.tables import ConversationRow, MessageRow, OutboxRow, ShopOrderRow
from components.helpdesk.shop import import_shop
from components.helpdesk.shop_file import read_shop
from components.tools.built_in.cancel_refund import CancelRefund
from components.tools.built_in.change_address import ChangeAddress
from components.tools.built_in.create_ticket import CreateTicket
from components.tools.built_in.find_customer import FindCustomer
from components.tools.built_in.lookup_order import LookupOrder
from components.tools.built_in.note_customer import NoteCustomer, RemoveCustomerNote
from components.tools.built_in.notify_user import NotifyUser
from components.tools.built_in.query_database import QueryDatabase
from components.tools.built_in.refund_order import RefundOrder
from components.tools.built_in.update_ticket import UpdateTicket
from components.tools.invocation import Invocation
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller, Tool

SHOP = Path(__file__).parents[2] / "deploy" / "demo" / "northtrail" / "shop.yaml"
BOT, PERSON = Caller("orchestrator"), Caller("agent", str(uuid4()))
PERMITTED: dict[str, dict[str, Any]] = {
    name: {}
    for name in (
        "lookup_order",
        "refund_order",
        "cancel_refund",
        "change_address",
        "find_customer",
        "note_customer",
        "remove_customer_note",
        "query_database",
    )
}
MAILBOX = {
    "address": "help@shop.example",
    "imap": {"host": "127.0.0.1", "port": 1},
    "smtp": {"host": "127.0.0.1", "port": 1},
}


def tools(database: Database) -> tuple[Tool, ...]:
    return (
        CreateTicket(),
        UpdateTicket(),
        NotifyUser(),
        LookupOrder(),
        RefundOrder(),
        CancelRefund(),
        ChangeAddress(),
        FindCustomer(),
        NoteCustomer(),
        RemoveCustomerNote(),
        QueryDatabase(database),
    )


class Shop:
    """The demo shop of a tenant of its own."""

    def __init__(self, database: Database, make_tenant: Callable[..., Tenant], **config: Any) -> None:
        self.database = database
        self.tenant = make_tenant(config={"tools": PERMITTED, "actions": {"limit": 10_000}, **config})
        self.registry = ToolRegistry(database, tools(database))
        import_shop(database, self.tenant.context, read_shop(SHOP))

    def call(self, tool: str, caller: Caller = BOT, key: str | None = None, **arguments: Any) -> Invocation:
        return self.registry.invoke(self.tenant, tool, arguments, caller, key=key or uuid4().hex)

    def result(self, tool: str, **arguments: Any) -> dict[str, Any]:
        made = self.call(tool, **arguments)
        assert made.status == "done"
        assert made.result is not None
        return dict(made.result)

    def call_within(self, conversation_id: UUID, tool: str, **arguments: Any) -> Invocation:
        return self.registry.invoke(self.tenant, tool, arguments, BOT, key=uuid4().hex, conversation_id=conversation_id)

    def order(self, number: str) -> ShopOrderRow:
        query = select(ShopOrderRow).where(ShopOrderRow.order_number == number)
        with self.database.tenant(self.tenant.context) as session:
            return session.scalars(query).one()

    def converse(self, channel: str = "web", language: str | None = None, **customer: str) -> UUID:
        conversation_id = uuid4()
        with self.database.tenant(self.tenant.context) as session:
            session.add(
                ConversationRow(
                    conversation_id=conversation_id,
                    tenant_id=self.tenant.tenant_id,
                    channel=channel,
                    flow_version=0,
                    language=language,
                    customer=customer,
                )
            )
        return conversation_id

    def said(self, conversation_id: UUID) -> list[tuple[str, str]]:
        query = select(MessageRow).where(MessageRow.conversation_id == conversation_id).order_by(MessageRow.sequence)
        with self.database.tenant(self.tenant.context) as session:
            return [(each.author, each.text) for each in session.scalars(query)]

    def outgoing(self) -> list[tuple[str, dict[str, Any]]]:
        with self.database.tenant(self.tenant.context) as session:
            return [
                (each.kind, each.payload) for each in session.scalars(select(OutboxRow).order_by(OutboxRow.position))
            ]
