"""Answers without a language model: the sentences that answer, quoted to the letter and cited."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from components.core.answers import Citation, GeneratedText, GenerationRequest, GenerationTrace, Passage
from components.core.embeddings import Embedder
from components.core.errors import ModelTimedOut
from components.models.answer_units import Unit, answer_units
from components.models.extractive_candidates import best_candidates
from components.models.extractive_selection import choose_quotes

NOTHING_FOUND = "I could not find anything about this in the help articles."
TOP_PASSAGES = 5


class ExtractiveGenerator:
    """Keeps core's AnswerGenerator. It writes nothing of its own: each sentence of the text is one of
    the passages', Markdown marks taken off, and each citation's quote is `passage.text[start:end]`.

    clock: seconds that only go forward.
    """

    def __init__(self, embedder: Embedder, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._embedder, self._clock = embedder, clock

    @property
    def name(self) -> str:
        return "extractive"

    def stream(self, request: GenerationRequest) -> Iterator[str | GeneratedText]:
        """Sentence by sentence, then the GeneratedText, whose trace costs nothing. Raises ModelTimedOut past the
        deadline."""
        end = self._clock() + request.deadline
        passages = request.passages[:TOP_PASSAGES]
        units = [answer_units(passage.text) for passage in passages]
        candidates = best_candidates(request.question, passages, units, self._embedder)
        quotes = choose_quotes(candidates, units, [passage.document_id for passage in passages])
        text, citations = "", []
        for number, quote in enumerate(quotes, start=1):
            if self._clock() > end:
                raise ModelTimedOut(f"no extractive answer within the deadline of {request.deadline:g} s")
            own = units[quote.rank]
            for piece in _pieces(
                own[quote.first : quote.last + 1], number, _section(passages[quote.rank]), is_first=number == 1
            ):
                text += piece
                yield piece
            citations.append(_citation(number, passages[quote.rank], own[quote.first].start, own[quote.last].end))
        if not citations:
            text = NOTHING_FOUND
            yield text
        yield GeneratedText(text, tuple(citations), self.name, GenerationTrace(self.name, "extractive"))


def _pieces(quoted: list[Unit], number: int, section: str, *, is_first: bool) -> Iterator[str]:
    """The quote as it is read, sentence by sentence, its number after the last."""
    shown = [unit for unit in quoted if unit.shown and unit.kind != "mark"]
    first = shown[0]
    # "Last piece items" means nothing without the heading "What we do not take back" over it.
    heading = first.heading or section if first.kind in ("item", "row") else ""
    if heading and not heading.endswith(("?", "!", ".")):
        heading = heading.rstrip(":") + (" –" if first.kind == "row" else ":")
    for position, unit in enumerate(shown):
        in_list = unit.kind in ("item", "code", "row") and len(shown) > 1
        line = unit.shown
        if in_list and unit.kind == "item":
            line = f"{unit.marker if unit.marker[0].isdigit() else '-'} {line}"
        elif unit.kind == "row" and in_list:
            line = f"- {line}"
        elif unit.kind == "row" and line[-1] not in ".!?":
            line += "."
        if position:
            before = "\n" if in_list else " " if unit.block == shown[position - 1].block else "\n\n"
        else:
            before = ("" if is_first else "\n\n") + heading + (("\n" if in_list else " ") if heading else "")
        yield f"{before}{line} [{number}]" if position == len(shown) - 1 else f"{before}{line}"


def _section(passage: Passage) -> str:
    return passage.section.rpartition(" > ")[2] or passage.title


def _citation(number: int, passage: Passage, start: int, end: int) -> Citation:
    return Citation(
        number=number,
        chunk_id=passage.chunk_id,
        document_id=passage.document_id,
        title=passage.title,
        section=passage.section,
        passage=passage.text,
        quote=passage.text[start:end],
        start=start,
        end=end,
        score=passage.score,
    )
