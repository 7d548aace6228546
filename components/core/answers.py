"""The stages of a question on its way through: passages, citations, answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, overload

from components.core.model_use import UNTOLD, ModelUse

if TYPE_CHECKING:
    from components.core.prompts import RenderedPrompt

Reason = Literal[
    "not_indexed", "not_retrieved", "retrieved_unused", "unsupported", "low_confidence", "budget", "provider_down"
]


# Characters.
LONGEST_QUESTION = 4000
# That one search may be asked for.
MOST_PASSAGES = 50


@dataclass(frozen=True)
class Passage:
    """A retrieved chunk. `score` ranks it in its list; `stage_scores` holds what each stage gave it
    (`vector`, `text`, `fused`, `late_interaction`, `answerability`)."""

    chunk_id: str
    document_id: str
    title: str
    section: str
    text: str
    score: float
    stage_scores: Mapping[str, float] = field(default_factory=dict)

    def scored(self, stage: str, score: float) -> Passage:
        """The passage with this score, remembered under the stage's name beside those of earlier stages."""
        return self.noted({stage: score}, score)

    def noted(self, scores: Mapping[str, float], score: float) -> Passage:
        """The passage with this score, and with `scores` beside those of earlier stages."""
        return Passage(
            self.chunk_id,
            self.document_id,
            self.title,
            self.section,
            self.text,
            score,
            {**self.stage_scores, **scores},
        )


class Ranking(Sequence[Passage]):
    """Passages, best first, as the stages of a pipeline hand them on. Equal to any sequence of the same passages.

    It never changes, so a deep copy is itself: Haystack copies every input of every component, and looks into
    lists item by item, which for sixty passages a stage costs more than the retrieval.
    """

    __slots__ = ("_passages",)

    def __init__(self, passages: Iterable[Passage] = ()) -> None:
        self._passages = tuple(passages)

    @overload
    def __getitem__(self, index: int) -> Passage: ...

    @overload
    def __getitem__(self, index: slice) -> Ranking: ...

    def __getitem__(self, index: int | slice) -> Passage | Ranking:
        return Ranking(self._passages[index]) if isinstance(index, slice) else self._passages[index]

    def __len__(self) -> int:
        return len(self._passages)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._passages == tuple(other)

    def __hash__(self) -> int:
        return hash(self._passages)

    def __repr__(self) -> str:
        return f"Ranking({list(self._passages)!r})"

    def __deepcopy__(self, memo: object) -> Ranking:
        return self


@dataclass(frozen=True)
class Citation:
    """A sentence quoted to the letter from a passage. `number` is the [n] in the answer's text,
    from 1; `start` and `end` are the quote's character offsets in the passage's text."""

    number: int
    chunk_id: str
    document_id: str
    title: str
    section: str
    passage: str
    quote: str
    start: int
    end: int
    score: float


@dataclass(frozen=True)
class GenerationRequest:
    """What an answer generator is asked. `deadline` is the time left, in seconds.

    prompt: for a language model; a generator that needs none ignores it. fresh: no kept text may stand for it.
    translated: whether a language model is to answer in another language than the passages'. use: what for.
    """

    question: str
    passages: tuple[Passage, ...]
    prompt: RenderedPrompt | None = None
    deadline: float = 30.0
    max_tokens: int = 512
    fresh: bool = False
    translated: bool = False
    use: ModelUse = UNTOLD


@dataclass(frozen=True)
class ModelAttempt:
    """One try of one model. error: code of what it failed with, None where it answered."""

    model: str
    error: str | None
    seconds: float


@dataclass(frozen=True)
class SentenceSupport:
    """A sentence of a model's answer and how far the passages it cites carry it, 0 to 1. start, end: where it
    stands in the answer's text; equal where it was left out. text: as the model said it, marks aside."""

    start: int
    end: int
    support: float
    supported: bool
    text: str = ""


@dataclass(frozen=True)
class GenerationTrace:
    """How a text came about. cost: in the catalogue's currency. retries: further tries of one model.
    first_text_seconds: None where nothing was streamed. reason: why it is not a language model's answer though one
    was to be had; None where it is one, or where none is configured. citations_removed: [n] that pointed nowhere."""

    model: str
    provider: str
    prompt_id: str | None = None
    prompt_version: int | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    tokens_estimated: bool = False
    cost: Decimal = Decimal(0)
    currency: str = ""
    cache_hit: bool = False
    retries: int = 0
    attempts: tuple[ModelAttempt, ...] = ()
    first_text_seconds: float | None = None
    sentences: tuple[SentenceSupport, ...] = ()
    citations_removed: int = 0
    reason: Reason | None = None


@dataclass(frozen=True)
class GeneratedText:
    """A finished generation: the text, what it cites, and how it came about."""

    text: str
    citations: tuple[Citation, ...]
    model: str
    trace: GenerationTrace | None = None


@dataclass(frozen=True)
class Answer:
    """What the customer gets. `answered` is False where the evidence was too weak, and then `text`
    says so and `citations` is empty.

    confidence: answerability of the best passage, the quantity `threshold` is compared with.
    seconds: time by stage. used: ids of the chunks that the generator was shown. reason: why it was refused, or
    answered by extraction though a language model was to be had. trace: None where nothing was generated.
    """

    text: str
    answered: bool
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    confidence: float
    threshold: float
    model: str
    seconds: Mapping[str, float] = field(default_factory=dict)
    used: tuple[str, ...] = ()
    reason: Reason | None = None
    trace: GenerationTrace | None = None
