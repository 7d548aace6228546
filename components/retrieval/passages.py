"""Adapters at the border to stock Haystack components, which speak Document where ours speak Passage.

Ours pass the frozen Ranking because Haystack deep-copies every input of every component, and sixty
Documents copied at each stage cost more than the retrieval itself.
"""

from __future__ import annotations

from typing import Any

from haystack import Document, component, default_to_dict

from components.core.answers import Ranking
from components.core.errors import InvalidPipeline


@component
class PassagesToDocuments:
    """In front of a stock Haystack component, such as a ranker: passages out as Documents."""

    @component.output_types(documents=list[Document], passages=Ranking)
    def run(self, passages: Ranking) -> dict[str, Any]:
        """`passages` goes on unchanged to DocumentsToPassages, which needs it."""
        documents = [
            Document(
                id=passage.chunk_id,
                content=passage.text,
                score=passage.score,
                meta={"document_id": passage.document_id, "title": passage.title, "section": passage.section},
            )
            for passage in passages
        ]
        return {"documents": documents, "passages": passages}


@component
class DocumentsToPassages:
    """Behind a stock Haystack component: its order and scores on the passages that went in."""

    def __init__(self, stage: str = "reranked") -> None:
        """stage: the name its scores are remembered under."""
        self.stage = stage

    @component.output_types(passages=Ranking)
    def run(self, documents: list[Document], passages: Ranking) -> dict[str, Ranking]:
        """Raises InvalidPipeline for a document that is none of the passages: a citation needs its source."""
        known = {passage.chunk_id: passage for passage in passages}
        kept = []
        for document in documents:
            if document.id not in known:
                raise InvalidPipeline(f"document {document.id!r} is none of the passages that were retrieved")
            passage = known[document.id]
            kept.append(passage if document.score is None else passage.scored(self.stage, float(document.score)))
        return {"passages": Ranking(kept)}

    def to_dict(self) -> dict[str, Any]:
        return default_to_dict(self, stage=self.stage)
