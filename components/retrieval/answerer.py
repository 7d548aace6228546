"""The last stage: a cited answer where the evidence carries one, an honest refusal where it does not."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from haystack import component, default_to_dict

from components.core.answers import Citation, GeneratedText, GenerationRequest, GenerationTrace, Ranking, Reason
from components.core.generation import AnswerGenerator
from components.core.model_use import UNTOLD, ModelUse
from components.core.prompts import RenderedPrompt
from components.vectors.snapshot import IndexSnapshot

DEFAULT_REFUSAL = "I don't know: I found nothing in our help articles that answers this."
DEADLINE = 30.0


@component
class Answerer:
    """Asks the generator when `confidence` reaches `threshold`; else says that it does not know."""

    def __init__(
        self,
        refusal: str = DEFAULT_REFUSAL,
        generator: AnswerGenerator | None = None,
        index: IndexSnapshot | None = None,
    ) -> None:
        """refusal: what the customer reads instead of an answer. generator, index: given when the pipeline is
        loaded for a tenant; not part of the YAML."""
        self.refusal = refusal
        self._generator = generator
        self._index = index

    @component.output_types(
        text=str,
        answered=bool,
        citations=list[Citation],
        model=str,
        used=list[str],
        reason=Reason | None,
        trace=GenerationTrace | None,
    )
    def run(
        self,
        query: str,
        passages: Ranking,
        confidence: float,
        prompt: RenderedPrompt | None = None,
        threshold: float = 0.0,
        until: float | None = None,
        fresh: bool = False,
        translated: bool = False,
        use: ModelUse = UNTOLD,
        refusal: str | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> dict[str, Any]:
        """until: the moment (time.monotonic) at which the answer must be there. fresh: no text that a model wrote
        before may stand for it. translated: whether it is to be in another language than the
        passages. use: what for. on_text: receives the text in pieces as it is made; they are provisional, and
        `text` is what counts. refusal: the tenant's own wording.

        reason: why it is a refusal, or an extraction though a language model was to be had. used: ids of the
        passages that the generator was shown, none where it was not asked.
        """
        if self._generator is None:
            raise RuntimeError("Answerer has no generator: load the pipeline with components.retrieval.loading")
        emit = on_text or (lambda piece: None)
        if not passages or confidence < threshold:
            text = refusal or self.refusal
            emit(text)
            reason: Reason = "low_confidence" if passages else self._nothing_found()
            return _outcome(GeneratedText(text, (), self._generator.name), reason=reason)
        left = DEADLINE if until is None else until - monotonic()
        result = GeneratedText("", (), self._generator.name)
        request = GenerationRequest(query, tuple(passages), prompt, left, fresh=fresh, translated=translated, use=use)
        for piece in self._generator.stream(request):
            if isinstance(piece, GeneratedText):
                result = piece
            else:
                emit(piece)
        told: Reason | None = result.trace.reason if result.trace else None
        if told is None and not result.citations:
            told = "retrieved_unused"
        return _outcome(result, reason=told, used=[passage.chunk_id for passage in passages])

    def to_dict(self) -> dict[str, Any]:
        return default_to_dict(self, refusal=self.refusal)

    def _nothing_found(self) -> Reason:
        return "not_indexed" if self._index is not None and self._index.count() == 0 else "not_retrieved"


def _outcome(result: GeneratedText, *, reason: Reason | None, used: list[str] | None = None) -> dict[str, Any]:
    return {
        "text": result.text,
        "answered": bool(result.citations),
        "citations": list(result.citations),
        "model": result.model,
        "used": used or [],
        "reason": reason,
        "trace": result.trace,
    }
