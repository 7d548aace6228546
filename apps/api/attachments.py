"""Attachments over HTTP: customers and agents upload them, and whoever has a link to one may fetch it."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from apps.api.agent_access import AgentSession
from apps.api.body_limit import LargerBody
from apps.api.chat_types import ChatAttachment, chat_attachments
from apps.api.openapi import problem_responses
from apps.api.session_access import ChatSession
from apps.api.workers import WorkerPool
from components.core.errors import InvalidInput, RateLimited
from components.core.tenant import TenantContext
from components.helpdesk.handover.attachment_links import PATH, AttachmentLinks
from components.helpdesk.handover.attachments import MOST_BYTES, Attachments, Author, Upload

OfCustomer = Callable[..., Awaitable[ChatSession]]
OfAgent = Callable[..., Awaitable[AgentSession]]

_UUID = r"[0-9a-fA-F-]{36}"
# What stands round a file in a form.
_FORM_BYTES = 64 * 1024
LARGER = (LargerBody(re.compile(rf"/(?:chat|handover/conversations)/{_UUID}/attachments"), MOST_BYTES + _FORM_BYTES),)
# Whatever it holds, a browser that opens it runs nothing and asks nobody.
_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
_FAILURES = (
    "not_found",
    "conflict",
    "content_too_large",
    "unsupported_media_type",
    "request_timeout",
    "invalid_input",
    "rate_limited",
    "internal_error",
    "database_unavailable",
    "unavailable",
)
_PIECE = 256 * 1024


class Receiving:
    """Takes uploads in, a few at once, without ever having a file in memory."""

    def __init__(
        self, attachments: Attachments, links: AttachmentLinks, pool: WorkerPool, *, at_once: int, deadline: float
    ) -> None:
        """deadline: seconds of one piece."""
        self._attachments, self._links, self._pool, self._deadline = attachments, links, pool, deadline
        self._places = at_once

    async def take(
        self, request: Request, tenant: TenantContext, session_id: UUID, author: Author, name: str | None
    ) -> ChatAttachment:
        """name: where the body is the file itself and no form."""
        if not self._places:
            raise RateLimited("too many files are being uploaded at present: try again soon", retry_after=1.0)
        self._places -= 1
        try:
            return await self._taken(request, tenant, session_id, author, name)
        finally:
            self._places += 1

    async def _taken(
        self, request: Request, tenant: TenantContext, session_id: UUID, author: Author, name: str | None
    ) -> ChatAttachment:
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            async with _form_file(request) as file:
                return await self._store(_pieces_of(file), tenant, session_id, author, file.filename or "")
        return await self._store(request.stream(), tenant, session_id, author, name or "")

    async def _store(
        self, pieces: AsyncIterator[bytes], tenant: TenantContext, session_id: UUID, author: Author, name: str
    ) -> ChatAttachment:
        receive = partial(self._attachments.receive, tenant, session_id, author, name)
        upload: Upload = await self._pool.run(receive, deadline=self._deadline)
        try:
            async for piece in _gathered(pieces):
                await self._pool.run(partial(upload.write, piece), deadline=self._deadline)
            kept = await self._pool.run(upload.keep, deadline=self._deadline)
        finally:
            upload.close()
        (told,) = chat_attachments([kept], lambda each: self._links.url(tenant, each.attachment_id))
        return told


def attachments_router(
    receiving: Receiving,
    attachments: Attachments,
    links: AttachmentLinks,
    customer: OfCustomer,
    agent: OfAgent,
    pool: WorkerPool,
    *,
    deadline: float,
) -> APIRouter:
    """The three routes. customer, agent: give the session of a request."""
    router = APIRouter(tags=["attachments"])

    @router.post(
        "/chat/{session:uuid}/attachments",
        status_code=201,
        summary="Upload a file as the customer",
        operation_id="upload_as_customer",
        openapi_extra=_BODY,
        responses=problem_responses("invalid_session_token", *_FAILURES),
    )
    async def upload_as_customer(
        request: Request, session: Annotated[ChatSession, Depends(customer)], name: str | None = None
    ) -> ChatAttachment:
        """Send its `attachment_id` with a message. As a form with the field `file`, or as the body itself with
        ?name=…"""
        return await receiving.take(request, session.tenant.context, session.session_id, "customer", name)

    @router.post(
        "/handover/conversations/{session:uuid}/attachments",
        status_code=201,
        summary="Upload a file as an agent",
        operation_id="upload_as_agent",
        openapi_extra=_BODY,
        responses=problem_responses("invalid_credentials", "access_denied", *_FAILURES),
    )
    async def upload_as_agent(
        session: UUID,
        request: Request,
        signed_in: Annotated[AgentSession, Depends(agent)],
        name: str | None = None,
    ) -> ChatAttachment:
        return await receiving.take(request, signed_in.tenant.context, session, "agent", name)

    @router.get(
        f"{PATH}/{{token}}",
        summary="Fetch a file by its link",
        operation_id="read_attachment",
        response_class=FileResponse,
        responses=problem_responses("not_found", "internal_error", "database_unavailable", "unavailable"),
    )
    async def read_attachment(token: str, request: Request) -> FileResponse:
        """Links come with messages, and are good for 15 minutes."""
        linked = links.read(token)
        request.state.tenant = str(linked.tenant.tenant_id)
        found = await pool.run(partial(attachments.get, linked.tenant, linked.attachment_id), deadline=deadline)
        return FileResponse(
            found.path,
            media_type=found.attachment.media_type,
            filename=found.attachment.name,
            content_disposition_type="attachment",
            headers=_HEADERS,
        )

    return router


@asynccontextmanager
async def _form_file(request: Request) -> AsyncIterator[UploadFile]:
    """The form's one file. Raises InvalidInput."""
    try:
        form = await request.form(max_files=1, max_fields=8)
    except MultiPartException as error:
        raise InvalidInput(f"the form cannot be read: {error.message}", field="body") from error
    except HTTPException as error:
        if error.status_code != 400:
            raise
        raise InvalidInput(f"the form cannot be read: {error.detail}", field="body") from error
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidInput("the form has no file in its field `file`", field="file")
        yield file
    finally:
        await form.close()


async def _pieces_of(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE):
        yield piece


async def _gathered(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """As fewer, larger ones: each costs a turn in a thread."""
    gathered = bytearray()
    async for piece in pieces:
        gathered += piece
        if len(gathered) >= _PIECE:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)
