"""The stages of a question on its way through: passages, citations, answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


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
        return replace(self, score=score, stage_scores={**self.stage_scores, **scores})

    def __deepcopy__(self, memo: object) -> Passage:
        """Itself: it never changes, and Haystack copies every input of every component."""
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

    prompt: the rendered prompt for a language model; a generator that needs none ignores it.
    """

    question: str
    passages: tuple[Passage, ...]
    prompt: str = ""
    deadline: float = 30.0
    max_tokens: int = 512


@dataclass(frozen=True)
class GeneratedText:
    """A finished generation: the text, what it cites, and tokens read and written."""

    text: str
    citations: tuple[Citation, ...]
    model: str
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True)
class Answer:
    """What the customer gets. `answered` is False where the evidence was too weak, and then `text`
    says so and `citations` is empty.

    confidence: answerability of the best passage, the quantity `threshold` is compared with.
    seconds: time by stage.
    """

    text: str
    answered: bool
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    confidence: float
    threshold: float
    model: str
    seconds: Mapping[str, float] = field(default_factory=dict)
