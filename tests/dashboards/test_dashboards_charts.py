"""Charts say what they show, to eyes and to readers, and say what to do where there is nothing."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import panel as pn
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import InvalidInput
from dashboards.chart_frame import Table
from dashboards.charts import Series, bars, heatmap, histogram, lines
from dashboards.theme import ACCENT, BAD, GOOD, GROUND, INK, QUIET, SURFACE, WARN

DAYS = [date(2026, 11, day) for day in range(1, 4)]
RATES = Series("web", list(zip(DAYS, [0.5, None, 0.75], strict=True)), [(0.4, 0.6), None, (0.6, 0.9)])
CHARTS: dict[str, Callable[..., pn.Column]] = {
    "bars": lambda *said, **more: bars(*said, [RATES, Series("mail", [(DAYS[0], 0.2)])], **more),
    "stacked": lambda *said, **more: bars(*said, [RATES, Series("mail", [(DAYS[0], 0.2)])], stacked=True, **more),
    "horizontal": lambda *said, **more: bars(*said, [RATES], horizontal=True, **more),
    "lines": lambda *said, **more: lines(*said, [RATES, Series("mail", [(DAYS[2], 1.0)])], **more),
    "histogram": lambda *said, **more: histogram(*said, [0.5, 0.75, 0.8], marks={"limit": 0.7}, **more),
    "heatmap": lambda *said, **more: heatmap(*said, ["Monday"], ["09", "10"], {("Monday", "09"): 0.5}, **more),
}
EMPTY: dict[str, Callable[..., pn.Column]] = {
    "bars": lambda *said, **more: bars(*said, [], **more),
    "lines": lambda *said, **more: lines(*said, [Series("web", [])], **more),
    "histogram": lambda *said, **more: histogram(*said, [], **more),
    "heatmap": lambda *said, **more: heatmap(*said, [], [], {}, **more),
}


@pytest.mark.parametrize("kind", CHARTS)
def test_a_chart_says_title_unit_and_period_and_has_its_figures_as_table_and_csv(kind: str) -> None:
    chart = CHARTS[kind]("Deflection", "share", "1 to 3 November 2026", empty="Wait.")
    html = "".join(pane.object for pane in chart.select(pn.pane.HTML))
    assert "<h2>Deflection</h2><p>share · 1 to 3 November 2026</p>" in html
    assert "<details><summary>Show as table" in html
    assert "0.5" in html
    (data,) = re.findall(r'href="data:text/csv;charset=utf-8;base64,([^"]+)"', html)
    rows = list(csv.reader(io.StringIO(base64.b64decode(data).decode())))
    assert any("0.5" in row for row in rows[1:])
    assert {len(row) for row in rows} == {len(rows[0])}
    (plot,) = chart.select(pn.pane.Bokeh)
    assert plot.object.references()


@pytest.mark.parametrize("missing", range(3))
@pytest.mark.parametrize("kind", CHARTS)
def test_no_chart_stands_without_title_unit_and_period(kind: str, missing: int) -> None:
    said = ["Deflection", "share", "November 2026"]
    said[missing] = " "
    with pytest.raises(InvalidInput, match="a title, a unit and a period"):
        CHARTS[kind](*said, empty="Wait.")


@pytest.mark.parametrize("kind", EMPTY)
def test_a_chart_of_nothing_says_what_to_do(kind: str) -> None:
    chart = EMPTY[kind]("Deflection", "share", "November 2026", empty="Choose a longer <period>.")
    assert not list(chart.select(pn.pane.Bokeh))
    assert "Choose a longer &lt;period&gt;." in "".join(pane.object for pane in chart.select(pn.pane.HTML))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), min_size=1), min_size=1))
def test_no_cell_of_a_csv_is_a_formula(cells: list[str]) -> None:
    table = Table([f"c{number}" for number in range(len(cells))], [cells])
    (_, row) = csv.reader(io.StringIO(table.csv(), newline=""))
    for kept, cell in zip(row, cells, strict=True):
        assert kept in (cell, f"'{cell}")
        assert not kept.startswith(("=", "+", "-", "@", "\t"))


@pytest.mark.parametrize("ink", [INK, QUIET, ACCENT, GOOD, BAD, WARN])
@pytest.mark.parametrize("ground", [SURFACE, GROUND])
def test_every_text_reads_on_every_ground(ink: str, ground: str) -> None:
    from apps.pages.theme import READABLE, contrast

    assert contrast(ink, ground) >= READABLE


def test_bars_keep_their_amounts_on_top_of_each_other() -> None:
    chart = bars(
        "Answers",
        "answers",
        "today",
        [Series("good", [("a", 2.0)]), Series("bad", [("a", 3.0)])],
        empty="",
        stacked=True,
    )
    (pane,) = chart.select(pn.pane.Bokeh)
    drawn: list[Any] = [each.data_source.data for each in pane.object.renderers]
    assert [(each["start"], each["end"]) for each in drawn] == [([0.0], [2.0]), ([2.0], [5.0])]
