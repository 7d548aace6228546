"""The charts of all pages, over Bokeh: none without title, unit and period, and none that only eyes can read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import panel as pn
from bokeh.models import ColumnDataSource, HoverTool

from dashboards.chart_fields import heatmap, histogram
from dashboards.chart_frame import Heading, framed, told
from dashboards.chart_parts import (
    Interval,
    Series,
    add_legend,
    add_limits,
    add_whiskers,
    make_plot,
    table_of,
    wrap_labels,
)
from dashboards.chart_scale import HEIGHT, Label, along, label_text, make_scale
from dashboards.chart_taps import Chosen, add_taps
from dashboards.theme import DASHES, HATCHES, MARKERS, SERIES

__all__ = ["Chosen", "Interval", "Label", "Series", "bars", "heatmap", "histogram", "lines"]

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
    chosen: Chosen | None = None,
    limits: Mapping[str, int] | None = None,
) -> pn.Column:
    """Bars side by side, or on top of each other; those of days stand on a calendar. empty: what to do where there is
    nothing. Labels of the first series come first. chosen: is told, in a thread, which bar was clicked. limits: lines
    to be seen between upright bars, by name, and after how many bars."""
    heading, series = Heading(title, unit, period), _checked(series)
    table = table_of(series, unit)
    labels = list(dict.fromkeys(label for each in series for label, _ in each.points))
    if not labels:
        return framed(heading, table, None, empty)
    scale = make_scale(labels, horizontal)
    plot = make_plot(unit, scale.height, **scale.axes)
    below = dict.fromkeys(labels, 0.0)
    width = 0.8 / (1 if stacked else len(series))
    legend = []
    for number, each in enumerate(series):
        known = [(label, value) for label, value in each.points if value is not None]
        names, values = [label for label, _ in known], [value for _, value in known]
        starts = [below[label] if stacked else 0.0 for label in names]
        ends = [start + value for start, value in zip(starts, values, strict=True)]
        for label, end in zip(names, ends, strict=True):
            below[label] = end
        shift = 0.0 if stacked else (number - (len(series) - 1) / 2) * width
        source = ColumnDataSource(
            {
                "label": [label_text(label) for label in names],
                "place": scale.places(names, shift),
                "start": starts,
                "end": ends,
                "said": [told(value) for value in values],
            }
        )
        look: dict[str, Any] = {
            "fill_color": SERIES[number],
            "line_color": "white",
            "hatch_pattern": HATCHES[number],
            "hatch_color": "white",
            "hatch_alpha": 0.55,
            "source": source,
        }
        place, thick = scale.placed(shift), scale.thickness(width * 0.92)
        if horizontal:
            drawn = plot.hbar(y=place, left="start", right="end", height=thick, **look)
        else:
            drawn = plot.vbar(x=place, bottom="start", top="end", width=thick, **look)
        plot.add_tools(HoverTool(renderers=[drawn], tooltips=[(each.name or unit, "@label: @said")]))
        legend.append((each.name, [drawn]))
        if each.intervals and not stacked:
            add_whiskers(plot, scale, shift, each, horizontal)
        if chosen is not None:
            add_taps(plot, drawn, each.name, names, chosen)
    if horizontal:
        wrap_labels(plot)
        plot.x_range.start = 0 if min(below.values()) >= 0 else None
    else:
        plot.y_range.start = 0 if min(below.values()) >= 0 else None
        if scale.is_crowded:
            plot.xaxis.major_label_orientation = 0.7
            plot.min_border_left = 70
    add_legend(plot, legend + add_limits(plot, limits or {}, len(series)))
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
        labels = [label for label, _ in each.points]
        at = [along(label) for label in labels]
        values = [math.nan if value is None else value for _, value in each.points]
        if each.intervals:
            low = [math.nan if pair is None else pair[0] for pair in each.intervals]
            high = [math.nan if pair is None else pair[1] for pair in each.intervals]
            plot.varea(x=at, y1=low, y2=high, fill_color=colour, fill_alpha=0.15)
        source = ColumnDataSource(
            {
                "at": at,
                "value": values,
                "label": [label_text(label) for label in labels],
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
