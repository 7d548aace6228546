"""The charts of all pages, over Bokeh: none without title, unit and period, and none that only eyes can read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import panel as pn
from bokeh.models import ColumnDataSource, FactorRange, HoverTool
from bokeh.transform import dodge

from dashboards.chart_fields import heatmap, histogram
from dashboards.chart_frame import Heading, framed, told
from dashboards.chart_parts import (
    HEIGHT,
    Interval,
    Label,
    Series,
    add_legend,
    add_whiskers,
    label_text,
    make_plot,
    table_of,
)
from dashboards.theme import DASHES, HATCHES, MARKERS, SERIES

__all__ = ["Interval", "Label", "Series", "bars", "heatmap", "histogram", "lines"]

# More than this nobody tells apart.
MOST_SERIES = len(SERIES)


def bars(
    title: str,
    unit: str,
    period: str,
    series: Sequence[Series],
    *,
    empty: str,
    stacked: bool = False,
    horizontal: bool = False,
) -> pn.Column:
    """Bars side by side, or on top of each other. empty: what to do where there is nothing. Labels of the first series
    come first."""
    heading, series = Heading(title, unit, period), _checked(series)
    table = table_of(series, unit)
    labels = list(dict.fromkeys(label_text(label) for each in series for label, _ in each.points))
    if not labels:
        return framed(heading, table, None, empty)
    factors = FactorRange(factors=labels[::-1] if horizontal else labels)
    height = max(HEIGHT, 60 + 26 * len(labels)) if horizontal else HEIGHT
    plot = make_plot(unit, height, **({"y_range": factors} if horizontal else {"x_range": factors}))
    below = dict.fromkeys(labels, 0.0)
    width = 0.8 / (1 if stacked else len(series))
    legend = []
    for number, each in enumerate(series):
        known = [(label_text(label), value) for label, value in each.points if value is not None]
        names, values = [label for label, _ in known], [value for _, value in known]
        starts = [below[label] if stacked else 0.0 for label in names]
        ends = [start + value for start, value in zip(starts, values, strict=True)]
        for label, end in zip(names, ends, strict=True):
            below[label] = end
        source = ColumnDataSource(
            {"label": names, "start": starts, "end": ends, "value": values, "said": [told(value) for value in values]}
        )
        shift = 0.0 if stacked else (number - (len(series) - 1) / 2) * width
        look: dict[str, Any] = {
            "fill_color": SERIES[number],
            "line_color": "white",
            "hatch_pattern": HATCHES[number],
            "hatch_color": "white",
            "hatch_alpha": 0.55,
            "source": source,
        }
        place = dodge("label", shift, range=factors)
        if horizontal:
            drawn = plot.hbar(y=place, left="start", right="end", height=width * 0.92, **look)
        else:
            drawn = plot.vbar(x=place, bottom="start", top="end", width=width * 0.92, **look)
        plot.add_tools(HoverTool(renderers=[drawn], tooltips=[(each.name or unit, "@label: @said")]))
        legend.append((each.name, [drawn]))
        if each.intervals and not stacked:
            add_whiskers(plot, place, each, horizontal)
    if horizontal:
        plot.x_range.start = 0 if min(below.values()) >= 0 else None
    else:
        plot.y_range.start = 0 if min(below.values()) >= 0 else None
        plot.xaxis.major_label_orientation = 0.7 if sum(map(len, labels)) > 70 else "horizontal"
    add_legend(plot, legend)
    return framed(heading, table, plot, empty)


def lines(title: str, unit: str, period: str, series: Sequence[Series], *, empty: str) -> pn.Column:
    """Lines over days or numbers, with a band where there are intervals; broken where a figure is missing."""
    heading, series = Heading(title, unit, period), _checked(series)
    table = table_of(series, unit)
    if not table.rows:
        return framed(heading, table, None, empty)
    first = next(label for each in series for label, _ in each.points)
    plot = make_plot(unit, HEIGHT, x_axis_type="datetime" if isinstance(first, date) else "linear")
    legend = []
    for number, each in enumerate(series):
        colour = SERIES[number]
        # Bokeh writes a bare date as text, and then finds no range to draw it in.
        at = [datetime.combine(label, time.min) if isinstance(label, date) else label for label, _ in each.points]
        values = [math.nan if value is None else value for _, value in each.points]
        if each.intervals:
            low = [math.nan if pair is None else pair[0] for pair in each.intervals]
            high = [math.nan if pair is None else pair[1] for pair in each.intervals]
            plot.varea(x=at, y1=low, y2=high, fill_color=colour, fill_alpha=0.15)
        source = ColumnDataSource(
            {
                "at": at,
                "value": values,
                "label": [label_text(label) for label, _ in each.points],
                "said": [told(each) for each in values],
            }
        )
        line = plot.line("at", "value", source=source, color=colour, line_width=2, line_dash=DASHES[number])
        dots = plot.scatter("at", "value", source=source, color=colour, size=6, marker=MARKERS[number])
        plot.add_tools(HoverTool(renderers=[dots], tooltips=[(each.name or unit, "@label: @said")]))
        legend.append((each.name, [line, dots]))
    add_legend(plot, legend)
    return framed(heading, table, plot, empty)


def _checked(series: Sequence[Series]) -> Sequence[Series]:
    if len(series) > MOST_SERIES:
        raise ValueError(f"{len(series)} series: {MOST_SERIES} at most can be told apart, sum the rest up as one")
    return [each for each in series if each.points]
