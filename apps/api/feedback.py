"""POST /answers/{answer_id}/feedback: a thumb up or down on an answer, with a word about it."""

from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from apps.api.authentication import Authentication
from apps.api.openapi import problem_responses
from apps.api.text import without_nul
from apps.api.workers import WorkerPool
from components.core.tenant import TenantContext
from components.helpdesk.feedback import LONGEST_COMMENT, FeedbackLog

Comment = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=LONGEST_COMMENT), AfterValidator(without_nul)
]


class FeedbackRequest(BaseModel):
    """A customer's judgement of one answer; sent again, it replaces the one before."""

    rating: Literal[-1, 1] = Field(description="1 = helpful, -1 = not helpful.")
    comment: Comment | None = Field(None, description=f"Up to {LONGEST_COMMENT} characters.")


def feedback_router(
    feedback: FeedbackLog, authenticate: Authentication, pool: WorkerPool, *, deadline: float
) -> APIRouter:
    """The route. An answer of another tenant is not found."""
    router = APIRouter(tags=["feedback"])

    @router.post(
        "/answers/{answer_id}/feedback",
        status_code=204,
        summary="Rate an answer",
        operation_id="rate_answer",
        responses=problem_responses(
            "invalid_json",
            "invalid_api_key",
            "not_found",
            "content_too_large",
            "unsupported_media_type",
            "invalid_input",
            "internal_error",
            "database_unavailable",
            "unavailable",
        ),
    )
    async def rate(
        answer_id: UUID, body: FeedbackRequest, tenant: Annotated[TenantContext, Depends(authenticate)]
    ) -> None:
        await pool.run(partial(feedback.rate, tenant, answer_id, body.rating, body.comment), deadline=deadline)

    return router
