"""What charts are made of: a plain plot, its legend above it, intervals, and the table of its series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bokeh.models import ColumnDataSource
from bokeh.models.annotations import Legend, TeeHead, Whisker
from bokeh.plotting import figure

from dashboards.chart_frame import Table, told
from dashboards.theme import INK, LINE, QUIET

HEIGHT = 280

Label = str | date | float
Interval = tuple[float, float] | None


@dataclass(frozen=True)
class Series:
    """One line, or the bars of one colour. points: a figure at each label; None where there is none. intervals: where
    given, one for each point."""

    name: str
    points: Sequence[tuple[Label, float | None]]
    intervals: Sequence[Interval] = field(default=())


def make_plot(unit: str, height: int = HEIGHT, **more: Any) -> Any:
    """An empty one. unit: what its upright axis counts."""
    plot = figure(height=height, sizing_mode="stretch_width", toolbar_location=None, tools="", **more)
    plot.outline_line_color = None
    plot.xgrid.grid_line_color = None
    plot.ygrid.grid_line_color = LINE
    plot.axis.axis_line_color = QUIET
    plot.axis.major_label_text_color = INK
    plot.axis.major_label_text_font_size = "12px"
    plot.axis.axis_label_text_font_style = "normal"
    plot.axis.minor_tick_line_color = None
    plot.min_border_right = 16
    return plot


def add_legend(plot: Any, entries: Sequence[tuple[str, Sequence[Any]]]) -> None:
    """Above the plot, so that it hides nothing; none where there is one series."""
    if len(entries) > 1:
        plot.add_layout(
            Legend(
                items=[(name, list(drawn)) for name, drawn in entries], orientation="horizontal", border_line_color=None
            ),
            "above",
        )


def add_whiskers(plot: Any, place: Any, series: Series, horizontal: bool) -> None:
    """The intervals of bars. place: where each bar stands, by its label."""
    known = [
        (label_text(label), pair)
        for (label, _), pair in zip(series.points, series.intervals, strict=True)
        if pair is not None
    ]
    source = ColumnDataSource(
        {
            "label": [label for label, _ in known],
            "low": [pair[0] for _, pair in known],
            "high": [pair[1] for _, pair in known],
        }
    )
    whisker = Whisker(
        base=place,
        lower="low",
        upper="high",
        source=source,
        dimension="width" if horizontal else "height",
        line_color=INK,
        line_width=1.5,
        level="overlay",
        upper_head=TeeHead(size=8, line_color=INK),
        lower_head=TeeHead(size=8, line_color=INK),
    )
    plot.add_layout(whisker)


def table_of(series: Sequence[Series], unit: str) -> Table:
    """A row a label, a column a series, and its interval beside it."""
    names = ["label"]
    for each in series:
        names.append(f"{each.name} ({unit})" if each.name else unit)
        names += ["from", "to"] if each.intervals else []
    labels = list(dict.fromkeys(label for each in series for label, _ in each.points))
    found = [_by_label(each) for each in series]
    rows = [(label, *(cell for cells in found for cell in cells(label))) for label in labels]
    return Table(names, rows)


def _by_label(series: Series) -> Callable[[Label], tuple[Any, ...]]:
    values = dict(series.points)
    if not series.intervals:
        return lambda label: (values.get(label),)
    pairs = {label: pair for (label, _), pair in zip(series.points, series.intervals, strict=True)}
    return lambda label: (values.get(label), *(pairs.get(label) or (None, None)))


def label_text(label: Label) -> str:
    """As it stands at an axis."""
    if isinstance(label, date):
        return f"{label.day} {label:%b %Y}"
    return label if isinstance(label, str) else told(label)
