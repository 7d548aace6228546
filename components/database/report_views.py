"""The views that a tenant may query: their columns, and what each is of, as the migrations make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

ColumnKind = Literal["text", "number", "moment", "flag"]


@dataclass(frozen=True)
class ReportView:
    """columns: by name, of which kind each is. A moment has a time zone; seconds are of the clock on the wall."""

    about: str
    columns: Mapping[str, ColumnKind]


REPORT_VIEWS: Mapping[str, ReportView] = MappingProxyType(
    {
        "report_tickets": ReportView(
            "tickets",
            {
                **dict.fromkeys(("number",), "number"),
                **dict.fromkeys(("subject", "status", "priority", "channel", "team"), "text"),
                "assigned": "flag",
                **dict.fromkeys(("created_at", "updated_at", "first_response_at"), "moment"),
                **dict.fromkeys(("resolution_due", "resolved_at", "closed_at"), "moment"),
            },
        ),
        "report_conversations": ReportView(
            "conversations",
            {
                **dict.fromkeys(("conversation_id", "channel", "status", "language", "priority", "team"), "text"),
                "messages": "number",
                **dict.fromkeys(("created_at", "updated_at", "closed_at"), "moment"),
            },
        ),
        "report_outcomes": ReportView(
            "how conversations went",
            {
                **dict.fromkeys(("conversation_id", "result", "handover_reason"), "text"),
                **dict.fromkeys(("handovers", "wait_seconds", "first_response_seconds"), "number"),
                **dict.fromkeys(("resolution_seconds", "rating"), "number"),
                **dict.fromkeys(("started_at", "ended_at"), "moment"),
            },
        ),
        "report_orders": ReportView(
            "orders of the shop",
            {
                **dict.fromkeys(("order_number", "customer_id", "status", "currency"), "text"),
                **dict.fromkeys(("total", "refunded", "items"), "number"),
                "ordered_at": "moment",
            },
        ),
    }
)
