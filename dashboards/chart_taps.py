"""Clicks on bars, told to whoever made the chart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import panel as pn
from bokeh.models import TapTool

from dashboards.chart_scale import Label

Chosen = Callable[[str, Label], None]
"""Is given the name of the series and the label of a bar."""


def add_taps(plot: Any, bars: Any, name: str, labels: Sequence[Label], chosen: Chosen) -> None:
    """bars: drawn already, in the order of `labels`. No bar stays chosen, so that the same one can be clicked again."""
    bars.nonselection_glyph = None
    plot.add_tools(TapTool(renderers=[bars]))
    selected = bars.data_source.selected

    def tell(_attribute: str, _old: list[int], new: list[int]) -> None:
        if new:
            selected.indices = []
            # In a thread: what follows asks for figures, and this is the loop that serves everybody.
            pn.state.execute(partial(chosen, name, labels[new[0]]), schedule="thread")

    selected.on_change("indices", tell)
