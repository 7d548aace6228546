"""Charts of how values are spread: over sizes, and over the fields of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import panel as pn
from bokeh.models import BasicTicker, ColumnDataSource, FactorRange, HoverTool, LinearColorMapper
from bokeh.models.annotations import ColorBar, Span

from dashboards.chart_frame import Heading, Table, framed, told
from dashboards.chart_parts import add_legend, make_plot, thin_labels
from dashboards.chart_scale import HEIGHT
from dashboards.theme import DASHES, LINE, SCALE, SERIES


def histogram(
    title: str,
    unit: str,
    period: str,
    values: Sequence[float],
    *,
    empty: str,
    bins: int = 20,
    marks: Mapping[str, float] | None = None,
) -> pn.Column:
    """How often each size occurs. unit: of the values. marks: limits to be seen in it, by their names."""
    heading = Heading(title, unit, period)
    if not len(values):
        return framed(heading, Table((), ()), None, empty)
    counts, edges = np.histogram(np.asarray(values, dtype=float), bins=bins)
    rows = [(float(low), float(high), int(count)) for (low, high), count in zip(pairwise(edges), counts, strict=True)]
    table = Table((f"from ({unit})", f"to ({unit})", "how many"), rows)
    plot = make_plot("how many", HEIGHT, x_axis_label=unit)
    source = ColumnDataSource({"low": edges[:-1], "high": edges[1:], "count": counts})
    drawn = plot.quad(
        left="low", right="high", bottom=0, top="count", source=source, fill_color=SERIES[0], line_color="white"
    )
    plot.add_tools(HoverTool(renderers=[drawn], tooltips=[("@low{0.[00]} to @high{0.[00]}", "@count")]))
    plot.y_range.start = 0
    legend = [("values", [drawn])]
    for number, (name, value) in enumerate((marks or {}).items(), start=1):
        plot.add_layout(
            Span(location=value, dimension="height", line_color=SERIES[number], line_width=2, line_dash=DASHES[number])
        )
        # A span has no place in a legend: a line without length has.
        drawn = plot.line([value], [0], color=SERIES[number], line_width=2, line_dash=DASHES[number])
        legend.append((f"{name}: {told(float(value))} {unit}", [drawn]))
    add_legend(plot, legend if marks else [])
    return framed(heading, table, plot, empty)


def heatmap(
    title: str,
    unit: str,
    period: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Mapping[tuple[str, str], float],
    *,
    empty: str,
) -> pn.Column:
    """A field for each row and column, darker for more; none where there is no value."""
    heading = Heading(title, unit, period)
    known = [(row, column, values[row, column]) for row in rows for column in columns if (row, column) in values]
    table = Table(("row", "column", unit), known)
    if not known:
        return framed(heading, table, None, empty)
    amounts = [value for _, _, value in known]
    mapper = LinearColorMapper(palette=list(SCALE), low=min(0.0, *amounts), high=max(*amounts, 1e-9))
    plot = make_plot(
        "",
        max(HEIGHT, 80 + 26 * len(rows)),
        x_range=FactorRange(factors=list(columns)),
        y_range=FactorRange(factors=list(rows)[::-1]),
    )
    source = ColumnDataSource(
        {
            "row": [row for row, _, _ in known],
            "column": [column for _, column, _ in known],
            "value": amounts,
            "said": [told(value) for value in amounts],
        }
    )
    drawn = plot.rect(
        "column",
        "row",
        0.98,
        0.96,
        source=source,
        fill_color={"field": "value", "transform": mapper},
        line_color=LINE,
    )
    plot.add_tools(HoverTool(renderers=[drawn], tooltips=[("@row, @column", f"@said {unit}")]))
    plot.add_layout(ColorBar(color_mapper=mapper, ticker=BasicTicker(desired_num_ticks=5), title=unit), "right")
    thin_labels(plot, len(columns))
    plot.xaxis.major_label_orientation = 0.7 if sum(map(len, columns)) > 70 else "horizontal"
    plot.grid.visible = False
    return framed(heading, table, plot, empty)
