"""search_knowledge: the passages of the tenant's knowledge that fit a question best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from components.core.answers import LONGEST_QUESTION
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse

if TYPE_CHECKING:
    # It imports Haystack, and Haystack imports torch: seconds that the names of tools need not wait.
    from components.helpdesk.searching import Searching

MOST_PASSAGES, USUAL_PASSAGES = 20, 5
_SPEC = ToolSpec(
    name="search_knowledge",
    description="Searches the tenant's help articles and gives the passages that fit best, each with its document and "
    "section, and how likely the best one answers (confidence, 0 to 1). Asks no language model.",
    input_schema={
        "type": "object",
        "properties": {
            "question": {"type": "string", "minLength": 1, "maxLength": LONGEST_QUESTION},
            "top_k": {"type": "integer", "minimum": 1, "maximum": MOST_PASSAGES},
        },
        "required": ["question"],
        "additionalProperties": False,
    },
    output_schema={
        "type": "object",
        "properties": {
            "confidence": {"type": "number"},
            "passages": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "document_id": {"type": "string"},
                        "title": {"type": "string"},
                        "section": {"type": "string"},
                        "text": {"type": "string"},
                        "score": {"type": "number"},
                    },
                },
            },
        },
    },
    side_effect="read",
    permitted=True,
)


class SearchKnowledge:
    """Keeps components.tools.tool.RemoteTool: the index is no part of the database."""

    spec = _SPEC
    repeatable = True

    def __init__(self, searching: Searching) -> None:
        self._searching = searching

    def describe(self, use: ToolUse) -> Mapping[str, Any]:
        return {"question": use.arguments["question"], "top_k": use.arguments.get("top_k", USUAL_PASSAGES)}

    def act(self, use: ToolUse) -> ToolOutcome:
        top_k = use.arguments.get("top_k", USUAL_PASSAGES)
        found = self._searching.search(use.tenant.context, use.arguments["question"], top_k=top_k)
        passages = [
            {
                "document_id": each.document_id,
                "title": each.title,
                "section": each.section,
                "text": each.text,
                "score": float(each.score),
            }
            for each in found.passages
        ]
        return ToolOutcome({"confidence": float(found.confidence), "passages": passages})
