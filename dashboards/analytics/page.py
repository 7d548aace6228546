"""The analytics of one tenant or several: filters, the figures that come first, and a tab for each subject."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from threading import Lock
from types import MappingProxyType
from typing import Any

import panel as pn

from components.core.errors import HelpdeskError, InvalidInput
from components.helpdesk.reports.choices import choices
from components.helpdesk.reports.conversation_list import Behind
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.reader import ReportReader
from dashboards.analytics.asked import Asked, address_of, read_address
from dashboards.analytics.conversations_tab import ConversationsTab
from dashboards.analytics.deflection_tab import deflection_tab
from dashboards.analytics.filter_bar import FilterBar
from dashboards.analytics.freshness_bar import FreshnessBar
from dashboards.analytics.headline_cards import headline_cards
from dashboards.analytics.money_tab import money_tab
from dashboards.analytics.no_data import is_silent, no_conversation_yet, nothing_in_period
from dashboards.analytics.people_tab import people_tab
from dashboards.analytics.putting import soon
from dashboards.analytics.satisfaction_tab import satisfaction_tab
from dashboards.analytics.topics_tab import topics_tab
from dashboards.analytics.view import View
from dashboards.clock import today
from dashboards.desk import Desk
from dashboards.tabs import Tabs
from dashboards.viewer import Viewer

_Build = Callable[[View, ReportReader], list[Any]]
TABS: Mapping[str, _Build] = MappingProxyType(
    {
        "Deflection": deflection_tab,
        "People": people_tab,
        "Satisfaction": satisfaction_tab,
        "Topics": topics_tab,
        "Money": money_tab,
    }
)
CONVERSATIONS = "Conversations"
_NAMES = (*TABS, CONVERSATIONS)

logger = logging.getLogger("helpdesk.dashboards")


def page(desk: Desk, viewer: Viewer) -> pn.viewable.Viewable:
    """As its address asks for it."""
    location = pn.state.location
    asked, said = Asked(), ""
    try:
        asked = read_address(location.search if location else "")
        asked.shown(viewer.tenants)
        asked.filters(today(viewer.tenants))
    except InvalidInput as error:
        asked, said = Asked(), f"The address asks for what there is not: {error.message}. These are the last 30 days."
    return Analytics(desk, viewer, asked, location).opened(said)


class Analytics:
    """One browser's page: what is asked for may change, and with it everything that stands on it."""

    def __init__(self, desk: Desk, viewer: Viewer, asked: Asked, location: Any) -> None:
        self._desk, self._viewer, self._location = desk, viewer, location
        self._asked, self._round, self._lock = asked, 0, Lock()
        self._view = self._viewed(asked)
        self._first = pn.Column(sizing_mode="stretch_width", margin=0)
        self._places = {name: pn.Column(sizing_mode="stretch_width", min_height=320, margin=0) for name in _NAMES}
        self._filled: dict[str, int] = {}
        self._tabs = Tabs(self._places, CONVERSATIONS if asked.conversation else asked.tab, self._turned)
        self._freshness = FreshnessBar(desk, lambda: self._view.tenants, self.renew)
        self._talks = ConversationsTab(lambda: self._view, self._read)
        self._places[CONVERSATIONS].append(self._talks.panel)

    def opened(self, said: str = "") -> pn.viewable.Viewable:
        """The whole of it. said: what was wrong with the address."""
        with self._view.open() as reader:
            found = choices(reader)
        self._bar = FilterBar(self._asked, self._view.filters, found, self._viewer.tenants, self._change)
        self.renew()
        alert = pn.pane.HTML(f'<p role="alert">{escape(said)}</p>', margin=(0, 10), visible=bool(said))
        return pn.Column(
            alert, self._bar.panel, self._freshness.panel, self._first, self._tabs.panel, sizing_mode="stretch_width"
        )

    def renew(self) -> None:
        """Everything that is to be seen, from the facts as they stand now."""
        with self._lock:
            self._round += 1
            this, view = self._round, self._view
        self._first.loading = True
        try:
            with view.open() as reader:
                self._freshness.tell(reader.refreshed_at)
                found, silent = choices(reader), is_silent(reader, view.filters)
                if found.first is None:
                    first = no_conversation_yet(self._desk, view.tenants)
                elif silent:
                    first = nothing_in_period(view.filters, found, self._bar.set_days)
                else:
                    first = headline_cards(view, reader)
                # Whoever has chosen something else meanwhile is not shown this.
                if this == self._round:
                    self._first.objects = [first]
                    self._tabs.panel.visible = not silent or bool(self._asked.conversation)
        finally:
            self._first.loading = False
        if self._tabs.panel.visible:
            self._fill(self._tabs.opened)

    def show(self, filters: Filters, behind: Behind) -> None:
        """The conversations behind a figure."""
        self._filled[CONVERSATIONS] = self._round
        self._asked = replace(self._asked, conversation="")
        self._talks.show(filters, behind)
        self._tabs.open(CONVERSATIONS)

    def _viewed(self, asked: Asked) -> View:
        tenants = asked.shown(self._viewer.tenants)
        return View(self._desk, tenants, asked.filters(today(tenants)), self.show)

    def _change(self, asked: Asked) -> None:
        """Raises InvalidInput, and leaves everything as it was."""
        self._view = self._viewed(asked)
        self._asked = replace(asked, tab=self._asked.tab, conversation=self._asked.conversation)
        self._write_address()
        self.renew()

    def _turned(self, name: str) -> None:
        self._asked = replace(self._asked, tab="" if name == _NAMES[0] else name)
        self._write_address()
        self._fill(name)

    def _read(self, conversation: str) -> None:
        """Whose transcript has been opened."""
        self._asked = replace(self._asked, tab=CONVERSATIONS, conversation=conversation)
        self._write_address()

    def _write_address(self) -> None:
        if self._location is not None:
            asked = self._asked if self._asked.tab == CONVERSATIONS else replace(self._asked, conversation="")
            self._location.search = address_of(asked, self._location.search)

    def _fill(self, name: str) -> None:
        """A tab that is looked at, unless it shows this round already."""
        this, view, place = self._round, self._view, self._places[name]
        if self._filled.get(name) == this:
            return
        self._filled[name] = this
        if name == CONVERSATIONS:
            self._talks.show(view.filters, Behind(), self._asked.conversation)
            return
        place.loading = True
        content = place.objects
        try:
            with view.open() as reader:
                content = TABS[name](view, reader)
        except HelpdeskError as error:
            logger.warning("%s: %s: %s", name, error.code, error.message)
            content = [pn.pane.HTML(f'<p role="alert">This cannot be shown: {escape(error.message)}</p>')]
            del self._filled[name]
        finally:
            # Whoever has chosen something else meanwhile is not shown this.
            soon(lambda: place.param.update(objects=content if this == self._round else place.objects, loading=False))
