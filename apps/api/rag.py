"""POST /rag/query (section 4.1 of the design): a question in, an answer with its sources out."""

from time import perf_counter
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from apps.api.authentication import Authentication, require_same_tenant
from apps.api.measurements import Measurements
from apps.api.openapi import problem_responses
from apps.api.text import without_nul
from apps.api.workers import WorkerPool
from components.bootstrap import Workbench
from components.core.answers import LONGEST_QUESTION, MOST_PASSAGES, Answer
from components.core.errors import IndexUnavailable
from components.core.tenant import TenantContext
from components.helpdesk.answered_question import AnsweredQuestion

Question = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_QUESTION),
    AfterValidator(without_nul),
]


class RagRequest(BaseModel):
    """A question to one tenant's knowledge."""

    tenant_id: UUID = Field(description="The tenant of the API key.")
    question: Question = Field(description="White space around it does not count.")
    top_k: int = Field(strict=True, ge=1, le=MOST_PASSAGES, description="How many passages to retrieve.", examples=[10])


class RagSource(BaseModel):
    """A passage that the answer quotes."""

    doc_id: str
    section: str = Field(description="The headings above the passage: `Returns > Exceptions`.")
    score: float


class RagResponse(BaseModel):
    """The answer. `sources[n - 1]` is what `[n]` in it cites; an honest 'I do not know' has none."""

    answer: str
    sources: list[RagSource]


_CHANNEL = "api"
_ANSWER_ID = {
    "description": "Answer with citations",
    "headers": {
        "X-Answer-Id": {
            "description": "The stored answer, for GET /answers/{answer_id} and its feedback.",
            "schema": {"type": "string", "format": "uuid"},
        },
        "X-Trace-Id": {
            "description": "The trace id of the request's `traceparent`, or a new one; stored with the answer.",
            "schema": {"type": "string"},
        },
    },
}


def rag_router(
    workbench: Workbench, authenticate: Authentication, pool: WorkerPool, measurements: Measurements
) -> APIRouter:
    """The route. Answers are made in `pool`, each within the settings' request deadline."""
    router = APIRouter(tags=["questions"])

    @router.post(
        "/rag/query",
        summary="Retrieve and generate answer",
        operation_id="rag_query",
        responses={
            200: _ANSWER_ID,
            **problem_responses(
                "invalid_json",
                "invalid_api_key",
                "tenant_mismatch",
                "content_too_large",
                "unsupported_media_type",
                "invalid_input",
                "invalid_prompt",
                "internal_error",
                "database_unavailable",
                "index_unavailable",
                "model_unavailable",
                "model_mismatch",
                "unavailable",
            ),
        },
    )
    async def query(
        body: RagRequest,
        request: Request,
        response: Response,
        tenant: Annotated[TenantContext, Depends(authenticate)],
    ) -> RagResponse:
        require_same_tenant(tenant, body.tenant_id)
        started = perf_counter()
        deadline = workbench.settings.request_deadline

        def ask() -> AnsweredQuestion:
            left = max(deadline - (perf_counter() - started), 0.001)
            return workbench.answering.answer(
                tenant, body.question, top_k=body.top_k, deadline=left, trace_id=request.state.trace_id
            )

        try:
            answered = await pool.run(ask, deadline=deadline)
        except IndexUnavailable:
            measurements.count_unanswered(tenant, _CHANNEL, "not_indexed")
            raise
        measurements.count_answer(tenant, _CHANNEL, answered, perf_counter() - started)
        response.headers["X-Answer-Id"] = str(answered.answer_id)
        return RagResponse(answer=answered.answer.text, sources=_sources(answered.answer))

    return router


def _sources(answer: Answer) -> list[RagSource]:
    """One source a citation number, in their order: two quotes of one passage share a number."""
    cited = {citation.number: citation for citation in reversed(answer.citations)}
    return [
        RagSource(doc_id=citation.document_id, section=citation.section, score=citation.score)
        for _, citation in sorted(cited.items())
    ]
