"""What every chart stands in: title, unit and period above, the same figures as a table and as CSV below."""

from __future__ import annotations

import base64
import csv
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

import panel as pn
from bokeh.models import Plot

from components.core.errors import InvalidInput
from components.helpdesk.reports.exports import harmless
from dashboards.theme import INK, LINE, QUIET

MOST_ROWS_SHOWN = 500

_CARD = f"""
:host {{ background: #fff; border: 1px solid {LINE}; border-radius: 8px; padding: 12px 14px; }}
"""
_INSIDE = f"""
h2 {{ font-size: 1.05rem; margin: 0; color: {INK}; }}
p {{ margin: 0; color: {QUIET}; font-size: .9rem; }}
p.empty {{ padding: 2.2rem 0; text-align: center; }}
details {{ font-size: .88rem; color: {INK}; }}
summary {{ cursor: pointer; color: #005a8e; padding: 3px 0; }}
summary:focus-visible, a:focus-visible {{ outline: 3px solid #005a8e; outline-offset: 2px; }}
div.rows {{ overflow: auto; max-height: 320px; }}
table {{ border-collapse: collapse; margin: 6px 0; }}
th, td {{ text-align: left; padding: 3px 14px 3px 0; border-bottom: 1px solid {LINE}; }}
td.n, th.n {{ text-align: right; font-variant-numeric: tabular-nums; }}
"""


@dataclass(frozen=True)
class Heading:
    """unit: of the figures. period: that they are of, in words. Raises InvalidInput where one is missing: a chart that
    does not say what it shows is none."""

    title: str
    unit: str
    period: str

    def __post_init__(self) -> None:
        for name in ("title", "unit", "period"):
            if not getattr(self, name).strip():
                raise InvalidInput(
                    f"{name}={getattr(self, name)!r}: every chart has a title, a unit and a period", field=name
                )


@dataclass(frozen=True)
class Table:
    """The figures of a chart, for who reads them rather than looks."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def csv(self) -> str:
        """Comma-separated (RFC 4180), with a first row of names."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow([_harmless(each) for each in self.columns])
        writer.writerows([_harmless(each) for each in row] for row in self.rows)
        return text.getvalue()


def framed(heading: Heading, table: Table, plot: Plot | None, empty: str) -> pn.Column:
    """The chart on its card; `empty`, what to do, where there is nothing to show."""
    top = pn.pane.HTML(
        f"<h2>{escape(heading.title)}</h2><p>{escape(heading.unit)} · {escape(heading.period)}</p>",
        stylesheets=[_INSIDE],
        margin=0,
    )
    if plot is None or not table.rows:
        said = pn.pane.HTML(f'<p class="empty">{escape(empty)}</p>', stylesheets=[_INSIDE], margin=0)
        return _card(top, said)
    shown = pn.pane.Bokeh(plot, sizing_mode="stretch_width", margin=(6, 0))
    return _card(top, shown, pn.pane.HTML(_alternative(heading, table), stylesheets=[_INSIDE], margin=0))


def told(value: Any) -> str:
    """A label or a figure as people read it: four digits say enough."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return "" if value is None else str(value)


def _card(*parts: Any) -> pn.Column:
    return pn.Column(*parts, stylesheets=[_CARD], sizing_mode="stretch_width", margin=(0, 10, 14, 10))


def _alternative(heading: Heading, table: Table) -> str:
    cells = "".join(f"<tr>{_row(row)}</tr>" for row in table.rows[:MOST_ROWS_SHOWN])
    numeric = [isinstance(each, int | float) for each in table.rows[0]]
    names = "".join(
        f'<th scope="col"{_n(is_number)}>{escape(name)}</th>'
        for name, is_number in zip(table.columns, numeric, strict=True)
    )
    left = len(table.rows) - MOST_ROWS_SHOWN
    more = f"<p>{left:,} more rows are in the CSV file.</p>" if left > 0 else ""
    return (
        f"<details><summary>Show as table</summary><div class='rows' tabindex='0'><table><caption hidden>"
        f"{escape(heading.title)}</caption><thead><tr>{names}</tr></thead><tbody>{cells}</tbody></table>{more}</div>"
        f"{_download(heading, table)}</details>"
    )


def _row(row: Sequence[Any]) -> str:
    return "".join(f"<td{_n(isinstance(each, int | float))}>{escape(told(each))}</td>" for each in row)


def _n(is_number: bool) -> str:
    return ' class="n"' if is_number else ""


def _download(heading: Heading, table: Table) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", f"{heading.title} {heading.period}".lower()).strip("-")
    data = base64.b64encode(table.csv().encode("utf-8")).decode()
    return f'<a download="{name}.csv" href="data:text/csv;charset=utf-8;base64,{data}">Download as CSV</a>'


def _harmless(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return harmless(value) if isinstance(value, str) else value
