"""What customers think of a conversation, and the figures of how conversations went."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from apps.api.chat_types import Comment
from apps.api.openapi import problem_responses
from apps.api.session_access import ChatSession
from apps.api.staff_access import Staff
from apps.api.workers import WorkerPool
from components.helpdesk.feedback import LONGEST_COMMENT
from components.helpdesk.outcome_figures import OutcomeFigures, Seconds
from components.helpdesk.outcomes import FEWEST_STARS, MOST_STARS, Outcomes

_BY_DEFAULT = timedelta(days=30)
_ANY_ROUTE = ("invalid_input", "internal_error", "database_unavailable", "unavailable")


class ConversationRating(BaseModel):
    """A customer's judgement of a conversation; sent again, it replaces the one before."""

    model_config = ConfigDict(extra="forbid")

    stars: int = Field(ge=FEWEST_STARS, le=MOST_STARS, strict=True, examples=[5])
    comment: Comment | None = Field(None, description=f"Up to {LONGEST_COMMENT} characters.")


class SecondsTold(BaseModel):
    """Of the conversations that have the figure; null where none has. Wall-clock time."""

    average: float | None
    median: float | None
    p90: float | None


class OutcomesTold(BaseModel):
    """Of the conversations that ended in that time."""

    since: datetime
    until: datetime
    total_sessions: int
    bot_resolved: int = Field(description="contained + verified")
    deflection: float | None = Field(description="bot_resolved / total_sessions; null where there are none.")
    contained: int = Field(description="The bot answered, and no person was needed.")
    verified: int = Field(
        description="So, and known to have helped: the customer said so, or did not come back in the time in which "
        "that would have reopened it."
    )
    handed_over: int = Field(description="A person has had it.")
    handed_over_verified: int
    abandoned: int = Field(description="The customer left unanswered, or while waiting for a person.")
    open: int = Field(description="Open now, whenever they began.")
    handovers: int = Field(description="Of the ended ones; one conversation may have several.")
    reasons: dict[str, int] = Field(description="Conversations by why a person was first asked for.")
    wait: SecondsTold = Field(description="Until an agent took the conversation.")
    first_response: SecondsTold = Field(description="From when a person was asked for to what an agent said first.")
    resolution: SecondsTold = Field(description="From the conversation's beginning to its end.")
    ratings: dict[int, int] = Field(description="Conversations by stars.")
    average_rating: float | None


def rating_router(
    outcomes: Outcomes, access: Callable[..., Awaitable[ChatSession]], pool: WorkerPool, *, deadline: float
) -> APIRouter:
    """The customer's route."""
    router = APIRouter(tags=["chat"])

    @router.post(
        "/chat/{session:uuid}/rating",
        status_code=204,
        summary="Rate a conversation",
        operation_id="rate_session",
        responses=problem_responses(
            "invalid_session_token",
            "not_found",
            "conflict",
            "invalid_json",
            "content_too_large",
            "unsupported_media_type",
            "request_timeout",
            *_ANY_ROUTE,
        ),
    )
    async def rate(body: ConversationRating, session: Annotated[ChatSession, Depends(access)]) -> None:
        """Once somebody, bot or person, has answered in it."""
        call = partial(outcomes.rate, session.tenant.context, session.session_id, body.stars, body.comment)
        await pool.run(call, deadline=deadline)

    return router


def outcomes_router(
    outcomes: Outcomes, access: Callable[..., Awaitable[Staff]], pool: WorkerPool, *, deadline: float
) -> APIRouter:
    """The route of agents and of programs that count."""
    router = APIRouter(tags=["handover"])

    @router.get(
        "/handover/outcomes",
        summary="How conversations went",
        operation_id="read_outcomes",
        responses=problem_responses("invalid_api_key", "invalid_credentials", "access_denied", *_ANY_ROUTE),
    )
    async def read_outcomes(
        staff: Annotated[Staff, Depends(access)],
        since: Annotated[
            AwareDatetime | None, Query(description="With a time zone; by default 30 days before `until`.")
        ] = None,
        until: Annotated[AwareDatetime | None, Query(description="With a time zone; by default now.")] = None,
    ) -> OutcomesTold:
        """Of conversations that ended from `since` on and before `until`."""
        end = until or datetime.now(UTC)
        begin = since or end - _BY_DEFAULT
        figures = await pool.run(partial(outcomes.figures, staff.tenant, begin, end), deadline=deadline)
        return _told(figures, begin, end)

    return router


def _told(figures: OutcomeFigures, since: datetime, until: datetime) -> OutcomesTold:
    return OutcomesTold(
        since=since,
        until=until,
        total_sessions=figures.total_sessions,
        bot_resolved=figures.bot_resolved,
        deflection=figures.deflection,
        contained=figures.contained,
        verified=figures.verified,
        handed_over=figures.handed_over,
        handed_over_verified=figures.handed_over_verified,
        abandoned=figures.abandoned,
        open=figures.open,
        handovers=figures.handovers,
        reasons=dict(figures.reasons),
        wait=_seconds(figures.wait),
        first_response=_seconds(figures.first_response),
        resolution=_seconds(figures.resolution),
        ratings=dict(figures.ratings),
        average_rating=figures.average_rating,
    )


def _seconds(seconds: Seconds) -> SecondsTold:
    return SecondsTold(average=seconds.average, median=seconds.median, p90=seconds.p90)
