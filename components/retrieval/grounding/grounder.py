"""Holds what a language model writes against the passages it was shown, sentence by sentence as it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.core.answers import Citation, Passage
from components.core.embeddings import Embedder
from components.models.markdown_text import plain_text
from components.retrieval.grounding.allowed_markup import allowed_markup
from components.retrieval.grounding.citations import cited_numbers, rewrite_marks, with_marks, without_marks
from components.retrieval.grounding.contradictions import missing_names, missing_quantities
from components.retrieval.grounding.passage_evidence import PassageEvidence
from components.retrieval.grounding.sentence_kinds import SentenceKind, kind_of
from components.retrieval.grounding.support import CLASH, Support, SupportScorer
from components.retrieval.grounding.support_memory import SupportMemory, fingerprint, support_key

# A heading names what the passages are about.
_HEADING_WORDS = 0.5
# What a neighbouring unit must add of the sentence's words to be quoted as well.
_WORTH_QUOTING = 0.15


@dataclass(frozen=True)
class CheckedSentence:
    """text: as it may be shown, its citations renumbered; empty where nothing of it may be. supported: also true
    of what claims nothing. contradicted: a number, a name or a no that the passages do not have, not just doubt.
    removed: citations that pointed nowhere, or to a passage that does not carry the sentence."""

    text: str
    kind: SentenceKind
    support: float
    supported: bool
    contradicted: bool = False
    removed: int = 0


class Grounder:
    """Makes one Grounding an answer. Thread-safe; one a process will do, as it remembers numbers only."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder, self._memory = embedder, SupportMemory()

    def begin(self, question: str, passages: Sequence[Passage]) -> Grounding:
        """passages: in the order in which the model knows them, [1] being the first."""
        return Grounding(question, passages, self._embedder, self._memory)


class Grounding:
    """One answer's sentences against its passages. Not thread-safe: one answer, one reader.

    A sentence is held against the passages that it cites. Where these do not carry it, or it cites none, it is held
    against all of them, and where one alone carries it, is given that one's number; else it is unsupported. Each
    quote is a number of its own, in the order of first use.
    """

    def __init__(self, question: str, passages: Sequence[Passage], embedder: Embedder, memory: SupportMemory) -> None:
        self._question, self._memory, self._fingerprint = question, memory, fingerprint(passages)
        self._passages = [PassageEvidence(passage) for passage in passages]
        self._scorer = SupportScorer(self._passages, embedder)
        self._known = "\n".join(passage.text for passage in passages)
        self._numbers: dict[tuple[int, int, int], int] = {}

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Of the supported sentences so far, by number."""
        return tuple(
            _citation(number, self._passages[index].passage, start, end)
            for (index, start, end), number in self._numbers.items()
        )

    def check(self, sentence: str) -> CheckedSentence:
        """The next sentence, as the model wrote it. Raises ModelUnavailable where the embedder cannot be reached."""
        text = allowed_markup(sentence, self._known)
        plain = plain_text(without_marks(text))
        kind = kind_of(plain)
        numbers = cited_numbers(text)
        if kind != "claim":
            checked = self._meta(text, plain, kind, len(numbers))
            if checked is not None:
                return checked
        cited = list(dict.fromkeys(number - 1 for number in numbers if 1 <= number <= len(self._passages)))
        nowhere = len(numbers) - sum(1 <= number <= len(self._passages) for number in numbers)
        found = self._score(plain, cited) if cited else None
        if found is not None and found.is_enough:
            new = self._quote(plain, found, cited)
            removed = nowhere + len(cited) - len(new)
            shown = rewrite_marks(text, lambda mark: [new[each - 1] for each in mark if each - 1 in new])
            return CheckedSentence(shown, "claim", found.value, True, removed=removed)
        anywhere = self._score(plain, range(len(self._passages)))
        for index in dict.fromkeys(index for index, _ in anywhere.nearest):
            alone = self._score(plain, [index])
            if alone.is_enough:
                shown = with_marks(without_marks(text), list(self._quote(plain, alone, [index]).values()))
                return CheckedSentence(shown, "claim", alone.value, True, removed=len(numbers))
        judged = found or anywhere
        # A number that another passage has makes a wrong citation, not a lie.
        contradicted = anywhere.signals.contradicted or judged.signals.clash >= CLASH
        return CheckedSentence("", "claim", judged.value, False, contradicted, len(numbers))

    def _score(self, plain: str, cited: Sequence[int]) -> Support:
        key = support_key(self._fingerprint, plain, cited)
        found = self._memory.find(key)
        if found is None:
            found = self._scorer.score(plain, cited)
            self._memory.keep(key, found)
        return found

    def _meta(self, text: str, plain: str, kind: SentenceKind, removed: int) -> CheckedSentence | None:
        """A sentence that claims nothing; None for one that does after all."""
        if kind != "courtesy":
            known = "\n".join([self._question, *(passage.whole for passage in self._passages)])
            if missing_quantities(plain, known) or missing_names(plain, known):
                return None
            if kind == "heading" and self._scorer.share_of_words(plain, known) < _HEADING_WORDS:
                return None
        return CheckedSentence(without_marks(text), kind, 1.0, True, removed=removed)

    def _quote(self, plain: str, found: Support, cited: Sequence[int]) -> dict[int, int]:
        """The number of the quote that carries the sentence best, by passage; passages without one are left out."""
        numbers: dict[int, int] = {}
        for index in cited:
            places = [place for passage, place in found.nearest if passage == index]
            if places:
                start, end = self._span(plain, index, places)
                numbers[index] = self._numbers.setdefault((index, start, end), len(self._numbers) + 1)
        return numbers

    def _span(self, plain: str, index: int, places: list[int]) -> tuple[int, int]:
        """Of the best unit, and of those next to it among the nearest that add to it."""
        evidence = self._passages[index]
        first = last = places[0]
        said = evidence.texts[first]
        for place in places[1:]:
            more = f"{said}\n{evidence.texts[place]}"
            gain = self._scorer.share_of_words(plain, more) - self._scorer.share_of_words(plain, said)
            if place in (first - 1, last + 1) and gain >= _WORTH_QUOTING:
                first, last, said = min(first, place), max(last, place), more
        return evidence.units[first].start, evidence.units[last].end


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
