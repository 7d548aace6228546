"""The figures that come first, each with its interval and beside what it was before."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import panel as pn

from components.helpdesk.reports.definitions import definition_of
from components.helpdesk.reports.headlines import Headline, headlines
from components.helpdesk.reports.reader import ReportReader
from dashboards.analytics.figure_card import counted, figure
from dashboards.analytics.view import View
from dashboards.analytics.wording import amount, duration, period_text, span
from dashboards.theme import INK, LINE, QUIET

_STYLE = f"""
:host {{ color: {INK}; }}
.cards {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(178px, 1fr)); gap: 10px; }}
article {{ background: #fff; border: 1px solid {LINE}; border-radius: 8px; padding: 10px 12px; }}
h2 {{ font-size: .9rem; font-weight: 600; margin: 0; color: {QUIET}; }}
.now {{ font-size: 1.5rem; font-weight: 650; line-height: 1.3; margin: 0; font-variant-numeric: tabular-nums; }}
p {{ margin: 0; font-size: .83rem; color: {QUIET}; }}
details {{ font-size: .83rem; margin-top: 4px; }}
details p {{ color: {INK}; margin: 4px 0; }}
summary {{ cursor: pointer; color: #005a8e; }}
summary:focus-visible {{ outline: 3px solid #005a8e; outline-offset: 2px; }}
"""


def headline_cards(view: View, reader: ReportReader) -> pn.Column:
    found = headlines(reader, view.filters)
    before = period_text(view.filters.before())
    cards = "".join(_card(each) for each in found)
    shown = pn.Column(
        pn.pane.HTML(
            f"<div class='cards'>{cards}</div><p style='margin-top:6px'>{escape(view.period)}; before: "
            f"{escape(before)}. Ranges: 95 % confidence. A click on a bar below shows its conversations.</p>",
            stylesheets=[_STYLE],
            margin=0,
        ),
        sizing_mode="stretch_width",
        margin=(0, 10, 14, 10),
    )
    return figure(view, reader, "headlines", Headline, found, shown)


def _card(each: Headline) -> str:
    told = definition_of(each.name)
    between = f"<p>{escape(span(each.interval, each.unit))}</p>" if each.interval is not None else ""
    return (
        f"<article data-headline='{each.name}'><h2>{escape(told.title)}</h2>"
        f"<p class='now'>{escape(amount(each.now, each.unit))}</p>{between}<p>{escape(_change(each))}</p>"
        f"{counted(each.name)}</article>"
    )


def _change(each: Headline) -> str:
    if each.change is None or each.before is None:
        return "no figure before"
    if _size(each) == _size(replace(each, before=each.now)):
        return "as before"
    arrow = "▲" if each.change > 0 else "▼"
    clear = {None: "", True: ", more than chance", False: ", may be chance"}[each.is_clear]
    return f"{arrow} {_size(each)} on {amount(each.before, each.unit)}{clear}"


def _size(each: Headline) -> str:
    change = abs(each.change or 0.0)
    if each.unit == "share":
        return f"{100 * change:.1f} points"
    return duration(change) if each.unit == "seconds" else amount(change, each.unit).removesuffix(" stars")
