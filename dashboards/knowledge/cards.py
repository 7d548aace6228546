"""What the parts of the page are made of: cards, tables, and durations and moments in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

import panel as pn

from components.core.tenant import Tenant
from dashboards.clock import local_text
from dashboards.tables import STACKED, cell, is_wide
from dashboards.theme import BAD, GOOD, INK, LINE, QUIET, WARN

_STYLE = f"""
section {{ background: #fff; border: 1px solid {LINE}; border-radius: 8px; padding: 12px 14px; color: {INK}; }}
h2 {{ font-size: 1.05rem; margin: 0; }}
h3 {{ font-size: .95rem; margin: 10px 0 2px; }}
p {{ margin: 2px 0 8px; }}
.quiet {{ color: {QUIET}; font-size: .9rem; }}
.empty {{ padding: 1.4rem 0; text-align: center; color: {QUIET}; margin: 0; }}
.bad {{ color: {BAD}; font-weight: 650; }}
.good {{ color: {GOOD}; font-weight: 650; }}
.warn {{ color: {WARN}; font-weight: 650; }}
.rows {{ overflow: auto; }}
.rows.long {{ max-height: 70vh; }}
table {{ border-collapse: collapse; width: 100%; font-size: .9rem; }}
th, td {{ text-align: left; padding: 5px 14px 5px 0; border-bottom: 1px solid {LINE}; vertical-align: top; }}
td {{ overflow-wrap: break-word; }}
td.n, th.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
.sides {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(250px, 1fr)); gap: 14px; margin-top: 8px; }}
.sides > div {{ border-left: 3px solid {LINE}; padding-left: 10px; overflow-wrap: anywhere; }}
mark {{ background: #fde8c8; color: inherit; font-weight: 650; text-decoration: underline; }}
ul {{ margin: 4px 0 8px; padding-left: 1.2rem; }}
summary {{ cursor: pointer; color: #005a8e; padding: 3px 0; }}
summary:focus-visible {{ outline: 3px solid #005a8e; outline-offset: 2px; }}
pre {{ white-space: pre-wrap; font: 13px/1.45 ui-monospace, Menlo, monospace; background: #f5f6f8; padding: 10px;
  border: 1px solid {LINE}; border-radius: 6px; max-height: 420px; overflow: auto; }}
{STACKED}"""
_STEPS = ((86400 * 2, 86400, "days"), (3600 * 2, 3600, "hours"), (60 * 2, 60, "minutes"))
# More rows than this scroll on their card.
_LONG = 25

Cell = str | int


def card(title: str, about: str, *parts: str, empty: str = "") -> pn.pane.HTML:
    """parts: HTML that is safe already; `empty`, what to do, where there is none."""
    inside = "".join(parts) or f'<p class="empty">{escape(empty)}</p>'
    head = f'<h2>{escape(title)}</h2><p class="quiet">{escape(about)}</p>'
    return pn.pane.HTML(
        f"<section>{head}{inside}</section>", stylesheets=[_STYLE], sizing_mode="stretch_width", margin=(6, 10, 14, 10)
    )


def table(columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, raw: Sequence[int] = ()) -> str:
    """raw: columns whose text is HTML that is safe already. Nothing where there are no rows."""
    if not rows:
        return ""
    kinds = [' class="n"' if isinstance(each, int) else "" for each in rows[0]]
    names = "".join(f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in zip(columns, kinds, strict=True))
    lines = "".join(
        "<tr>"
        + "".join(
            cell(columns[place], str(each) if place in raw else escape(_text(each)), kinds[place])
            for place, each in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    wide = ' class="wide"' if is_wide(len(columns)) else ""
    inside = f"<thead><tr>{names}</tr></thead><tbody>{lines}</tbody>"
    long = " long" if len(rows) > _LONG else ""
    return f'<div class="rows{long}" tabindex="0"><table{wide}>{inside}</table></div>'


def _text(value: Cell) -> str:
    return f"{value:,}" if isinstance(value, int) else value


def duration(seconds: float | None) -> str:
    """90 as `90 s`, 7200 as `2 hours`; a dash for None."""
    if seconds is None:
        return "–"
    for least, unit, name in _STEPS:
        if seconds >= least:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def moment(at: datetime | None, tenant: Tenant) -> str:
    """To the minute, by the tenant's clock; `never` for None."""
    return local_text(at, tenant) or "never"
