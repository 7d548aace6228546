"""The customer chat over HTTP: sessions, their messages and what customers think of the answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from apps.api.chat_limits import ChatLimits
from apps.api.chat_turns import ChatTurns
from apps.api.chat_types import (
    FURTHEST_SEQUENCE,
    ChatFeedback,
    Link,
    Render,
    SessionOpened,
    SessionRequest,
    Transcript,
    chat_messages,
)
from apps.api.openapi import problem_responses
from apps.api.session_access import ChatSession
from apps.api.workers import WorkerPool
from components.core.errors import NotFound, TenantNotFound
from components.core.tenant import Tenant, TenantContext
from components.helpdesk.conversations.conversation import Attachment, Conversation, Message
from components.helpdesk.conversations.conversations import MOST_MESSAGES, Conversations
from components.helpdesk.feedback import FeedbackLog
from components.helpdesk.handover.attachment_links import AttachmentLinks
from components.helpdesk.session_tokens import SessionTokens
from components.helpdesk.tenants import TenantRegistry

Access = Callable[..., Awaitable[ChatSession]]
Format = Annotated[Literal["json", "html"], Query(description="html: each message also as safe HTML.")]
After = Annotated[int, Query(ge=0, le=FURTHEST_SEQUENCE, description="The last sequence that the caller has.")]

_ANY_ROUTE = ("invalid_input", "internal_error", "database_unavailable", "unavailable")
_OF_A_BODY = ("invalid_json", "content_too_large", "unsupported_media_type", "request_timeout")
_OF_A_SESSION = ("invalid_session_token", "not_found")


@dataclass(frozen=True)
class ChatParts:
    """What the chat's routes work with. pool: for short calls. render: a message as safe HTML. deadline: seconds."""

    turns: ChatTurns
    tenants: TenantRegistry
    conversations: Conversations
    feedback: FeedbackLog
    tokens: SessionTokens
    links: AttachmentLinks
    access: Access
    limits: ChatLimits
    pool: WorkerPool
    render: Render
    deadline: float

    def rendering(self, form: str) -> Render | None:
        """What makes a message's `html` for ?format=…"""
        return self.render if form == "html" else None

    def linking(self, tenant: TenantContext) -> Link:
        """What makes the links of a tenant's attachments."""

        def link(attachment: Attachment) -> str:
            return self.links.url(tenant, attachment.attachment_id)

        return link


def chat_router(chat: ChatParts) -> APIRouter:
    """The routes beside that of messages. {session} is a UUID, and what is none is left to the chat's page."""
    router = APIRouter(tags=["chat"])

    @router.post(
        "/chat/sessions",
        status_code=201,
        summary="Begin a conversation",
        operation_id="open_session",
        responses=problem_responses("tenant_not_found", "rate_limited", *_OF_A_BODY, *_ANY_ROUTE),
    )
    async def open_session(body: SessionRequest, request: Request, format: Format = "json") -> SessionOpened:
        """Needs no token and gives one. `messages` holds what the helpdesk says first."""
        chat.limits.count_session(request.client.host if request.client else "")
        tenant = await chat.pool.run(partial(chat.tenants.find_by_domain, body.tenant.lower()), deadline=chat.deadline)
        if tenant is None:
            raise TenantNotFound(f"no helpdesk is at {body.tenant!r}: send the domain of a tenant", field="tenant")
        request.state.tenant = str(tenant.tenant_id)
        conversation = await chat.turns.open(tenant, body.customer.model_dump(exclude_none=True))
        messages = await chat.pool.run(
            partial(chat.conversations.messages, tenant.context, conversation.conversation_id), deadline=chat.deadline
        )
        return _opened(chat, tenant, conversation, messages, format)

    @router.get(
        "/chat/{session:uuid}",
        summary="Read a conversation from a message on",
        operation_id="read_session",
        responses=problem_responses(*_OF_A_SESSION, *_ANY_ROUTE),
    )
    async def read_session(
        session: Annotated[ChatSession, Depends(chat.access)],
        after: After = 0,
        format: Format = "json",
    ) -> Transcript:
        """The messages that came after one, for whoever was away. A turn that a server left when it died is taken
        now: while `pending` is true, ask again."""
        conversation, messages, pending = await chat.pool.run(
            partial(
                chat.conversations.read, session.tenant.context, session.session_id, after=after, limit=MOST_MESSAGES
            ),
            deadline=chat.deadline,
        )
        if pending:
            chat.turns.resume(session)
        return Transcript(
            session_id=session.session_id,
            status=conversation.status,
            language=conversation.language,
            last_sequence=conversation.last_sequence,
            pending=pending,
            messages=chat_messages(messages, chat.linking(session.tenant.context), chat.rendering(format)),
        )

    @router.post(
        "/chat/{session:uuid}/feedback",
        status_code=204,
        summary="Rate an answer of a conversation",
        operation_id="rate_chat_answer",
        responses=problem_responses(*_OF_A_SESSION, *_OF_A_BODY, *_ANY_ROUTE),
    )
    async def rate(body: ChatFeedback, session: Annotated[ChatSession, Depends(chat.access)]) -> None:
        def rate_answer() -> None:
            _require_answer(chat.conversations, session.tenant.context, session.session_id, body.answer_id)
            chat.feedback.rate(session.tenant.context, body.answer_id, body.rating, body.comment)

        await chat.pool.run(rate_answer, deadline=chat.deadline)

    return router


def _opened(
    chat: ChatParts, tenant: Tenant, conversation: Conversation, messages: tuple[Message, ...], form: str
) -> SessionOpened:
    token, expires_at = chat.tokens.issue(tenant.tenant_id, conversation.conversation_id)
    return SessionOpened(
        session_id=conversation.conversation_id,
        token=token,
        expires_at=expires_at,
        status=conversation.status,
        last_sequence=conversation.last_sequence,
        messages=chat_messages(messages, chat.linking(tenant.context), chat.rendering(form)),
    )


def _require_answer(conversations: Conversations, tenant: TenantContext, session_id: UUID, answer_id: UUID) -> None:
    """Raises NotFound for an answer that no message of the session shows."""
    after = 0
    while messages := conversations.messages(tenant, session_id, after=after, limit=MOST_MESSAGES):
        if any(message.details.answer_id == answer_id for message in messages):
            return
        after = messages[-1].sequence
    raise NotFound(f"no message of this session has the answer {answer_id}", field="answer_id")
