"""/approvals: what waits for a person before it is done, and what people decide."""

import logging
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from apps.api.agent_access import AgentAccess, AgentSession
from apps.api.openapi import problem_responses
from apps.api.staff_access import Staff
from apps.api.tool_types import ApprovalBody, ApprovalList, DecisionRequest
from apps.api.tools import OF_ONE, READS, ToolParts
from components.core.errors import Unavailable
from components.core.tenant import Tenant
from components.tools.approvals import MOST, Approval, Approvals, ApprovalStatus

logger = logging.getLogger("helpdesk.api")

_DECIDES = (
    "invalid_credentials",
    "access_denied",
    "invalid_input",
    "not_found",
    "conflict",
    "invalid_json",
    "content_too_large",
    "unsupported_media_type",
    "internal_error",
    "database_unavailable",
    "unavailable",
)


def approvals_router(approvals: Approvals, parts: ToolParts, agents: AgentAccess) -> APIRouter:
    """The routes. agents: who decides; whoever has parts.access may read."""
    router = APIRouter(tags=["tools"], prefix="/approvals")

    @router.get(
        "",
        summary="What waits for a person, or did",
        operation_id="find_approvals",
        responses=problem_responses(*READS),
    )
    async def find(
        staff: Annotated[Staff, Depends(parts.access)],
        status: ApprovalStatus | None = None,
        conversation_id: UUID | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    ) -> ApprovalList:
        """Pending ones with the oldest first, else the newest first."""

        def search() -> ApprovalList:
            found = approvals.search(staff.tenant, status=status, conversation_id=conversation_id, limit=limit)
            return parts.telling.approvals(parts.tenant(staff), found)

        return await parts.short.run(search, deadline=parts.deadline)

    @router.get(
        "/{approval_id}",
        summary="What is asked, or was",
        operation_id="get_approval",
        responses=problem_responses(*OF_ONE),
    )
    async def show(approval_id: UUID, staff: Annotated[Staff, Depends(parts.access)]) -> ApprovalBody:
        def get() -> ApprovalBody:
            return parts.telling.approval(parts.tenant(staff), approvals.get(staff.tenant, approval_id))

        return await parts.short.run(get, deadline=parts.deadline)

    @router.post(
        "/{approval_id}",
        summary="Approve or refuse",
        operation_id="decide_approval",
        responses=problem_responses(*_DECIDES),
    )
    async def decide(
        approval_id: UUID, body: DecisionRequest, who: Annotated[AgentSession, Depends(agents)]
    ) -> ApprovalBody:
        """Gives what came of the call where it is made at once; one that takes longer, or that belongs to a run, goes
        on by itself. The same decision again changes nothing."""
        tenant = who.tenant
        approve = body.decision == "approve"
        decision = partial(
            approvals.decide,
            tenant.context,
            approval_id,
            approve=approve,
            agent_id=who.agent.agent_id,
            comment=body.comment,
        )
        decided = await parts.short.run(decision, deadline=parts.deadline)
        if decided.invocation.run_id is None:
            await _go_on(parts, tenant, decided)

        def get() -> ApprovalBody:
            return parts.telling.approval(tenant, approvals.get(tenant.context, approval_id))

        return await parts.short.run(get, deadline=parts.deadline)

    return router


async def _go_on(parts: ToolParts, tenant: Tenant, decided: Approval) -> None:
    """Has the call made, or ended. The decision stands whatever becomes of this: a call whose process died is the
    foreman's; one that failed for the moment is shown as such, and may be made again."""
    call = partial(parts.tools.resume, tenant, decided.invocation.invocation_id)
    try:
        await parts.calls.run(tenant.context, call, deadline=parts.deadline)
    except Unavailable as error:
        logger.info("the call %s was not made at once: %s", decided.invocation.invocation_id, error)
