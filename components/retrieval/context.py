"""From ranked passages to what the answer is made of: the best few, and the prompt that shows them."""

from __future__ import annotations

from typing import Any

from haystack import component, default_to_dict

from components.core.answers import Passage, Ranking
from components.core.errors import InvalidPipeline
from components.core.prompts import PromptTemplate, RenderedPrompt
from components.retrieval.prompting import render, shipped_prompt


@component
class ContextAssembler:
    """Keeps the best passages that fit, and renders the prompt for a language model."""

    def __init__(self, max_passages: int = 6, max_characters: int = 12_000) -> None:
        """Raises InvalidPipeline for numbers below 1."""
        self.max_passages = _positive("max_passages", max_passages)
        self.max_characters = _positive("max_characters", max_characters)

    @component.output_types(passages=Ranking, prompt=RenderedPrompt)
    def run(
        self,
        query: str,
        passages: Ranking,
        top_k: int | None = None,
        prompt_template: PromptTemplate | None = None,
        language: str | None = None,
    ) -> dict[str, Any]:
        """top_k: fewer passages than the YAML's, where the caller asks for fewer. prompt_template: the tenant's
        active one; the shipped one without. language: to answer in, as ISO 639-1; the question's own without. Raises
        InvalidPrompt."""
        kept: list[Passage] = []
        characters = 0
        for passage in passages[: min(self.max_passages, top_k or self.max_passages)]:
            characters += len(passage.text)
            if kept and characters > self.max_characters:
                break
            kept.append(passage)
        prompt = render(prompt_template or shipped_prompt(), query, kept, language)
        return {"passages": Ranking(kept), "prompt": prompt}

    def to_dict(self) -> dict[str, Any]:
        return default_to_dict(self, max_passages=self.max_passages, max_characters=self.max_characters)


def _positive(name: str, value: int) -> int:
    if not isinstance(value, int) or value < 1:
        raise InvalidPipeline(f"ContextAssembler {name}={value!r}: a whole number from 1 is allowed", field=name)
    return value
