"""Holds an answer in another language than its passages' against them, as far as that can be done without a translator.

What says so of meaning (words, vectors, contradictions) is English here. What is left is what no translation changes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from components.core.answers import Citation, Passage
from components.models.markdown_text import plain_text
from components.retrieval.grounding.allowed_markup import allowed_markup
from components.retrieval.grounding.citations import cited_numbers, rewrite_marks, without_marks
from components.retrieval.grounding.grounder import CheckedSentence
from components.retrieval.grounding.passage_evidence import PassageEvidence
from components.retrieval.grounding.quantities import quantities
from components.retrieval.grounding.sentence_kinds import kind_of

# All that is known of such a sentence; half, as doubt that was not confirmed.
SUPPORT = 0.5
# Seconds in a minute, an hour, a day and a week, months in a year: quantities come in the smallest unit.
_UNITS = (1, 60, 3600, 86400, 604800, 12)
_AGREED = 1e-6
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,\u00a0\u202f ]\d{3})*(?:[.,]\d+)?(?!\d)")
# Addresses, and order numbers, models and the like: letters together with digits.
_LITERAL = re.compile(
    r"(?:https?://|www\.)[^\s)>\]]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{2,}\b"
)


class TranslatedGrounding:
    """One answer's sentences, each of which must cite a passage, and say no number, address or code that the passages
    it cites do not have. That it says what they say is the model's word: weaker than Grounding, and for answers only
    that would else not be in the customer's language. Not thread-safe."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        """passages: in the order in which the model knows them, [1] being the first."""
        self._passages = [PassageEvidence(passage) for passage in passages]
        self._known = "\n".join(passage.text for passage in passages)
        self._numbers: dict[tuple[int, int, int], int] = {}

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Of the supported sentences so far, by number."""
        found = []
        for (index, start, end), number in self._numbers.items():
            of = self._passages[index].passage
            quote = of.text[start:end]
            found.append(
                Citation(
                    number, of.chunk_id, of.document_id, of.title, of.section, of.text, quote, start, end, of.score
                )
            )
        return tuple(found)

    def check(self, sentence: str) -> CheckedSentence:
        """The next sentence, as the model wrote it."""
        text = allowed_markup(sentence, self._known)
        plain = plain_text(without_marks(text))
        numbers = cited_numbers(text)
        kind = kind_of(plain)
        if kind != "claim" and not _NUMBER.search(plain) and not _LITERAL.search(plain):
            return CheckedSentence(without_marks(text), kind, 1.0, True, removed=len(numbers))
        cited = list(dict.fromkeys(number - 1 for number in numbers if 1 <= number <= len(self._passages)))
        if not cited:
            return CheckedSentence("", "claim", 0.0, False, removed=len(numbers))
        evidence = "\n".join(self._passages[index].whole for index in cited)
        if _missing(plain, evidence):
            return CheckedSentence("", "claim", 0.0, False, contradicted=True, removed=len(numbers))
        new = {index: self._quote(plain, index) for index in cited}
        shown = rewrite_marks(text, lambda mark: [new[each - 1] for each in mark if each - 1 in new])
        nowhere = sum(not 1 <= number <= len(self._passages) for number in numbers)
        return CheckedSentence(shown, "claim", SUPPORT, True, removed=nowhere)

    def _quote(self, plain: str, index: int) -> int:
        """The number of the first unit with the sentence's own numbers; of the whole passage where it has none, since
        which of its sentences was translated cannot be told."""
        evidence = self._passages[index]
        first, last = 0, len(evidence.units) - 1
        if _values(plain):
            holding = [place for place, text in enumerate(evidence.texts) if not _missing(plain, text)]
            first, last = (holding[0], holding[0]) if holding else (first, last)
        span = (evidence.units[first].start, evidence.units[last].end) if evidence.units else (0, 0)
        return self._numbers.setdefault((index, *span), len(self._numbers) + 1)


def _missing(claim: str, evidence: str) -> bool:
    """Whether it says a number or a literal that the evidence does not have."""
    if any(literal not in evidence for literal in _LITERAL.findall(claim)):
        return True
    known = {quantity.value / unit for quantity in quantities(evidence) for unit in _UNITS}
    known |= {value for values in _values(evidence) for value in values}
    return any(all(abs(value - each) > _AGREED for value in values for each in known) for values in _values(claim))


def _values(text: str) -> list[tuple[float, ...]]:
    """What each number of a text may be: in many languages `1.500` is fifteen hundred, and `12,90` has a point."""
    found = []
    for match in _NUMBER.finditer(_LITERAL.sub(" ", text)):
        bare = re.sub(r"[\u00a0\u202f ]", "", match[0])
        grouped = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", bare)
        readings = {grouped.replace(",", "."), bare.replace(",", ".")}
        found.append(tuple(float(reading) for reading in readings if reading.count(".") <= 1))
    return found
