"""What charts are made of: a plain plot, its legend above it, intervals, and the table of its series."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bokeh.models import ColumnDataSource, CustomJS, CustomJSTickFormatter
from bokeh.models.annotations import Legend, Span, TeeHead, Whisker
from bokeh.plotting import figure

from dashboards.chart_frame import Table
from dashboards.chart_scale import HEIGHT, BarScale, Label
from dashboards.theme import DASHES, INK, LINE, QUIET, SERIES

Interval = tuple[float, float] | None
# Two lines at most, shorter ones on a phone, so that bars keep their room; the whole label is in tooltip and table.
_WRAP = """
const most = window.innerWidth < 700 ? 20 : 44;
if (tick.length <= most) return tick;
const gap = Math.max(...[" ", "/", "-", "_"].map((sign) => tick.lastIndexOf(sign, most - 1))) + 1;
const cut = gap > most / 3 ? gap : most;
const rest = tick.slice(cut);
return tick.slice(0, cut).trimEnd() + "\\n" + (rest.length > most ? rest.slice(0, most - 1) + "…" : rest);
"""
_FIT = """
const columns = Math.max(1, Math.min(most, Math.floor(cb_obj.inner_width / longest)));
legend.ncols = columns;
cb_obj.height = height + row * (Math.ceil(most / columns) - 1);
"""
# Pixels, the larger rather than the smaller.
_SWATCH, _LETTER, _ROW = 44, 6.5, 30
# Of many names side by side a phone shows each third.
_THIN = 'return window.innerWidth < 700 && index % 3 ? "" : tick'
_MANY = 12


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
    """Above the plot, so that it hides nothing, in as many columns as fit; none where there is one series."""
    if len(entries) < 2:
        return
    legend = Legend(
        items=[(name, list(drawn)) for name, drawn in entries],
        orientation="horizontal",
        spacing=12,
        border_line_color=None,
    )
    plot.add_layout(legend, "above")
    longest = _SWATCH + _LETTER * max(len(name) for name, _ in entries)
    known = {"legend": legend, "longest": longest, "most": len(entries), "height": plot.height, "row": _ROW}
    plot.js_on_change("inner_width", CustomJS(args=known, code=_FIT))


def wrap_labels(plot: Any) -> None:
    """Of bars that lie."""
    plot.yaxis.formatter = CustomJSTickFormatter(code=_WRAP)


def thin_labels(plot: Any, count: int) -> None:
    """Of so many columns."""
    if count > _MANY:
        plot.xaxis.formatter = CustomJSTickFormatter(code=_THIN)


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
