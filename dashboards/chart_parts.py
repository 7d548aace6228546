"""What charts are made of: a plain plot, its legend above it, intervals, and the table of its series."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bokeh.models import ColumnDataSource
from bokeh.models.annotations import Legend, Span, TeeHead, Whisker
from bokeh.plotting import figure

from dashboards.chart_frame import Table
from dashboards.chart_scale import HEIGHT, BarScale, Label
from dashboards.theme import DASHES, INK, LINE, QUIET, SERIES

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


def add_whiskers(plot: Any, scale: BarScale, shift: float, series: Series, horizontal: bool) -> None:
    """The intervals of bars that stand `shift` off their labels' places."""
    known = [
        (label, pair) for (label, _), pair in zip(series.points, series.intervals, strict=True) if pair is not None
    ]
    source = ColumnDataSource(
        {
            "place": scale.places([label for label, _ in known], shift),
            "low": [pair[0] for _, pair in known],
            "high": [pair[1] for _, pair in known],
        }
    )
    whisker = Whisker(
        base=scale.placed(shift),
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
    # An axis makes room for glyphs, not for what is laid over them.
    ends = {"x": "high", "y": scale.placed(shift)} if horizontal else {"x": scale.placed(shift), "y": "high"}
    plot.scatter(**ends, source=source, size=1, alpha=0)


def add_limits(plot: Any, limits: Mapping[str, int], first: int) -> list[tuple[str, list[Any]]]:
    """Upright lines after so many bars, by name, and what a legend has of them. first: the number of the first one's
    colour."""
    legend = []
    for number, (name, after) in enumerate(limits.items(), start=first):
        look: dict[str, Any] = {"line_color": SERIES[number], "line_width": 2, "line_dash": DASHES[number]}
        plot.add_layout(Span(location=after, dimension="height", **look))
        # A span has no place in a legend: a line without length has.
        legend.append((name, [plot.line([after], [0], **look)]))
    return legend


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
