"""Cuts a document into passages small enough for the embedder to read whole, each about one thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from components.core.documents import Chunk, Document, chunk_id, embedding_text
from components.core.errors import InvalidInput
from components.core.sentences import sentence_spans
from components.knowledge.blocks import Block, blocks
from components.knowledge.headings import HeadingLine, TokenSpans, fit_headings
from components.knowledge.packing import packed
from components.knowledge.sections import Section, sections
from components.knowledge.splitting import Piece, TokenIndex, pieces

SMALLEST_MAX_TOKENS = 16


def chunk(document: Document, *, token_spans: TokenSpans, max_tokens: int, overlap: int) -> list[Chunk]:
    """The passages of a document in order.

    Every heading starts a section, and no chunk crosses one. A section longer than a chunk is cut in
    parts of about the same length at block borders, else between sentences, words, tokens; later parts
    of a table repeat its header. Every word of the document is in some chunk's text, or in its title and
    heading path. Ids come from content (`chunk_id`): a passage that did not change keeps its own.
    Takes time linear in the document.

    token_spans: the embedder's tokens of a text as (start, end), special tokens left out.
    max_tokens: the most that `embedding_text` may hold; at most a third goes to title and headings, which
        are shortened in the middle, and then stand in the text of the first chunk below them.
    overlap: tokens, counted in whole sentences, that a part repeats of the one before it in its section;
        at most a quarter of max_tokens.

    Raises InvalidInput for max_tokens under 16 or a negative overlap, or where one character alone takes
    more than max_tokens.
    """
    if max_tokens < SMALLEST_MAX_TOKENS:
        raise InvalidInput(f"max_tokens={max_tokens}: allowed is {SMALLEST_MAX_TOKENS} or more", field="max_tokens")
    if overlap < 0:
        raise InvalidInput(f"overlap={overlap}: allowed is 0 or more", field="overlap")
    cutter = _Cutter(document, token_spans, max_tokens, min(overlap, max_tokens // 4))
    seen: Counter[tuple[tuple[str, ...], str]] = Counter()
    chunks = []
    for position, (heading, text, tokens) in enumerate(cutter.passages()):
        occurrence = seen[heading.path, text]
        seen[heading.path, text] += 1
        identity = chunk_id(document.document_id, heading.title, heading.path, text, occurrence)
        chunks.append(Chunk(identity, document.document_id, heading.title, heading.path, text, position, tokens))
    return chunks


Passage = tuple[HeadingLine, str, int]


class _Cutter:
    """One document on its way to passages. `text` in the methods below is the document's Markdown."""

    def __init__(self, document: Document, token_spans: TokenSpans, max_tokens: int, overlap: int) -> None:
        self._title = " ".join(document.title.split())
        self._text = document.markdown
        self._token_spans = token_spans
        self._max_tokens = max_tokens
        self._overlap = overlap
        self._index = TokenIndex(document.markdown, token_spans)

    def passages(self) -> Iterator[Passage]:
        shown: set[int] = set()
        for section in sections(blocks(self._text)):
            path = tuple(heading for heading in section.path if heading.text and heading.text != self._title)
            parts = tuple(heading.text for heading in path)
            line = fit_headings(self._title, parts, self._max_tokens // 3, self._token_spans)
            whole = {line.title, *line.path}
            owed = [heading for heading in section.path if heading.start not in shown and heading.text not in whole]
            shown.update(heading.start for heading in section.path)
            yield from self._section(section, owed, line)

    def _section(self, section: Section, owed: list[Block], line: HeadingLine) -> Iterator[Passage]:
        room = self._max_tokens - line.tokens
        found = [
            piece for block in (*owed, *section.blocks) for piece in pieces(block, self._index, room, self._token_spans)
        ]
        before: list[Piece] = []
        for group in packed(found, self._text, room, self._overlap):
            first, last = group[0], group[-1]
            size = first.prefix_tokens + self._index.count(first.start, last.end) + last.suffix_tokens
            start = self._overlap_start(before, first, min(self._overlap, room - size))
            yield from self._passages_of(start, last.end, line, first.prefix, last.suffix)
            before = group

    def _overlap_start(self, before: list[Piece], first: Piece, budget: int) -> int:
        """Where the sentences begin that the passage of `first` repeats: after those of a table, code or
        heading, and never the whole passage before it."""
        start = first.start
        if not before or first.prefix or budget <= 0:
            return start
        fixed = [piece.end for piece in before if piece.block.kind in ("table", "code", "heading")]
        earliest = max([before[0].start + 1, *fixed])
        offset = before[0].start
        for sentence, _ in reversed(sentence_spans(self._text[offset : before[-1].end])):
            if offset + sentence < earliest or self._index.count(offset + sentence, first.start) > budget:
                break
            start = offset + sentence
        return start

    def _passages_of(self, start: int, end: int, line: HeadingLine, prefix: str, suffix: str) -> Iterator[Passage]:
        """text[start:end] as one passage where its exact count allows, else in halves: a tokenizer may take
        more tokens for a part than it took of the whole."""
        body = self._text[start:end].strip()
        if not body:
            return
        text = prefix + body + suffix
        tokens = len(self._token_spans(embedding_text(line.title, line.path, text)))
        if tokens <= self._max_tokens:
            yield line, text, tokens
        elif prefix or suffix:
            yield from self._passages_of(start, end, line, "", "")
        elif len(body) > 1:
            middle = self._middle(start, end)
            yield from self._passages_of(start, middle, line, "", "")
            yield from self._passages_of(middle, end, line, "", "")
        elif line.tokens:
            yield from self._passages_of(start, end, HeadingLine("", (), 0), "", "")
        else:
            raise InvalidInput(
                f"max_tokens={self._max_tokens}: the character {body!r} alone takes {tokens} tokens", field="max_tokens"
            )

    def _middle(self, start: int, end: int) -> int:
        """A border between words near the middle, or the middle."""
        start = end - len(self._text[start:end].lstrip())
        end = start + len(self._text[start:end].rstrip())
        middle = (start + end) // 2
        border = max(self._text.rfind(mark, start, middle) for mark in (" ", "\n"))
        return border if border > start else middle
