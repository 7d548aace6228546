"""What stands in place of figures where there are none: why, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from html import escape

import panel as pn

from components.core.tenant import Tenant
from components.helpdesk.reports.choices import Choices
from components.helpdesk.reports.deflection import deflection, open_conversations
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.handovers import handovers
from components.helpdesk.reports.purposes import spending_left_out
from components.helpdesk.reports.reader import ReportReader
from components.helpdesk.reports.spending import spending
from components.helpdesk.reports.topics import answers
from dashboards.analytics.figure_card import card
from dashboards.analytics.wording import narrowed_text, period_text
from dashboards.desk import Desk, api_address

_SHOWN_DAYS = 30


def is_silent(reader: ReportReader, filters: Filters) -> bool:
    """Whether no figure of the page has anything to tell."""
    return not (
        deflection(reader, filters).counts.total_sessions
        or open_conversations(reader, filters)
        or answers(reader, filters).asked
        or handovers(reader, filters).asked
        or spending(reader, filters)
        or spending_left_out(reader, filters)
    )


def no_conversation_yet(desk: Desk, tenants: Sequence[Tenant]) -> pn.Column:
    """For tenants of whom nothing is known at all."""
    address = (desk.settings.public_url or api_address(desk.settings)).rstrip("/")
    chats = "".join(
        f"<li><a href='{escape(f'{address}/chat/{each.domain}', quote=True)}' target='_blank' rel='noreferrer'>"
        f"{escape(each.name)}: {escape(f'{address}/chat/{each.domain}')}</a></li>"
        for each in tenants[:5]
    )
    return card(
        f"<h2>No conversation yet</h2><p>Nobody has talked to {_names(tenants)} so far, or the facts have not been "
        f"told yet. Open the chat and ask something:</p><ul>{chats}</ul><p>In a demo, <code>helpdesk demo traffic"
        "</code> makes a month of conversations. Then press Refresh above.</p>"
    )


def nothing_in_period(filters: Filters, found: Choices, set_days: Callable[[date, date], None]) -> pn.Column:
    """For days, or filters, without anything; says which days have something."""
    assert found.first is not None
    assert found.last is not None
    known = period_text(Filters(found.first, found.last))
    narrowed = narrowed_text(filters)
    hint = f" Or take a filter away: {escape(', '.join(narrowed))}." if narrowed else ""
    shown = card(
        f"<h2>Nothing in this period</h2><p>There is nothing from {escape(period_text(filters))}.</p>"
        f"<p>Conversations are known of {escape(known)}: choose days of these.{hint}</p>"
    )
    since, until = max(found.first, found.last - timedelta(days=_SHOWN_DAYS - 1)), found.last
    button = pn.widgets.Button(
        label=f"Show {period_text(Filters(since, until))}", sizing_mode="fixed", width=320, color="primary"
    )
    button.on_click(lambda _: set_days(since, until))
    shown.append(button)
    return shown


def _names(tenants: Sequence[Tenant]) -> str:
    return escape(tenants[0].name) if len(tenants) == 1 else f"any of these {len(tenants)} tenants"
