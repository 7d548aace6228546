"""What helps agents to answer: suggestions from the knowledge, summaries, canned answers."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path

from apps.api.agent_access import AgentSession
from apps.api.handover.desk import ANY_ROUTE, OF_A_CONVERSATION, DeskParts
from apps.api.handover.desk_types import (
    CannedAnswersTold,
    CannedAnswerText,
    CannedAnswerTold,
    SuggestionsTold,
    SummaryLineTold,
    SummaryTold,
)
from apps.api.openapi import problem_responses
from components.helpdesk.handover.canned_answers import CannedAnswer

_OF_A_BODY = ("invalid_json", "content_too_large", "unsupported_media_type", "request_timeout")
# An agent waits for these while a customer waits for them.
SUGGESTIONS_WITHIN = 12.0
SUMMARY_WITHIN = 12.0


def help_router(desk: DeskParts) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["agents"], prefix="/handover")
    canned = desk.tools.canned_answers

    @router.get(
        "/conversations/{session:uuid}/suggestions",
        summary="What the knowledge says to the customer's last questions",
        operation_id="suggest_replies",
        responses=problem_responses(*OF_A_CONVERSATION),
    )
    async def suggest(session: UUID, who: Annotated[AgentSession, Depends(desk.access)]) -> SuggestionsTold:
        within = min(SUGGESTIONS_WITHIN, desk.deadline)
        ask = partial(desk.tools.suggestions.for_conversation, who.tenant.context, session, deadline=within)
        return desk.telling.suggestions(await desk.slow.run(ask, deadline=desk.deadline))

    @router.get(
        "/conversations/{session:uuid}/summary",
        summary="The conversation in a few lines",
        operation_id="summarise_conversation",
        responses=problem_responses(*OF_A_CONVERSATION),
    )
    async def summarise(session: UUID, who: Annotated[AgentSession, Depends(desk.access)]) -> SummaryTold:
        """By the tenant's language model, each sentence held against what was said, where it has one; else quoted."""
        within = min(SUMMARY_WITHIN, desk.deadline)
        write = partial(desk.tools.summaries.of_conversation, who.tenant.context, session, deadline=within)
        summary = await desk.slow.run(write, deadline=desk.deadline)
        lines = [SummaryLineTold(text=each.text, sequences=list(each.sequences)) for each in summary.lines]
        return SummaryTold(made_by=summary.made_by, last_sequence=summary.last_sequence, lines=lines)

    @router.get(
        "/canned-answers",
        summary="Texts to insert",
        operation_id="list_canned_answers",
        responses=problem_responses(*ANY_ROUTE),
    )
    async def list_canned(who: Annotated[AgentSession, Depends(desk.access)]) -> CannedAnswersTold:
        found = await desk.pool.run(partial(canned.list, who.tenant.context), deadline=desk.deadline)
        return CannedAnswersTold(canned_answers=[_told(each) for each in found])

    @router.put(
        "/canned-answers/{name}",
        summary="Add a text to insert, or change one",
        operation_id="put_canned_answer",
        responses=problem_responses(*_OF_A_BODY, *ANY_ROUTE),
    )
    async def put_canned(
        name: Annotated[str, Path(description="Lower-case letters, digits, - and _; what agents type after a slash.")],
        body: CannedAnswerText,
        who: Annotated[AgentSession, Depends(desk.access)],
    ) -> CannedAnswerTold:
        put = partial(canned.put, who.tenant.context, name, body.text)
        return _told(await desk.pool.run(put, deadline=desk.deadline))

    @router.delete(
        "/canned-answers/{name}",
        status_code=204,
        summary="Remove a text to insert",
        operation_id="delete_canned_answer",
        responses=problem_responses("not_found", *ANY_ROUTE),
    )
    async def delete_canned(name: str, who: Annotated[AgentSession, Depends(desk.access)]) -> None:
        await desk.pool.run(partial(canned.delete, who.tenant.context, name), deadline=desk.deadline)

    return router


def _told(answer: CannedAnswer) -> CannedAnswerTold:
    return CannedAnswerTold(name=answer.name, text=answer.text, updated_at=answer.updated_at)
