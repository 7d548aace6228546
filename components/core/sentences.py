"""Where each sentence of a Markdown text begins and ends: what chunking cuts at and extraction quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

# Lower case, without the last dot. Those of the first set always go on; those of the second go on
# only before a number or a lower-case word ("approx. 5 days", but "phones etc. The next ...").
_TITLES = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "hon", "gen", "capt", "lt", "sgt"}
    | {"e.g", "i.e", "eg", "ie", "cf", "vs", "viz", "fig", "figs", "vol", "nos", "z.b", "d.h", "bzw", "p.ej"}
)
_SHORTENED = frozenset(
    {"no", "nr", "approx", "ca", "etc", "inc", "ltd", "co", "corp", "dept", "est", "max", "min", "ext", "tel", "sec"}
    | {
        "art",
        "par",
        "p",
        "pp",
        "ch",
        "u.s",
        "u.k",
        "a.m",
        "p.m",
        "ave",
        "blvd",
        "rd",
        "ed",
        "eds",
        "al",
        "resp",
        "incl",
    }
    | {"jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"}
    | {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
)

# Runs are taken whole (possessive), so that a line of a million dots costs one step.
_END = re.compile(r"[.!?…]++[\"'”’»)\]*_`]*+|[。！？｡．؟۔।॥]++[」』”’）]*+")
_LAST_WORD = re.compile(r"[\w.]+$")
_MARKER = re.compile(r"[ \t>]*(?:[-*+•]|\d{1,9}[.)])[ \t]+")
_STARTS_BLOCK = re.compile(r"[ \t>]*(?:(?:[-*+•]|\d{1,9}[.)])(?=[ \t\r\n])|#{1,6}(?=[ \t\r\n])|\||>|~{3,})")
_HEADING = re.compile(r"[ \t>]*#{1,6}(?=[ \t\r\n]|$)")
_FENCE = re.compile(r"[ \t>]*(`{3,}(?=[^`]*$)|~{3,})")
_RULE = re.compile(r"[ \t>]*(?:=+|-+|\*[ \t]*\*[ \t*]*|_[ \t]*_[ \t_]*)$")


def sentence_spans(text: str) -> list[Span]:
    """Character offsets (start, end) of the sentences of `text`, plain or Markdown, in order.

    Spans do not overlap, begin and end with a visible character, and together hold every visible
    character. A heading, a row of a table, a line of its own that rules off, and a fenced code block
    are one unit each; a list item's marker belongs to its first sentence. A line break within a
    paragraph ends nothing. Takes time linear in the text. Rules, not a model: a full stop before
    white space ends a sentence unless an abbreviation, an initial or a list number stands before it,
    or the text goes on in lower case.

    >>> text = "Dr. Lee waits 2.5 days. Then?"
    >>> [text[start:end] for start, end in sentence_spans(text)]
    ['Dr. Lee waits 2.5 days.', 'Then?']
    """
    return [
        span
        for start, end, whole in _units(text)
        for span in ([_trimmed(text, start, end)] if whole else _split(text, start, end))
        if span[0] < span[1]
    ]


def _units(text: str) -> Iterator[tuple[int, int, bool]]:
    """Stretches that no sentence crosses: (start, end, whether the stretch is one unit)."""
    open_from: int | None = None
    fence, fence_from = "", 0
    offset = 0
    for line in text.splitlines(keepends=True):
        start, offset = offset, offset + len(line)
        if fence:
            closing = _FENCE.match(line)
            if closing and closing[1].startswith(fence) and not line[closing.end() :].strip():
                yield fence_from, offset, True
                fence = ""
            continue
        bare = line.strip()
        opening = _FENCE.match(line)
        whole = bool(opening or _HEADING.match(line) or bare.startswith("|"))
        ruled = _RULE.match(line.rstrip()) is not None
        if not bare or whole or ruled or _STARTS_BLOCK.match(line):
            if open_from is not None:
                yield open_from, start, False
            open_from = None
        if opening:
            fence, fence_from = opening[1], start
        elif whole or ruled:
            yield start, offset, True
        elif bare and open_from is None:
            open_from = start
    if fence:
        yield fence_from, len(text), True
    elif open_from is not None:
        yield open_from, len(text), False


def _split(text: str, start: int, end: int) -> Iterator[Span]:
    begin, end = _trimmed(text, start, end)
    marker = _MARKER.match(text, begin, end)
    search_from = marker.end() if marker else begin
    for match in _END.finditer(text, search_from, end):
        if match.end() < end and _ends_sentence(text, begin, match):
            yield begin, match.end()
            begin = _skip_blank(text, match.end(), end)
    yield begin, end


def _ends_sentence(text: str, begin: int, match: re.Match[str]) -> bool:
    mark, after = text[match.start()], match.end()
    if mark in "。！？｡．؟۔।॥":
        return True
    if not text[after].isspace():
        return False
    following = _peek(text, after)
    if following[:1].islower() and not following[1:2].isupper():
        return False
    if mark != "." or match[0].startswith(".."):
        return True
    found = _LAST_WORD.search(text, max(begin, match.start() - 24), match.start())
    word = found[0].casefold() if found else ""
    is_initial = len(word) == 1 and word != "i" and text[match.start() - 1].isupper()
    if is_initial or word in _TITLES:
        return False
    if word in _SHORTENED:
        return not following[:1].isdigit()
    # "Step 3. Open the lid" is one sentence.
    leads_in = word.isdigit() and len(word) < 3 and match.start() - begin < 16
    return not (leads_in and len(text[begin : match.start()].split()) <= 2)


def _peek(text: str, index: int) -> str:
    """The first two letters or digits after the white space and opening marks at `index`."""
    while index < len(text) and (text[index].isspace() or text[index] in "\"'“‘«([*_`"):
        index += 1
    return text[index : index + 2]


def _skip_blank(text: str, index: int, end: int) -> int:
    while index < end and text[index].isspace():
        index += 1
    return index


def _trimmed(text: str, start: int, end: int) -> Span:
    start = _skip_blank(text, start, end)
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
