"""/tickets: opened, found, changed, commented and merged by agents and by programs with the tenant's key."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from apps.api.openapi import problem_responses
from apps.api.staff_access import Staff, StaffAccess
from apps.api.ticket_requests import (
    CommentRequest,
    MergeRequest,
    TicketChangeRequest,
    TicketRequest,
    TicketSearch,
    read_ref,
)
from apps.api.ticket_types import TicketBody, TicketHistory, TicketList, event_bodies, ticket_body, ticket_values
from apps.api.workers import WorkerPool
from components.helpdesk.tickets.store import TicketRef
from components.helpdesk.tickets.tickets import Tickets

T = TypeVar("T")

RequestKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="The caller's own key of the wish: sent again with it, it is done once.",
    ),
]

_READS = (
    "invalid_api_key",
    "invalid_credentials",
    "access_denied",
    "invalid_input",
    "internal_error",
    "database_unavailable",
)
_OF_ONE = (*_READS, "not_found", "unavailable")
_OPENS = (*_READS, "invalid_json", "conflict", "content_too_large", "unsupported_media_type", "unavailable")
_CHANGES = (*_OPENS, "not_found")


def ticket_ref(
    ticket: Annotated[str, Path(max_length=40, description="Its id or its number.", examples=["7"])],
) -> TicketRef:
    """Raises InvalidInput."""
    return read_ref(ticket, "ticket")


Ref = Annotated[TicketRef, Depends(ticket_ref)]


def tickets_router(tickets: Tickets, access: StaffAccess, pool: WorkerPool, *, deadline: float) -> APIRouter:
    """The routes. A ticket of another tenant is not found."""
    router = APIRouter(tags=["tickets"])

    async def run(call: Callable[[], T]) -> T:
        return await pool.run(call, deadline=deadline)

    @router.get(
        "/tickets",
        summary="Find tickets, the newest first",
        operation_id="find_tickets",
        responses=problem_responses(*_READS, "unavailable"),
    )
    async def find(staff: Annotated[Staff, Depends(access)], search: Annotated[TicketSearch, Query()]) -> TicketList:
        page = await run(partial(tickets.search, staff.tenant, search.query()))
        return TicketList(tickets=[ticket_body(each) for each in page.tickets], next=page.next or None)

    @router.post(
        "/tickets",
        status_code=201,
        summary="Open a ticket",
        operation_id="open_ticket",
        responses={
            200: {"description": "It was opened before, with the same Idempotency-Key", "model": TicketBody},
            **problem_responses(*_OPENS),
        },
    )
    async def create(
        body: TicketRequest, response: Response, staff: Annotated[Staff, Depends(access)], key: RequestKey = None
    ) -> TicketBody:
        make = partial(tickets.create, staff.tenant, body.new(), actor=staff.actor, request_key=_kept(key))
        view, repeated = await run(make)
        response.status_code = 200 if repeated else 201
        response.headers["Location"] = f"/tickets/{view.ticket.ticket_id}"
        return ticket_body(view)

    @router.get(
        "/tickets/{ticket}",
        summary="A ticket and its events",
        operation_id="get_ticket",
        responses=problem_responses(*_OF_ONE),
    )
    async def read(
        ref: Ref,
        staff: Annotated[Staff, Depends(access)],
        events_after: Annotated[int, Query(ge=0, lt=2**31, description="Only events with a higher number.")] = 0,
    ) -> TicketHistory:
        view, events = await run(partial(tickets.history, staff.tenant, ref, after=events_after))
        return TicketHistory(**ticket_values(view), events=event_bodies(events))

    @router.patch(
        "/tickets/{ticket}",
        summary="Assign, prioritise, tag, rename a ticket, or change its status",
        operation_id="change_ticket",
        responses=problem_responses(*_CHANGES),
    )
    async def change(ref: Ref, body: TicketChangeRequest, staff: Annotated[Staff, Depends(access)]) -> TicketBody:
        act = partial(tickets.change, staff.tenant, ref, body.change(), actor=staff.actor, version=body.version)
        return ticket_body(await run(act))

    @router.post(
        "/tickets/{ticket}/comments",
        status_code=201,
        summary="Comment on a ticket, for everybody or for staff only",
        operation_id="comment_on_ticket",
        responses=problem_responses(*_CHANGES),
    )
    async def comment(
        ref: Ref, body: CommentRequest, staff: Annotated[Staff, Depends(access)], key: RequestKey = None
    ) -> TicketBody:
        act = partial(tickets.comment, staff.tenant, ref, body.comment(), actor=staff.actor, request_key=_kept(key))
        return ticket_body(await run(act))

    @router.post(
        "/tickets/{ticket}/merge",
        summary="Close a ticket that goes on in another, and give the other",
        operation_id="merge_ticket",
        responses=problem_responses(*_CHANGES),
    )
    async def merge(
        ref: Ref, body: MergeRequest, staff: Annotated[Staff, Depends(access)], key: RequestKey = None
    ) -> TicketBody:
        act = partial(
            tickets.merge, staff.tenant, ref, read_ref(body.into, "into"), actor=staff.actor, request_key=_kept(key)
        )
        return ticket_body(await run(act))

    return router


def _kept(key: str | None) -> str | None:
    """Apart from the keys of flows' orders."""
    return None if key is None else f"http/{key}"
