"""A stored question asked again of today's index, prompt and models, and what is different now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from uuid import UUID

from components.core.sentences import sentence_spans
from components.core.tenant import TenantContext
from components.helpdesk.answer_lineage import AnswerLineage, PassageLineage
from components.helpdesk.answer_log import AnswerLog
from components.helpdesk.answering import Answering
from components.helpdesk.inside_channels import REPLAY

DEFAULT_TOP_K = 10  # Of answers from before lineage noted it.
_COMPARED = (
    "answered",
    "reason",
    "confidence",
    "threshold",
    "model",
    "provider",
    "pipeline",
    "pipeline_version",
    "index_version",
    "prompt_id",
    "prompt_version",
)


@dataclass(frozen=True)
class Change:
    """One figure or name that is not what it was."""

    name: str
    before: str | float | int | bool | None
    after: str | float | int | bool | None


@dataclass(frozen=True)
class Move:
    """A passage that both found, at another place. Places count from 1."""

    chunk_id: str
    before: int
    after: int


@dataclass(frozen=True)
class AnswerDifference:
    """text: a unified diff by sentence, without lines where both are equal. entered, left: chunk ids."""

    text: tuple[str, ...]
    changes: tuple[Change, ...]
    entered: tuple[str, ...]
    left: tuple[str, ...]
    moved: tuple[Move, ...]


@dataclass(frozen=True)
class Replay:
    """The answer as it was given, the one that would be given today, and the difference."""

    before: AnswerLineage
    after: AnswerLineage
    difference: AnswerDifference


def replay(answering: Answering, log: AnswerLog, tenant: TenantContext, answer_id: UUID) -> Replay:
    """Asks again, neither from the answer cache nor for it; the new answer is stored under the channel `replay`.

    A refusal keeps the words it was told in. Raises NotFound, also where the answer is another tenant's, and what
    Answering.answer raises.
    """
    before = log.get(tenant, answer_id)
    again = answering.answer(
        tenant,
        before.question,
        top_k=before.top_k or DEFAULT_TOP_K,
        channel=REPLAY,
        refusal=None if before.answered else before.text,
        fresh=True,
    )
    after = log.get(tenant, again.answer_id)
    return Replay(before, after, difference(before, after))


def difference(before: AnswerLineage, after: AnswerLineage) -> AnswerDifference:
    """What changed from one answer to the other; all of it empty where nothing did."""
    changes = [Change(name, getattr(before, name), getattr(after, name)) for name in _COMPARED]
    old, new = _places(before.passages), _places(after.passages)
    return AnswerDifference(
        text=tuple(unified_diff(_sentences(before.text), _sentences(after.text), "before", "after", lineterm="")),
        changes=tuple(change for change in changes if change.before != change.after),
        entered=tuple(chunk_id for chunk_id in new if chunk_id not in old),
        left=tuple(chunk_id for chunk_id in old if chunk_id not in new),
        moved=tuple(
            Move(chunk_id, old[chunk_id], place)
            for chunk_id, place in new.items()
            if chunk_id in old and old[chunk_id] != place
        ),
    )


def _places(passages: Sequence[PassageLineage]) -> dict[str, int]:
    return {passage.chunk_id: place for place, passage in enumerate(passages, start=1)}


def _sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]
