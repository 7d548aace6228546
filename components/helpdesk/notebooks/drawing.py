"""Charts for notebooks: each has a title and units, colours that everybody can tell apart, and its figures as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from components.helpdesk.evaluation.intervals import Interval

# Okabe and Ito (2008), in an order in which neighbours differ in lightness too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"
_WIDTH, _DOTS = 8.0, 110
_LONGEST_LABEL, _MOST_NUMBERS = 60, 15


@dataclass(frozen=True)
class Chart:
    """A picture that a notebook shows, and the same in words for who cannot see it."""

    png: bytes
    words: str

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"image/png": self.png, "text/plain": self.words}, {"image/png": {"alt": self.words}}


def bars(
    values: Mapping[str, float | Interval],
    *,
    title: str,
    unit: str,
    marks: Mapping[str, float] | None = None,
    chosen: Sequence[str] = (),
) -> Chart:
    """One horizontal bar a label, the first on top, with the interval where there is one. marks: lines across, by what
    they stand for. chosen: labels whose bars stand out. Raises ValueError without a value."""
    if not values:
        raise ValueError(f"{title!r}: a chart needs at least one value")
    figure, axes = _figure(0.34 * len(values) + 1.1, title)
    for place, (label, value) in enumerate(values.items()):
        colour = COLOURS[1] if label in chosen else COLOURS[0]
        axes.barh(place, _value(value), color=colour, hatch="//" if label in chosen else None, edgecolor="white")
        if not isinstance(value, int | float):
            axes.plot([value.low, value.high], [place, place], color="#000000", linewidth=1.6, marker="|")
    for number, (name, at) in enumerate((marks or {}).items()):
        axes.axvline(at, color=COLOURS[-1], linestyle=("--", ":")[number % 2], label=f"{name} {at:.3g}")
    if marks:
        axes.legend(loc="lower right")
    axes.set_yticks(range(len(values)), [_short(label) for label in values])
    axes.set_ylim(len(values) - 0.4, -0.6)
    axes.set_xlabel(unit)
    said = "; ".join(f"{label} {_said(value)}" for label, value in values.items())
    return _chart(figure, f"{title} ({unit}): {said}")


def histogram(values: Sequence[float], *, title: str, unit: str, counted: str) -> Chart:
    """How often each size occurs. counted: what the bars count. Raises ValueError without a value."""
    if not values:
        raise ValueError(f"{title!r}: a chart needs at least one value")
    figure, axes = _figure(3.2, title)
    axes.hist(values, bins=min(30, max(5, len(set(values)))), color=COLOURS[0], edgecolor="white")
    axes.set_xlabel(unit)
    axes.set_ylabel(counted)
    ordered = sorted(values)
    said = f"{len(values)} from {ordered[0]:g} to {ordered[-1]:g}, half of them below {ordered[len(ordered) // 2]:g}"
    return _chart(figure, f"{title} ({unit}): {said}")


def curves(
    lines: Mapping[str, Sequence[tuple[float, float]]],
    *,
    title: str,
    across: str,
    unit: str,
    marks: Mapping[str, float] | None = None,
) -> Chart:
    """One line a label through its points. across, unit: what the axes show. marks: upright lines, by what they stand
    for."""
    figure, axes = _figure(3.6, title)
    for number, (label, points) in enumerate(lines.items()):
        across_values, values = zip(*points, strict=True)
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        every = max(1, len(points) // 12)
        axes.plot(across_values, values, label=label, color=colour, marker=marker, markevery=every)
    for name, at in (marks or {}).items():
        axes.axvline(at, color="#000000", linestyle="--", label=f"{name} {at:.3g}")
    axes.set_xlabel(across)
    axes.set_ylabel(unit)
    axes.legend()
    said = "; ".join(f"{label} from {points[0][1]:.3g} to {points[-1][1]:.3g}" for label, points in lines.items())
    return _chart(figure, f"{title} ({unit} by {across}): {said}")


def heatmap(
    rows: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[float]], *, title: str, unit: str
) -> Chart:
    """A square a pair, darker for more, with its number where there is room."""
    figure, axes = _figure(0.3 * len(rows) + 2.2, title)
    axes.imshow(counts, cmap="Blues", aspect="auto")
    most = max((value for line in counts for value in line), default=0) or 1
    if max(len(rows), len(columns)) <= _MOST_NUMBERS:
        for down, line in enumerate(counts):
            for right, value in enumerate(line):
                if value:
                    ink = "white" if value > most / 2 else "black"
                    axes.text(right, down, f"{value:g}", ha="center", va="center", color=ink)
    axes.set_yticks(range(len(rows)), [_short(label) for label in rows])
    axes.set_xticks(range(len(columns)), [_short(label) for label in columns], rotation=60, ha="right")
    axes.grid(visible=False)
    return _chart(figure, f"{title} ({unit}): {len(rows)} rows by {len(columns)} columns, at most {most:g}")


def _figure(height: float, title: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    axes = figure.subplots()
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    axes.grid(visible=True, color="#dddddd")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _chart(figure: Figure, words: str) -> Chart:
    written = BytesIO()
    figure.savefig(written, format="png", dpi=_DOTS)
    return Chart(written.getvalue(), words)


def _value(value: float | Interval) -> float:
    return value if isinstance(value, int | float) else value.value


def _said(value: float | Interval) -> str:
    return (
        f"{value:.3g}" if isinstance(value, int | float) else f"{value.value:.3g} ({value.low:.3g} to {value.high:.3g})"
    )


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"
