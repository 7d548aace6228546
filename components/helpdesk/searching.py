"""The passages of a tenant's knowledge that fit a question, without an answer made of them."""

from __future__ import annotations

from components.core.answers import LONGEST_QUESTION, MOST_PASSAGES
from components.core.embeddings import Embedder
from components.core.errors import InvalidInput
from components.core.settings import Settings
from components.core.tenant import TenantContext
from components.helpdesk.served_pipelines import ServedPipelines
from components.helpdesk.storable import storable
from components.retrieval.pipeline import Retrieved


class Searching:
    """Searches the promoted index of each tenant. Thread-safe."""

    def __init__(self, embedder: Embedder, settings: Settings) -> None:
        self._serving = ServedPipelines(embedder, lambda tenant: None, settings)

    def search(self, tenant: TenantContext, question: str, *, top_k: int = 10) -> Retrieved:
        """The best first; nothing is stored. Raises InvalidInput, IndexUnavailable where nothing was promoted yet,
        ModelMismatch, ModelUnavailable."""
        asked, wanted = checked_question(question), checked_top_k(top_k)
        return self._serving.get(tenant).pipeline.retrieve(asked, wanted)


def checked_question(question: str) -> str:
    """As it is asked. Raises InvalidInput."""
    asked = storable(question, "question").strip()
    if not 1 <= len(asked) <= LONGEST_QUESTION:
        raise InvalidInput(
            f"question has {len(asked)} characters: 1 to {LONGEST_QUESTION} are allowed", field="question"
        )
    return asked


def checked_top_k(top_k: int) -> int:
    """How many passages. Raises InvalidInput."""
    if not 1 <= top_k <= MOST_PASSAGES:
        raise InvalidInput(f"top_k={top_k}: 1 to {MOST_PASSAGES} are allowed", field="top_k")
    return top_k
