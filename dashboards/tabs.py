"""Tabs that a keyboard reaches and that stand in the address; a page is as long as the one that is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import panel as pn
import param
from panel.custom import JSComponent

TAB = "tab"


class TabBar(JSComponent):
    """names: of the tabs. opened: the one that is open."""

    names = param.List(item_type=str)
    opened = param.String()

    _esm = """
    const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    export function render({ model }) {
      const bar = document.createElement("div");
      bar.setAttribute("role", "tablist");
      bar.style.cssText = "display:flex;flex-wrap:wrap;gap:0 4px;border-bottom:1px solid #c9ced6";
      const tabs = model.names.map((name) => {
        const tab = document.createElement("button");
        tab.type = "button";
        tab.textContent = name;
        tab.setAttribute("role", "tab");
        tab.onclick = () => { model.opened = name; };
        return tab;
      });
      // One stop of the tab key, and arrows from tab to tab, as everywhere.
      bar.onkeydown = (event) => {
        const step = STEPS[event.key];
        if (step === undefined) return;
        event.preventDefault();
        const next = tabs.indexOf(event.target) + step;
        tabs[Math.max(0, Math.min(tabs.length - 1, next))].focus();
      };
      const mark = () => {
        for (const tab of tabs) {
          const open = tab.textContent === model.opened;
          tab.setAttribute("aria-selected", String(open));
          tab.tabIndex = open ? 0 : -1;
          tab.style.cssText =
            "font:inherit;background:none;border:0;cursor:pointer;padding:8px 12px;outline-offset:-3px;" +
            (open ? "font-weight:650;color:#005a8e;box-shadow:inset 0 -3px #005a8e" : "color:#4d5561");
        }
      };
      model.on("opened", mark);
      bar.append(...tabs);
      mark();
      return bar;
    }
    """


class Tabs:
    """`panel` is what it shows. What is not open takes no room."""

    def __init__(self, parts: Mapping[str, Any], opened: str = "", turned: Callable[[str], None] | None = None) -> None:
        """parts: by their names, in order. opened: the first one where there is none of that name. turned: is told
        the name of what has been opened."""
        name = opened if opened in parts else next(iter(parts))
        self._places = {
            each: pn.Column(part, visible=each == name, sizing_mode="stretch_width", margin=0)
            for each, part in parts.items()
        }
        self._bar = TabBar(names=list(parts), opened=name, sizing_mode="stretch_width", margin=(0, 10, 12, 10))
        self._turned = turned
        self.panel = pn.Column(self._bar, *self._places.values(), sizing_mode="stretch_width", margin=0)
        self._bar.param.watch(lambda event: self._turn(event.new), "opened")

    @property
    def opened(self) -> str:
        """The name of the open one."""
        return next(name for name, place in self._places.items() if place.visible)

    def open(self, name: str) -> None:
        """As if somebody had chosen it."""
        self._bar.opened = name

    def _turn(self, name: str) -> None:
        if name not in self._places:
            return
        for each, place in self._places.items():
            place.visible = each == name
        if self._turned is not None:
            self._turned(name)


def addressed_tabs(parts: Mapping[str, Any]) -> pn.Column:
    """Tabs of which the page's address names the open one."""
    location, first = pn.state.location, next(iter(parts))
    search = location.search if location else ""

    def turned(name: str) -> None:
        if location is not None:
            location.search = with_tab(location.search, "" if name == first else name)

    return Tabs(parts, dict(_said(search)).get(TAB, ""), turned).panel


def with_tab(search: str, name: str) -> str:
    """The address's search with this tab open; name: empty for the first."""
    said = [(key, value) for key, value in _said(search) if key != TAB] + ([(TAB, name)] if name else [])
    return f"?{urlencode(said)}" if said else ""


def _said(search: str) -> list[tuple[str, str]]:
    return parse_qsl(search.removeprefix("?"), keep_blank_values=True)
