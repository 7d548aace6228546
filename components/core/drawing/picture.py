"""A graph of boxes and arrows as an SVG picture: by colour and by word, with a title and a description, no script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from components.core.drawing.layers import layers_of

_WIDTH, _HEIGHT, _GAP, _BETWEEN, _EDGE = 190, 66, 70, 34, 24
_LONGEST = 24
_CROWDED = 3
_PLAIN = ("#f4f4f5", "#60646c")
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1a1a1a}.small{font-size:11px;fill:#4a4d55}.state{font-weight:600}"
    ".label{paint-order:stroke;stroke:#fff;stroke-width:3px}"
    "path{fill:none;stroke:#60646c;stroke-width:1.5;stroke-linejoin:round}"
)


@dataclass(frozen=True)
class Box:
    """name: its own within the picture. about: one line under its heading, and `state` one below, in bold. said: in
    whole, where the pointer rests. colours: of its ground and its line; the words say the same."""

    name: str
    heading: str
    about: str
    state: str = ""
    said: str = ""
    colours: tuple[str, str] = _PLAIN
    dashed: bool = False


@dataclass(frozen=True)
class Arrow:
    """port of ports: where it leaves its box, from 0 at the top."""

    source: str
    target: str
    label: str = ""
    dashed: bool = False
    port: int = 0
    ports: int = 1


def draw(title: str, described: str, boxes: Sequence[Box], arrows: Sequence[Arrow]) -> str:
    """The picture. Every box is a group with its name as `data-node`."""
    layers, back = layers_of([box.name for box in boxes], [(arrow.source, arrow.target) for arrow in arrows])
    tallest = max(map(len, layers))
    places = {
        name: (
            _EDGE + number * (_WIDTH + _GAP),
            _EDGE + row * (_HEIGHT + _BETWEEN) + (tallest - len(layer)) * (_HEIGHT + _BETWEEN) // 2,
        )
        for number, layer in enumerate(layers)
        for row, name in enumerate(layer)
    }
    width = 2 * _EDGE + len(layers) * (_WIDTH + _GAP) - _GAP
    height = 2 * _EDGE + tallest * (_HEIGHT + _BETWEEN) - _BETWEEN + (_BETWEEN if back else 0)
    by_name = {box.name: box for box in boxes}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">',
        f'<title id="title">{_text(title)}</title>',
        f'<desc id="desc">{_text(described)}</desc>',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<polygon points="0,0 8,4 0,8" fill="#60646c"/></marker></defs>',
        *(_arrow(arrow, places, (arrow.source, arrow.target) in back, height) for arrow in arrows),
        *(part for name, place in places.items() for part in _box(by_name[name], place)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _box(box: Box, place: tuple[int, int]) -> Iterator[str]:
    (fill, line), (x, y) = box.colours, place
    dashed = ' stroke-dasharray="5 4"' if box.dashed else ""
    size = f'width="{_WIDTH}" height="{_HEIGHT}" rx="8"'
    yield f"<g data-node={quoteattr(_printable(box.name))}><title>{_text(box.said or box.heading)}</title>"
    yield f'<rect x="{x}" y="{y}" {size} fill="{fill}" stroke="{line}" stroke-width="1.5"{dashed}/>'
    yield f'<text x="{x + 12}" y="{y + 21}">{_text(_short(box.heading))}</text>'
    yield f'<text class="small" x="{x + 12}" y="{y + 38}">{_text(_short(box.about))}</text>'
    yield f'<text class="small state" x="{x + 12}" y="{y + 55}">{_text(box.state)}</text></g>'


def _arrow(arrow: Arrow, places: Mapping[str, tuple[int, int]], is_back: bool, height: int) -> str:
    (x1, y1), (x2, y2) = places[arrow.source], places[arrow.target]
    y1 += _HEIGHT * (arrow.port + 1) // (arrow.ports + 1)
    y2 += _HEIGHT // 2
    if is_back:
        low, y2 = height - _EDGE // 2, y2 + 16
        path = f"M{x1 + _WIDTH},{y1} h22 V{low} H{x2 - 22} V{y2} h22"
    else:
        middle = (x1 + _WIDTH + x2) // 2
        path = f"M{x1 + _WIDTH},{y1} C{middle},{y1} {middle},{y2} {x2},{y2}"
    dashed = ' stroke-dasharray="5 4"' if is_back or arrow.dashed else ""
    drawn = f'<path d="{path}" marker-end="url(#tip)"{dashed}/>'
    if not arrow.label:
        return drawn
    if arrow.ports > _CROWDED and not is_back:
        # Where they leave they would stand on each other.
        return (
            f'{drawn}<text class="small label" x="{x2 - 12}" y="{y2 - 5}" text-anchor="end">{_text(arrow.label)}</text>'
        )
    return f'{drawn}<text class="small label" x="{x1 + _WIDTH + 5}" y="{y1 - 4}">{_text(arrow.label)}</text>'


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _text(text: str) -> str:
    return escape(_printable(text))


def _printable(text: str) -> str:
    """As XML takes it, which knows few control characters."""
    return "".join(each if each.isprintable() else " " for each in text)
