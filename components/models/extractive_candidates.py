"""Which units of the passages may answer, and how likely each does: cheap evidence first, then the embedder."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from components.core.answers import Passage
from components.core.embeddings import Embedder
from components.models.answer_types import asked_types, type_match
from components.models.answer_units import Unit, group_of, hangs, table_round
from components.models.sentence_scores import score_sentences
from components.models.word_evidence import AskedWords, content_words

MOST_EMBEDDED = 6
FEWEST_EMBEDDED = 2
# A unit this far below the best cheap total has less than a tenth of its odds: it is not embedded.
CHEAP_MARGIN = 2.5
_TITLE_END = re.compile(r"[:,;(]")
_POINTS_ELSEWHERE = re.compile(
    r"^(?:see|looking for)\b|^[^.:;]{1,80}[:?] (?:see|read)\b"
    r"|\b(?:is|are) (?:\w+ )?(?:described|explained|listed|covered) (?:in|under|on)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Weights:
    """Of a unit's evidence, each 0 to 1 (see Evidence): log-odds against the other units, fitted by a
    softmax over the units of a question to the even half of the demo tenants' labelled answers."""

    words: float
    words_in_context: float
    words_above: float
    score: float
    rank: float
    kind_asked_for: float
    row: float
    item: float
    opens_passage: float
    question: float


CHEAP = Weights(3.2, 3.5, 2.2, 4.2, 0.75, 0.9, 0.9, 0.5, 0.6, -0.8)
FULL = Weights(0.7, 3.0, 0.0, 2.5, 0.3, 0.8, 0.8, 0.4, 0.6, -1.8)
MAXSIM_WEIGHT = 7.0
COSINE_WEIGHT = 7.5


@dataclass(frozen=True)
class Candidate:
    """A unit that may answer: `units[index]` of the passage at `rank`. total: its log-odds against the others."""

    rank: int
    index: int
    unit: Unit
    meaning: str
    total: float
    told_apart: bool = True


def best_candidates(
    question: str, passages: tuple[Passage, ...], units: list[list[Unit]], embedder: Embedder
) -> list[Candidate]:
    """The few worth embedding, best first. Raises ModelUnavailable where the embedder cannot be reached."""
    found = [
        (rank, index, passage, own)
        for rank, (passage, own) in enumerate(zip(passages, units, strict=True))
        for index, unit in enumerate(own)
        if unit.quotable and not hangs(own, index)
    ]
    found = [each for each in found if not _POINTS_ELSEWHERE.search(each[3][each[1]].shown)] or found
    if not found:
        return []
    words = [content_words(own[index].shown) for _, index, _, own in found]
    above = [content_words(_above(passage, own, index)) for _, index, passage, own in found]
    asked, kinds = AskedWords(question, words, above), asked_types(question)
    evidence = []
    for (rank, index, passage, own), its, over in zip(found, words, above, strict=True):
        unit = own[index]
        evidence.append(
            (
                asked.share(its),
                asked.share(its | over),
                asked.share(over),
                _ratio(passage.score, passages),
                1 - rank / len(passages),
                type_match(kinds, unit),
                float(unit.kind == "row"),
                float(unit.kind == "item"),
                float(index == 0),
                float(unit.shown.endswith("?")),
            )
        )
    matrix = np.array(evidence)
    cheap, full = matrix @ _column(CHEAP), matrix @ _column(FULL)
    order = [int(each) for each in np.argsort(-cheap, kind="stable")]
    kept = []
    for position, at in enumerate(order[:MOST_EMBEDDED]):
        if position >= FEWEST_EMBEDDED and cheap[at] < cheap[order[0]] - CHEAP_MARGIN:
            break
        rank, index, passage, own = found[at]
        meaning = _meaning(passage, own, index)
        kept.append(Candidate(rank, index, own[index], meaning, float(full[at]), _told_apart(asked, own, index)))
    return _embedded(question, kept, asked, embedder)


def _embedded(question: str, kept: list[Candidate], asked: AskedWords, embedder: Embedder) -> list[Candidate]:
    meanings = [_cut(each.meaning, embedder) for each in kept]
    near = score_sentences(question, meanings, embedder, weight=asked.weight)
    scored = [
        replace(
            each,
            total=float(each.total + COSINE_WEIGHT * its.cosine + MAXSIM_WEIGHT * (its.maxsim or 0.0)),
        )
        for each, its in zip(kept, near, strict=True)
    ]
    return sorted(scored, key=lambda each: -each.total)


def _told_apart(asked: AskedWords, own: list[Unit], index: int) -> bool:
    if own[index].kind != "row":
        return True
    first, last = table_round(own, index)
    rows = [content_words(unit.shown) for unit in own[first : last + 1]]
    common = Counter(word for row in rows for word in row)
    return asked.share(frozenset(word for word in rows[index - first] if 2 * common[word] <= len(rows))) > 0


def _column(weights: Weights) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(list(vars(weights).values()), dtype=np.float64)


def _ratio(score: float, passages: tuple[Passage, ...]) -> float:
    best = max((passage.score for passage in passages if np.isfinite(passage.score)), default=0.0)
    return min(1.0, max(0.0, score / best)) if best > 0 and np.isfinite(score) else 0.0


def _above(passage: Passage, own: list[Unit], index: int) -> str:
    """What a reader has read before reaching the unit: the title, the headings, a list's lead-in."""
    return f"{passage.title} {passage.section} {own[index].heading} {_lead(own, index)}"


def _lead(own: list[Unit], index: int) -> str:
    first, _ = group_of(own, index)
    return own[first].shown if first < index and own[index].kind == "item" and own[first].kind == "sentence" else ""


def _meaning(passage: Passage, own: list[Unit], index: int) -> str:
    """The unit with what stands above it, short enough for any embedder."""
    unit = own[index]
    heading = unit.heading or passage.section.rpartition(" > ")[2]
    title = _TITLE_END.split(passage.title)[0].strip()
    parts = ((title, 60), (heading if heading != passage.title else "", 60), (_lead(own, index), 60))
    return ": ".join(part[:limit] for part, limit in (*parts, (unit.shown, 240)) if part)


def _cut(meaning: str, embedder: Embedder) -> str:
    """What is compared may be cut to what the embedder reads; what is quoted never is."""
    limit = embedder.identity.max_tokens
    if len(meaning) <= limit:
        return meaning
    spans = embedder.token_spans(meaning)
    return meaning if len(spans) <= limit else meaning[: spans[limit - 1][1]]
