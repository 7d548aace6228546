"""A stored answer's passages stage by stage: what each stage of the pipeline thought best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from components.core.errors import InvalidInput, NotFound
from components.core.tenant import TenantContext
from components.helpdesk.answer_lineage import AnswerLineage
from components.helpdesk.answer_log import MOST_LISTED, AnswerLog

# In the order in which a question passes them; those of a pipeline of one's own follow.
STAGES: Mapping[str, str] = {
    "text": "full text: BM25 of the question's words",
    "vector": "vector: similarity of question and passage",
    "fused": "fusion of both lists",
    "maxsim": "late interaction: each word's best match in the passage",
    "cosine": "the same vectors, compared exactly",
    "late_interaction": "late interaction with vector and full text: decides the order",
    "support": "support: how likely the passage answers, compared with the threshold",
}


@dataclass(frozen=True)
class StageScore:
    """place: in the end, from 1. used: whether the answer was made from it."""

    chunk_id: str
    document_id: str
    score: float
    place: int
    used: bool


@dataclass(frozen=True)
class AnswerStage:
    """passages: those that the stage scored, its best first."""

    name: str
    meaning: str
    passages: tuple[StageScore, ...]


def answer_stages(lineage: AnswerLineage) -> tuple[AnswerStage, ...]:
    """Every stage that scored a passage, in their order."""
    found = {name for passage in lineage.passages for name in passage.scores}
    ordered = [name for name in STAGES if name in found] + sorted(found - STAGES.keys())
    return tuple(AnswerStage(name, STAGES.get(name, name), _scored(lineage, name)) for name in ordered)


def find_answer(log: AnswerLog, tenant: TenantContext, answer_id: str = "") -> AnswerLineage:
    """By id; without one the newest refusal, or else the newest answer. Raises InvalidInput for what is no id, NotFound
    where there is none, also where it is another tenant's."""
    if answer_id:
        try:
            return log.get(tenant, UUID(answer_id))
        except ValueError as error:
            raise InvalidInput(f"answer_id={answer_id!r}: an id as X-Answer-Id has it is needed") from error
    newest = log.list(tenant, limit=MOST_LISTED)
    if not newest:
        raise NotFound("the tenant has no stored answer yet: ask something, for example with `helpdesk ask`")
    return next((lineage for lineage in newest if not lineage.answered), newest[0])


def _scored(lineage: AnswerLineage, stage: str) -> tuple[StageScore, ...]:
    scores = [
        StageScore(passage.chunk_id, passage.document_id, passage.scores[stage], place, passage.used)
        for place, passage in enumerate(lineage.passages, start=1)
        if stage in passage.scores
    ]
    return tuple(sorted(scores, key=lambda each: (-each.score, each.place)))
