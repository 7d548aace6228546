"""Groups a document's blocks under their headings, for chunks that are about one thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from components.knowledge.blocks import Block


@dataclass(frozen=True)
class Section:
    """The blocks between one heading and the next. `path`: the headings above them, outermost first."""

    path: tuple[Block, ...]
    blocks: tuple[Block, ...]


def sections(found: Sequence[Block]) -> list[Section]:
    """The sections of a document in order, none of them empty.

    A heading with neither text nor headings below it becomes text under its parent, together with
    such headings next to it: so its words are kept without a passage about each.
    """
    outline = list(_outline(found))
    filled: list[Section] = []
    bare: list[Block] = []
    bare_path: tuple[Block, ...] = ()
    for position, section in enumerate(outline):
        following = outline[position + 1].path if position + 1 < len(outline) else ()
        is_bare = not section.blocks and following[: len(section.path)] != section.path
        if bare and not (is_bare and section.path[:-1] == bare_path):
            filled.append(Section(bare_path, tuple(bare)))
            bare = []
        if is_bare:
            bare_path = section.path[:-1]
            bare.append(section.path[-1])
        elif section.blocks:
            filled.append(section)
    if bare:
        filled.append(Section(bare_path, tuple(bare)))
    return filled


def _outline(found: Sequence[Block]) -> Iterator[Section]:
    path: tuple[Block, ...] = ()
    body: list[Block] = []
    for block in found:
        if block.kind != "heading":
            body.append(block)
            continue
        yield Section(path, tuple(body))
        path = (*(above for above in path if above.level < block.level), block)
        body = []
    yield Section(path, tuple(body))
