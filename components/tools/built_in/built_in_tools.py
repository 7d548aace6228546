"""All tools that come with the helpdesk, each tenant's to permit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.database.session import Database
from components.tools.built_in.cancel_refund import CancelRefund
from components.tools.built_in.change_address import ChangeAddress
from components.tools.built_in.create_ticket import CreateTicket
from components.tools.built_in.find_customer import FindCustomer
from components.tools.built_in.lookup_order import LookupOrder
from components.tools.built_in.note_customer import NoteCustomer, RemoveCustomerNote
from components.tools.built_in.notify_user import NotifyUser
from components.tools.built_in.query_database import QueryDatabase
from components.tools.built_in.refund_order import RefundOrder
from components.tools.built_in.search_knowledge import SearchKnowledge
from components.tools.built_in.update_ticket import UpdateTicket
from components.tools.tool import Tool

if TYPE_CHECKING:
    from components.helpdesk.searching import Searching

_KINDS = (
    CreateTicket,
    UpdateTicket,
    NotifyUser,
    SearchKnowledge,
    LookupOrder,
    RefundOrder,
    CancelRefund,
    ChangeAddress,
    FindCustomer,
    NoteCustomer,
    RemoveCustomerNote,
    QueryDatabase,
)
BUILT_IN_NAMES = frozenset(kind.spec.name for kind in _KINDS)


def built_in_tools(database: Database, searching: Searching) -> tuple[Tool, ...]:
    """Opens nothing until one is called."""
    return (
        CreateTicket(),
        UpdateTicket(),
        NotifyUser(),
        SearchKnowledge(searching),
        LookupOrder(),
        RefundOrder(),
        CancelRefund(),
        ChangeAddress(),
        FindCustomer(),
        NoteCustomer(),
        RemoveCustomerNote(),
        QueryDatabase(database),
    )
