"""What agents read over HTTP: the queue, and one conversation with all that belongs to it."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from apps.api.agent_access import AgentSession
from apps.api.chat_types import FURTHEST_SEQUENCE
from apps.api.handover.desk_told import DeskTelling
from apps.api.handover.desk_types import (
    DossierTold,
    EarlierMessages,
    QueueTold,
    TeamsTold,
)
from apps.api.openapi import problem_responses
from apps.api.workers import WorkerPool
from components.core.tenant import Tenant
from components.helpdesk.access.roles import may
from components.helpdesk.answer_lineage import AnswerLineage
from components.helpdesk.answer_log import AnswerLog
from components.helpdesk.business_hours import BusinessHours
from components.helpdesk.handover.agent_tools import AgentTools
from components.helpdesk.handover.agents import Agent, Agents
from components.helpdesk.handover.notes import Notes
from components.helpdesk.handover.queue import View
from components.helpdesk.tenant_config import HandoverConfig, read_config

Access = Callable[..., Awaitable[AgentSession]]

ANY_ROUTE = (
    "invalid_credentials",
    "access_denied",
    "invalid_input",
    "internal_error",
    "database_unavailable",
    "unavailable",
)
OF_A_CONVERSATION = ("not_found", *ANY_ROUTE)


@dataclass(frozen=True)
class DeskParts:
    """What the agents' routes work with. pool: for short calls; slow: for calls that may wait for a model. deadline:
    seconds."""

    tools: AgentTools
    notes: Notes
    agents: Agents
    answers: AnswerLog
    access: Access
    pool: WorkerPool
    slow: WorkerPool
    telling: DeskTelling
    deadline: float


def desk_router(desk: DeskParts) -> APIRouter:
    """The routes. {session} is a conversation of the agent's tenant; any other is not found."""
    router = APIRouter(tags=["agents"], prefix="/handover")

    @router.get("/queue", summary="What there is to do", operation_id="read_queue", responses=_failures())
    async def read_queue(
        who: Annotated[AgentSession, Depends(desk.access)],
        view: Annotated[View, Query(description="mine: what the agent owns; all: what has not ended.")] = "waiting",
    ) -> QueueTold:
        """waiting: meant for this agent first, then their team's and everybody's; VIPs and urgent ones first."""
        now, hours = datetime.now(UTC), BusinessHours(_handover(who.tenant))
        tenant, agent, queue = who.tenant.context, who.agent, desk.tools.queue

        def read() -> QueueTold:
            counts = queue.counts(tenant, agent)
            items = queue.list(tenant, agent, view, hours, now)
            entries = [desk.telling.queue_entry(each) for each in items]
            return QueueTold(view=view, now=now, waiting=counts.waiting, mine=counts.mine, items=entries)

        return await desk.pool.run(read, deadline=desk.deadline)

    @router.get(
        "/conversations/{session:uuid}",
        summary="A conversation, why it was handed over, and who the customer is",
        operation_id="read_conversation",
        responses=_failures(*OF_A_CONVERSATION),
    )
    async def read_conversation(session: UUID, who: Annotated[AgentSession, Depends(desk.access)]) -> DossierTold:
        tenant = who.tenant.context

        def read() -> DossierTold:
            return desk.telling.dossier(
                tenant, desk.tools.dossiers.get(tenant, session), desk.notes.list(tenant, session)
            )

        return await desk.pool.run(read, deadline=desk.deadline)

    @router.get(
        "/conversations/{session:uuid}/messages",
        summary="Messages before those that are there",
        operation_id="read_earlier_messages",
        responses=_failures(*OF_A_CONVERSATION),
    )
    async def read_earlier(
        session: UUID,
        who: Annotated[AgentSession, Depends(desk.access)],
        before: Annotated[int, Query(ge=1, le=FURTHEST_SEQUENCE, description="The first sequence that is there.")],
    ) -> EarlierMessages:
        read = partial(desk.tools.dossiers.messages_before, who.tenant.context, session, before)
        messages = await desk.pool.run(read, deadline=desk.deadline)
        return EarlierMessages(session_id=session, messages=desk.telling.messages(who.tenant.context, messages))

    @router.get(
        "/teams", summary="Teams to pass a conversation on to", operation_id="list_teams", responses=_failures()
    )
    async def list_teams(who: Annotated[AgentSession, Depends(desk.access)]) -> TeamsTold:
        """Those of the tenant's configuration, and those that its agents are in."""
        agents = await desk.pool.run(partial(desk.agents.list, who.tenant.context), deadline=desk.deadline)
        return TeamsTold(teams=sorted({*_handover(who.tenant).teams, *_teams_of(agents)}))

    @router.get(
        "/answers/{answer_id}",
        summary="The lineage of an answer",
        operation_id="read_answer_lineage",
        responses=_failures(*OF_A_CONVERSATION),
    )
    async def read_answer(answer_id: UUID, who: Annotated[AgentSession, Depends(desk.access)]) -> AnswerLineage:
        """As GET /answers/{answer_id} gives it to a program."""
        return await desk.pool.run(partial(desk.answers.get, who.tenant.context, answer_id), deadline=desk.deadline)

    return router


def _teams_of(agents: Sequence[Agent]) -> Iterator[str]:
    return (each.team for each in agents if each.team and may(each.role, "answer_customers"))


def _handover(tenant: Tenant) -> HandoverConfig:
    return read_config(tenant.config).handover


def _failures(*codes: str) -> dict[int | str, dict[str, Any]]:
    return problem_responses(*(codes or ANY_ROUTE))
