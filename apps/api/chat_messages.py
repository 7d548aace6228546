"""POST /chat/{session}/messages: a customer's message in, its turn out as a stream of events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.sse import EventSourceResponse
from starlette.types import Receive, Scope, Send

from apps.api.chat import ChatParts, Format
from apps.api.chat_events import HEARTBEAT, CitationsTold, event_bytes, told
from apps.api.chat_turns import RunningTurn
from apps.api.chat_types import Link, MessageRequest, Render, TurnDone, chat_citations, chat_messages
from apps.api.openapi import problem_responses
from apps.api.problems import problem_of, problem_of_error
from apps.api.session_access import ChatSession
from components.core.errors import HelpdeskError
from components.dialogue.turn_events import TakenTurn

_EVENT_STREAM = "text/event-stream"
_JSON = "application/json"
_STREAM = {
    "description": "Where the request accepts `application/json`, this body. Else a stream of events: `typing`, "
    "`delta` with provisional pieces of a reply, `citations` of a finished one, and then one `done` with this body "
    "or one `error` with a problem. A line that begins with a colon is a heartbeat. The message is stored and "
    "answered also where the caller hangs up: GET /chat/{session} gives the replies afterwards.",
    "content": {
        _EVENT_STREAM: {
            "schema": {"type": "string"},
            "example": 'event: typing\ndata: {}\n\nevent: delta\ndata: {"reply":0,"text":"You can return "}\n\n'
            'event: done\ndata: {"session_id":"…","status":"bot","last_sequence":3,"message":{…},"messages":[…],'
            '"repeated":false}\n\n',
        }
    },
}
_FAILURES = problem_responses(
    "invalid_json",
    "invalid_session_token",
    "not_found",
    "request_timeout",
    "conflict",
    "content_too_large",
    "unsupported_media_type",
    "invalid_input",
    "rate_limited",
    "internal_error",
    "database_unavailable",
    "unavailable",
)


def messages_router(chat: ChatParts, *, heartbeat: float) -> APIRouter:
    """The route. heartbeat: seconds of silence after which a comment is sent."""
    router = APIRouter(tags=["chat"])

    @router.post(
        "/chat/{session:uuid}/messages",
        summary="Send a message and hear the reply as it is made",
        operation_id="send_message",
        response_model=TurnDone,
        responses={200: _STREAM, **_FAILURES},
    )
    async def send(
        body: MessageRequest,
        request: Request,
        session: Annotated[ChatSession, Depends(chat.access)],
        format: Format = "json",
    ) -> Response:
        chat.limits.count_message(session.tenant.context, session.session_id)
        running = chat.turns.begin(session, body.client_message_id, body.text, body.attachments)
        render, link = chat.rendering(format), chat.linking(session.tenant.context)
        if not _wants_events(request.headers.get("accept", "")):
            with closing(running):
                done = _done(session, await running.taken(), link, render)
            return Response(done.model_dump_json(), media_type=_JSON)
        events = _events(request, session, running, link, render, heartbeat)
        # The first one before the status line: a failure before any event is told by the status.
        return _Events(await anext(events), events)

    return router


class _Events(EventSourceResponse):
    """Closes what it streams also where the caller left before the first event was sent."""

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes, None]) -> None:
        super().__init__(_chained(first, rest), headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._rest):
            await super().__call__(scope, receive, send)


async def _chained(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    yield first
    async for item in rest:
        yield item


async def _events(
    request: Request,
    session: ChatSession,
    running: RunningTurn,
    link: Link,
    render: Render | None,
    heartbeat: float,
) -> AsyncGenerator[bytes, None]:
    """The turn on the wire. Raises what the turn does where nothing was told before."""
    said = False
    with closing(running):
        async for batch in running.events.batches(heartbeat):
            yield b"".join(event_bytes(event) for event in batch) or HEARTBEAT
            said = True
        try:
            taken = await running.taken()
        except HelpdeskError as error:
            if not said:
                raise
            yield told("error", problem_of_error(request.scope, error))
        except Exception:
            # The edge: the status line has gone, and who ran the turn has logged the fault.
            if not said:
                raise
            yield told("error", problem_of(request.scope, "internal_error"))
        else:
            for number, reply in enumerate(taken.replies):
                if reply.details.citations:
                    cited = chat_citations(reply.details.citations)
                    yield told("citations", CitationsTold(reply=number, citations=cited))
            yield told("done", _done(session, taken, link, render))


def _done(session: ChatSession, taken: TakenTurn, link: Link, render: Render | None) -> TurnDone:
    (message,) = chat_messages([taken.message], link, render)
    return TurnDone(
        session_id=session.session_id,
        status=taken.conversation.status,
        last_sequence=taken.conversation.last_sequence,
        message=message,
        messages=chat_messages(taken.replies, link, render),
        repeated=taken.repeated,
    )


def _wants_events(accept: str) -> bool:
    """A stream, unless JSON is asked for and a stream is not."""
    return _EVENT_STREAM in accept or _JSON not in accept
