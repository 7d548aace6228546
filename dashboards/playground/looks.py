"""How the page's texts and figures look; what was said by others is always escaped."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import panel as pn

from components.core.money_text import money_text
from dashboards.theme import BAD, GOOD, LINE, QUIET

STYLE = f"""
:host {{ min-width: 0; }}
h2 {{ font-size: 1.1rem; margin: 0 0 4px; }}
h3 {{ font-size: 1rem; margin: 10px 0 2px; }}
p {{ margin: 2px 0 8px; }}
.quiet {{ color: {QUIET}; font-size: .92em; }}
.good {{ color: {GOOD}; font-weight: 600; }}
.bad, p[role=alert] {{ color: {BAD}; font-weight: 600; }}
.answer {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
article {{ background: #fff; border: 1px solid {LINE}; border-radius: 8px; padding: 12px 14px; }}
pre {{ font: 13px/1.45 ui-monospace, Menlo, monospace; background: #f5f6f8; border: 1px solid {LINE};
  border-radius: 6px; padding: 10px; overflow: auto; max-height: 360px; margin: 4px 0; white-space: pre-wrap;
  overflow-wrap: anywhere; }}
pre ins, pre del {{ display: block; text-decoration: none; }}
pre ins {{ background: #e3f2ec; color: {GOOD}; }}
pre del {{ background: #fbeae1; color: {BAD}; }}
blockquote {{ margin: 4px 0 8px; padding: 2px 10px; border-left: 3px solid {LINE}; white-space: pre-wrap; }}
summary {{ cursor: pointer; color: #005a8e; padding: 3px 0; overflow-wrap: anywhere; }}
summary:focus-visible {{ outline: 3px solid #005a8e; outline-offset: 2px; }}
.rows {{ overflow: auto; }}
table {{ border-collapse: collapse; margin: 6px 0; font-size: .93em; }}
th, td {{ text-align: left; padding: 4px 14px 4px 0; border-bottom: 1px solid {LINE}; vertical-align: top; }}
td.n, th.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
.beside {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); gap: 12px; }}
.beside > * {{ min-width: 0; }}
@media (max-width: 560px) {{
  th, td {{ padding-right: 8px; }}
  td.n, th.n {{ white-space: normal; }}
  td.n .quiet {{ display: block; }}
}}
"""
PLAIN_BUTTON = ".bk-btn.bk-btn-default { background: #fff !important; border: 1px solid #767d88 !important; }"
CODE = "textarea { font: 13px/1.45 ui-monospace, Menlo, monospace; white-space: pre-wrap; }"


def html(text: str = "") -> pn.pane.HTML:
    """A place for HTML of this page."""
    return pn.pane.HTML(text, stylesheets=[STYLE], sizing_mode="stretch_width")


def beside(left: Any, right: Any) -> pn.FlexBox:
    """Two halves; one below the other where there is no room."""
    return pn.FlexBox(
        *(pn.Column(each, styles={"flex": "1 1 330px", "min-width": "0"}, margin=0) for each in (left, right)),
        sizing_mode="stretch_width",
    )


def said(text: str, role: str = "status") -> str:
    """One line to the person."""
    return f'<p role="{role}">{escape(text)}</p>'


def table(names: list[str], rows: list[list[str]], numeric: int = 1) -> str:
    """Cells are HTML. numeric: the column from which on all are numbers."""

    def cell(tag: str, at: int, value: str) -> str:
        return f"<{tag}{' class=n' if at >= numeric else ''}>{value}</{tag}>"

    head = "".join(cell("th", at, escape(name)) for at, name in enumerate(names))
    body = "".join("<tr>" + "".join(cell("td", at, value) for at, value in enumerate(row)) + "</tr>" for row in rows)
    return f'<div class="rows" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def diff_html(diff: str) -> str:
    """A unified diff in colours, its signs kept."""
    marks = {"+": "ins", "-": "del"}
    lines = []
    for line in diff.splitlines():
        mark = marks.get(line[:1])
        lines.append(f"<{mark}>{escape(line)}</{mark}>" if mark else escape(line) + "\n")
    return "<pre tabindex=0>" + "".join(lines) + "</pre>"


def money(cost: Any, currency: str | None) -> str:
    """Of one answer."""
    value = float(cost)
    return money_text(value, currency or "") if value else "nothing"


def percent(interval: Mapping[str, float] | None, *, signed: bool = False) -> str:
    """A share with its bounds."""
    return _bounded(interval, 100, "+.1f", " points") if signed else _bounded(interval, 100, ".0f", " %")


def amount(interval: Mapping[str, float] | None, form: str, *, times: float = 1, signed: bool = False) -> str:
    """Any other figure with its bounds, each `times` what it is."""
    return _bounded(interval, times, ("+" if signed else "") + form, "")


def _bounded(interval: Mapping[str, float] | None, times: float, form: str, unit: str) -> str:
    if interval is None:
        return "–"
    value, low, high = (format(interval[name] * times, form) for name in ("value", "low", "high"))
    return f'{value}{unit} <span class="quiet">({low} to {high})</span>'
