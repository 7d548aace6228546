"""Answers without a language model: the sentences that answer, quoted to the letter and cited."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from components.core.answers import Citation, GeneratedText, GenerationRequest, Passage
from components.core.embeddings import Embedder
from components.core.errors import ModelUnavailable
from components.models.answer_units import Unit, answer_units, group_of
from components.models.sentence_scores import Scored, content_words, overlap, score_sentences

NOTHING_FOUND = "I could not find anything about this in the help articles."
TOP_PASSAGES = 5
MAX_CANDIDATES = 14
CANDIDATE_CHARACTERS = 1300
MAX_PICKS = 3
AIM_CHARACTERS = 600
# A further sentence must be nearly as good as the best one and find something that it did not.
NEARLY_AS_GOOD = 0.88
NEARLY_AS_GOOD_ELSEWHERE = 0.94  # in another document, which may be about another case
FINDS_MORE = 0.03
SAME_WORDS = 0.7
PASSAGE_WEIGHT = 0.3


@dataclass(frozen=True)
class _Candidate:
    rank: int
    index: int
    unit: Unit
    meaning: str
    prior: float


@dataclass(frozen=True)
class _Quote:
    """Units first..last of the passage at `rank`, cited together."""

    rank: int
    first: int
    last: int


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
        """Sentence by sentence, then the GeneratedText. Raises ModelUnavailable past the deadline."""
        end = self._clock() + request.deadline
        passages = request.passages[:TOP_PASSAGES]
        units = [answer_units(passage.text) for passage in passages]
        quotes = self._choose(request.question, passages, units)
        text, citations = "", []
        for number, quote in enumerate(quotes, start=1):
            if self._clock() > end:
                raise ModelUnavailable(f"no extractive answer within the deadline of {request.deadline:g} s")
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
        yield GeneratedText(text, tuple(citations), self.name)

    def _choose(self, question: str, passages: tuple[Passage, ...], units: list[list[Unit]]) -> list[_Quote]:
        candidates = _candidates(question, passages, units)
        if not candidates:
            return []
        limit = self._embedder.identity.max_tokens
        meanings = [self._cut(each.meaning, limit) for each in candidates]
        scored = score_sentences(question, meanings, self._embedder)
        picked = _pick(candidates, scored, units, [passage.document_id for passage in passages])
        return _joined(picked)

    def _cut(self, meaning: str, limit: int) -> str:
        """What is compared may be cut to what the embedder reads; what is quoted never is."""
        spans = self._embedder.token_spans(meaning)
        return meaning if len(spans) <= limit else meaning[: spans[limit - 1][1]]


def _candidates(question: str, passages: tuple[Passage, ...], units: list[list[Unit]]) -> list[_Candidate]:
    """The sentences worth embedding: those that share words with the question, of better passages first."""
    asked = content_words(question)
    best = max((passage.score for passage in passages), default=0.0)
    found: list[tuple[float, _Candidate]] = []
    for rank, (passage, own) in enumerate(zip(passages, units, strict=True)):
        prior = _prior(passage.score, best, rank)
        for index, unit in enumerate(own):
            if unit.quotable:
                meaning = _meaning(passage, own, index)
                found.append(
                    (overlap(asked, content_words(meaning)) + prior, _Candidate(rank, index, unit, meaning, prior))
                )
    found.sort(key=lambda pair: -pair[0])
    kept: list[_Candidate] = []
    characters = 0
    for _, candidate in found[:MAX_CANDIDATES]:
        characters += len(candidate.meaning)
        if kept and characters > CANDIDATE_CHARACTERS:
            break
        kept.append(candidate)
    return kept


def _prior(score: float, best: float, rank: int) -> float:
    """What the retriever thought of the passage, 0 to 1: half its score beside the best, half its rank."""
    ratio = score / best if best > 0 and np.isfinite(score) and np.isfinite(best) else 0.0
    return 0.5 * min(1.0, max(0.0, ratio)) + 0.5 * (1 - rank / TOP_PASSAGES)


def _meaning(passage: Passage, own: list[Unit], index: int) -> str:
    """The unit with what a reader would know when reaching it, short enough for any embedder."""
    unit = own[index]
    heading = unit.heading or _section(passage)
    first, _ = group_of(own, index)
    lead = own[first].shown if first < index and unit.kind == "item" and own[first].kind == "sentence" else ""
    return ": ".join(part[:limit] for part, limit in ((heading, 60), (lead, 60), (unit.shown, 240)) if part)


def _pick(
    candidates: list[_Candidate], scored: list[Scored], units: list[list[Unit]], documents: list[str]
) -> list[_Quote]:
    """Greedy: the best first, then what is nearly as good and finds more of the question."""
    totals = [each.score + PASSAGE_WEIGHT * candidate.prior for candidate, each in zip(candidates, scored, strict=True)]
    order = sorted(range(len(candidates)), key=lambda position: -totals[position])
    picked: list[_Quote] = []
    seen: list[frozenset[str]] = []
    found = np.zeros_like(scored[0].found)
    length = 0
    for position in order:
        if len(picked) == MAX_PICKS or (picked and totals[position] < NEARLY_AS_GOOD * totals[order[0]]):
            break
        candidate = candidates[position]
        elsewhere = picked and documents[candidate.rank] != documents[picked[0].rank]
        if elsewhere and totals[position] < NEARLY_AS_GOOD_ELSEWHERE * totals[order[0]]:
            continue
        own = units[candidate.rank]
        quote = _Quote(candidate.rank, *group_of(own, candidate.index))
        size = sum(len(unit.shown) for unit in own[quote.first : quote.last + 1])
        gain = float(np.maximum(found, scored[position].found).mean() - found.mean()) if found.size else 0.0
        words = content_words(candidate.unit.shown)
        if picked and (
            gain < FINDS_MORE
            or length + size > AIM_CHARACTERS
            or any(_alike(words, others) for others in seen)
            or any(_inside(candidate, other) for other in picked)
        ):
            continue
        picked.append(quote)
        seen.append(words)
        found = np.maximum(found, scored[position].found)
        length += size
    return picked


def _alike(words: frozenset[str], others: frozenset[str]) -> bool:
    smaller = min(len(words), len(others))
    return smaller == 0 or len(words & others) / smaller >= SAME_WORDS


def _inside(candidate: _Candidate, quote: _Quote) -> bool:
    return candidate.rank == quote.rank and quote.first <= candidate.index <= quote.last


def _joined(picked: list[_Quote]) -> list[_Quote]:
    """Passages in the order of their best sentence, sentences in the order of the document; quotes
    that touch become one, so that one citation is one stretch of text."""
    ranks = list(dict.fromkeys(quote.rank for quote in picked))
    joined: list[_Quote] = []
    for quote in sorted(picked, key=lambda each: (ranks.index(each.rank), each.first, each.last)):
        before = joined[-1] if joined else None
        if before and before.rank == quote.rank and quote.first <= before.last + 1:
            joined[-1] = _Quote(quote.rank, before.first, max(before.last, quote.last))
        else:
            joined.append(quote)
    return joined


def _pieces(quoted: list[Unit], number: int, section: str, *, is_first: bool) -> Iterator[str]:
    """The quote as it is read, sentence by sentence, its number after the last."""
    shown = [unit for unit in quoted if unit.shown and unit.kind != "mark"]
    first = shown[0]
    # "Last piece items" means nothing without the heading "What we do not take back" over it.
    heading = first.heading or section if first.kind in ("item", "row") else ""
    heading = heading and heading.rstrip(":") + (" –" if first.kind == "row" else ":")
    for position, unit in enumerate(shown):
        in_list = unit.kind in ("item", "code") and len(shown) > 1
        line = unit.shown
        if in_list and unit.kind == "item":
            line = f"{unit.marker if unit.marker[0].isdigit() else '-'} {line}"
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
