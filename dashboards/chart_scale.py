"""Where bars stand: days on a calendar, everything else side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from bokeh.models import FactorRange
from bokeh.transform import dodge

from dashboards.chart_frame import told

HEIGHT = 280
_DAY_MILLISECONDS = 86_400_000

Label = str | date | float


@dataclass(frozen=True)
class BarScale:
    """axes: what a plot needs for it. factors: None where it is a calendar. Widths and shifts are parts of the room
    that one label has."""

    axes: dict[str, Any]
    factors: FactorRange | None
    height: int
    is_crowded: bool

    def places(self, labels: Sequence[Label], shift: float) -> list[Any]:
        """The column `place` of a source."""
        if self.factors is not None:
            return [label_text(label) for label in labels]
        return [along(label) + timedelta(hours=12 + 24 * shift) for label in labels]

    def placed(self, shift: float) -> Any:
        """What a glyph is told of that column."""
        return "place" if self.factors is None else dodge("place", shift, range=self.factors)

    def thickness(self, width: float) -> float:
        return width if self.factors is not None else width * _DAY_MILLISECONDS


def make_scale(labels: Sequence[Label], horizontal: bool) -> BarScale:
    """Of labels that are all different."""
    if not horizontal and all(isinstance(label, date) for label in labels):
        return BarScale({"x_axis_type": "datetime"}, None, HEIGHT, is_crowded=False)
    names = [label_text(label) for label in labels]
    factors = FactorRange(factors=names[::-1] if horizontal else names)
    # A label may need two lines.
    room = 28 if max(map(len, names)) <= 20 else 36
    height = max(130, 90 + room * len(names)) if horizontal else HEIGHT
    return BarScale(
        {"y_range" if horizontal else "x_range": factors}, factors, height, is_crowded=sum(map(len, names)) > 70
    )


def along(label: Label) -> Any:
    """Where a label is on an axis of days or numbers. A date itself would be sent to the browser as a text."""
    return datetime.combine(label, time()) if isinstance(label, date) else label


def label_text(label: Label) -> str:
    """As it stands at an axis."""
    if isinstance(label, date):
        return f"{label.day} {label:%b %Y}"
    return label if isinstance(label, str) else told(label)
