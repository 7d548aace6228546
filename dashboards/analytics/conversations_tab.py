"""The conversations behind a figure, page by page, and the one that is opened."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import get_args

import panel as pn

from components.core.tenant import Tenant
from components.helpdesk.reports.conversation_list import (
    Behind,
    ConversationLine,
    ConversationPage,
    Order,
    conversation_list,
)
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.reader import ReportReader
from dashboards.analytics.behind_text import CHOICES, behind_text
from dashboards.analytics.conversations_file import file_address
from dashboards.analytics.figure_card import STYLE, below, beside, file_link
from dashboards.analytics.listing import Listing
from dashboards.analytics.putting import soon
from dashboards.analytics.transcript_view import transcript_view
from dashboards.analytics.view import View
from dashboards.analytics.wording import NOTHING, RESULTS, duration, in_words, period_text
from dashboards.clock import local_text
from dashboards.pick_table import PickTable

SIZE = 50
_ORDERS: dict[str, Order] = {
    "latest end": "ended",
    "latest beginning": "started",
    "stars": "rating",
    "wait": "wait",
    "time to the end": "resolution",
    "messages": "messages",
}
_OTHER = "As clicked"
_HINT = " · Choose one to read what was said, and why the bot said it."
_EMPTY = "No conversation is behind this: choose others above, or a longer period."
assert set(_ORDERS.values()) == set(get_args(Order))


class ConversationsTab:
    """`panel` is what it shows; `show` is where a click on a figure leads."""

    def __init__(self, view: Callable[[], View], read: Callable[[str], None]) -> None:
        """view: of the page, as it stands now. read: is told which conversation somebody has opened."""
        self._view, self._read, self._key = view, read, ""
        self._filters, self._behind, self._page = view().filters, Behind(), 1
        self._lines: dict[str, ConversationLine] = {}
        self._quiet = False
        self._which = pn.widgets.Select(label="Which", options=list(CHOICES), width=230)
        self._order = pn.widgets.Select(label="In the order of", options=list(_ORDERS), width=170)
        self._rising = pn.widgets.Checkbox(
            label="the least first", sizing_mode="fixed", width=150, margin=(28, 10, 5, 5)
        )
        self._said = pn.pane.HTML("", stylesheets=[STYLE], margin=(4, 10), sizing_mode="stretch_width")
        self._back = pn.widgets.Button(label="Previous", sizing_mode="fixed", width=100)
        self._on = pn.widgets.Button(label="Next", sizing_mode="fixed", width=100)
        self._table = PickTable(caption="Conversations", columns=[], sizing_mode="stretch_width", margin=(4, 10))
        self._more = pn.Column(sizing_mode="stretch_width", margin=(4, 10))
        self._opened = pn.Column(sizing_mode="stretch_width", margin=0, visible=False)
        self.panel = self._laid_out()
        self._which.param.watch(lambda _: self._chosen(), "value")
        self._order.param.watch(lambda _: self._turn(1), "value")
        self._rising.param.watch(lambda _: self._turn(1), "value")
        self._back.on_click(lambda _: self._turn(self._page - 1))
        self._on.on_click(lambda _: self._turn(self._page + 1))
        self._table.param.watch(lambda event: self._open(event.new), "picked")

    def show(self, filters: Filters, behind: Behind, conversation: str = "") -> None:
        """These conversations, from the first page on. conversation: the one whose transcript is open beside them."""
        self._filters, self._behind, self._key = filters, behind, conversation
        known = next((name for name, each in CHOICES.items() if each == behind), _OTHER)
        self._quiet = True
        self._which.param.update(options=[*CHOICES, *([_OTHER] if known == _OTHER else [])], value=known)
        self._quiet = False
        self._turn(1)
        opened = [self._transcript(conversation)] if conversation else []
        soon(lambda: self._opened.param.update(objects=opened, visible=bool(opened)))

    def _laid_out(self) -> pn.Column:
        chosen = pn.FlexBox(self._which, self._order, self._rising, sizing_mode="stretch_width")
        pages = pn.Row(self._back, self._on, margin=(0, 5))
        listed = pn.Column(self._said, self._table, pages, self._more, margin=0)
        return pn.Column(chosen, beside(listed, self._opened), sizing_mode="stretch_width")

    def _chosen(self) -> None:
        """What is chosen by hand is of the whole period."""
        if not self._quiet and self._which.value in CHOICES:
            self._filters, self._behind = self._view().filters, CHOICES[self._which.value]
            self._turn(1)

    def _turn(self, page: int) -> None:
        if self._quiet:
            return
        view = self._view()
        with view.open() as reader:
            found = self._listed(reader, page, SIZE)
        below_it = self._files(view)
        self._page, self._lines = page, {each.conversation_id: each for each in found.lines}
        soon(lambda: self._put(view, page, found, below_it))

    def _put(self, view: View, page: int, found: ConversationPage, below_it: pn.Row) -> None:
        several = len(view.tenants) > 1
        self._tell(page, found.total)
        self._table.param.update(
            columns=["Ended", "Outcome", "Topic", "Channel", "Stars", "Wait", "Messages"] + ["Tenant"] * several,
            keys=[each.conversation_id for each in found.lines],
            rows=[self._row(view, each, several) for each in found.lines],
            picked=self._key if self._key in self._lines else "",
            visible=bool(found.lines),
        )
        self._more.objects = [below_it]

    def _listed(self, reader: ReportReader, page: int, size: int) -> ConversationPage:
        return conversation_list(
            reader,
            self._filters,
            self._behind,
            order=_ORDERS[self._order.value],
            ascending=self._rising.value,
            page=page,
            size=size,
        )

    def _tell(self, page: int, total: int) -> None:
        first, last = (page - 1) * SIZE + 1, min(page * SIZE, total)
        many = f"{first:,} to {last:,} of {total:,}{_HINT}" if total else _EMPTY
        self._said.object = (
            f"<h2>{escape(_capital(behind_text(self._behind)))}</h2>"
            f"<p class='quiet'>{escape(period_text(self._filters))} · {many}</p>"
        )
        self._back.disabled, self._on.disabled = page == 1, last >= total

    def _row(self, view: View, line: ConversationLine, several: bool) -> list[str]:
        tenant = _tenant_of(view, line)
        ended = local_text(line.ended_at, tenant) or f"open, since {local_text(line.started_at, tenant)}"
        outcome = next((said for result, said in RESULTS.items() if result == line.result), line.result)
        return [
            ended,
            f"{outcome}, VIP" if line.vip else outcome,
            in_words(line.intent or NOTHING),
            line.channel or NOTHING,
            str(line.rating or NOTHING),
            duration(line.wait_seconds),
            str(line.messages),
        ] + [line.tenant] * several

    def _files(self, view: View) -> pn.Row:
        listing = Listing(
            view.tenants, self._filters, self._behind, _ORDERS[self._order.value], bool(self._rising.value)
        )
        links = {kind: file_address(listing, kind.lower()) for kind in ("CSV", "Parquet")}
        return below("conversation_list", [file_link(kind, address) for kind, address in links.items()])

    def _open(self, key: str) -> None:
        if key not in self._lines or key == self._key:
            return
        self._key = key
        shown = self._transcript(key)
        soon(lambda: self._opened.param.update(objects=[shown], visible=True))
        self._read(key)

    def _transcript(self, conversation: str) -> pn.Column:
        view = self._view()
        return transcript_view(view.desk, view.tenants, conversation)


def _tenant_of(view: View, line: ConversationLine) -> Tenant:
    return next(each for each in view.tenants if str(each.tenant_id) == line.tenant_id)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
