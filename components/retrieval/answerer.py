"""The last stage: a cited answer where the evidence carries one, an honest refusal where it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from haystack import component, default_to_dict

from components.core.answers import Citation, GeneratedText, GenerationRequest, Ranking
from components.core.generation import AnswerGenerator
from components.core.prompts import RenderedPrompt

DEFAULT_REFUSAL = "I don't know: I found nothing in our help articles that answers this."


@component
class Answerer:
    """Asks the generator when `confidence` reaches `threshold`; else says that it does not know."""

    def __init__(self, refusal: str = DEFAULT_REFUSAL, generator: AnswerGenerator | None = None) -> None:
        """refusal: what the customer reads instead of an answer. generator: given when the pipeline is
        loaded for a tenant; not part of the YAML."""
        self.refusal = refusal
        self._generator = generator

    @component.output_types(text=str, answered=bool, citations=list[Citation], model=str)
    def run(
        self,
        query: str,
        passages: Ranking,
        confidence: float,
        prompt: RenderedPrompt | None = None,
        threshold: float = 0.0,
        deadline: float = 30.0,
        refusal: str | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> dict[str, Any]:
        """on_text: receives the text in pieces as it is made. refusal: the tenant's own wording."""
        if self._generator is None:
            raise RuntimeError("Answerer has no generator: load the pipeline with components.retrieval.loading")
        emit = on_text or (lambda piece: None)
        if not passages or confidence < threshold:
            text = refusal or self.refusal
            emit(text)
            return {"text": text, "answered": False, "citations": [], "model": self._generator.name}
        request = GenerationRequest(query, tuple(passages), prompt, deadline)
        result = GeneratedText("", (), self._generator.name)
        for piece in self._generator.stream(request):
            if isinstance(piece, GeneratedText):
                result = piece
            else:
                emit(piece)
        return {
            "text": result.text,
            "answered": bool(result.citations),
            "citations": list(result.citations),
            "model": result.model,
        }

    def to_dict(self) -> dict[str, Any]:
        return default_to_dict(self, refusal=self.refusal)
