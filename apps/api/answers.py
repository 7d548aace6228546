"""GET /answers/{answer_id}: what an answer was made of, and why it is what it is."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from apps.api.authentication import Authentication
from apps.api.openapi import problem_responses
from apps.api.workers import WorkerPool
from components.core.tenant import TenantContext
from components.helpdesk.answer_lineage import AnswerLineage
from components.helpdesk.answer_log import AnswerLog


def answers_router(log: AnswerLog, authenticate: Authentication, pool: WorkerPool, *, deadline: float) -> APIRouter:
    """The route. An answer of another tenant is not found."""
    router = APIRouter(tags=["questions"])

    @router.get(
        "/answers/{answer_id}",
        summary="The lineage of an answer",
        operation_id="get_answer",
        responses=problem_responses(
            "invalid_api_key", "not_found", "invalid_input", "internal_error", "database_unavailable", "unavailable"
        ),
    )
    async def read(answer_id: UUID, tenant: Annotated[TenantContext, Depends(authenticate)]) -> AnswerLineage:
        return await pool.run(partial(log.get, tenant, answer_id), deadline=deadline)

    return router
