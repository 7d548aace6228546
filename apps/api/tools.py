"""/tools: found, called, looked into, replayed and taken back by agents and by programs with the tenant's key."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID, uuid4

from fastapi import APIRouter, Body, Depends, Path, Query, Response

from apps.api.action_telling import ActionTelling
from apps.api.openapi import problem_responses
from apps.api.staff_access import Staff, StaffAccess
from apps.api.tenant_turns import TenantTurns
from apps.api.tickets import RequestKey
from apps.api.tool_types import ToolBody, ToolCallBody, ToolCallList, ToolList, tool_body
from apps.api.workers import WorkerPool
from components.core.tenant import Tenant
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.tenants import TenantRegistry
from components.tools.invocation import Invocation, InvocationStatus
from components.tools.registry import MOST, ToolRegistry
from components.tools.tool import Caller

T = TypeVar("T")

READS = (
    "invalid_api_key",
    "invalid_credentials",
    "access_denied",
    "invalid_input",
    "internal_error",
    "database_unavailable",
    "unavailable",
)
OF_ONE = (*READS, "not_found")
CALLS = (
    *OF_ONE,
    "tool_not_found",
    "tool_not_allowed",
    "tool_refused",
    "key_reused",
    "outcome_unknown",
    "rate_limited",
    "tool_unavailable",
)
_SENDS = (*CALLS, "invalid_json", "content_too_large", "unsupported_media_type")
_WAITS: dict[int | str, dict[str, Any]] = {
    202: {"description": "It waits for a person's approval: `approval_id`", "model": ToolCallBody}
}

DryRun = Annotated[bool, Query(description="Do nothing and keep nothing; give what the call would be.")]


@dataclass(frozen=True)
class ToolParts:
    """What the routes work with. short: threads for reads; calls: those for calls, which may take long. deadline:
    seconds."""

    tools: ToolRegistry
    tenants: TenantRegistry
    conversations: Conversations
    telling: ActionTelling
    access: StaffAccess
    short: WorkerPool
    calls: TenantTurns
    deadline: float

    def tenant(self, staff: Staff) -> Tenant:
        """With its configuration as it is now. Blocks. Raises TenantNotFound."""
        return self.tenants.get(staff.tenant.tenant_id)


def tools_router(parts: ToolParts) -> APIRouter:
    """The routes. What is another tenant's is not found."""
    router = APIRouter(tags=["tools"], prefix="/tools")

    async def read(call: Callable[[], T]) -> T:
        return await parts.short.run(call, deadline=parts.deadline)

    async def make(staff: Staff, call: Callable[[Tenant], Invocation], response: Response) -> ToolCallBody:
        """It goes on past the deadline, and the same key gives what came of it."""
        made = await parts.calls.run(staff.tenant, lambda: call(parts.tenant(staff)), deadline=parts.deadline)
        response.status_code = 202 if made.status == "waiting" and not made.dry else 200
        return await read(partial(parts.telling.call, staff.tenant, made))

    @router.get("", summary="The tools there are", operation_id="list_tools", responses=problem_responses(*READS))
    async def list_tools(staff: Annotated[Staff, Depends(parts.access)]) -> ToolList:
        """Built-in ones and the tenant's own, with what its configuration says of each."""

        def offered() -> list[ToolBody]:
            return [tool_body(each) for each in parts.tools.offered(parts.tenant(staff))]

        return ToolList(tools=await read(offered))

    @router.post(
        "/{tool_name}/invoke",
        summary="Call a tool",
        operation_id="invoke_tool",
        responses={**_WAITS, **problem_responses(*_SENDS)},
    )
    async def invoke(
        tool_name: Annotated[str, Path(max_length=80, examples=["create_ticket"])],
        arguments: Annotated[
            dict[str, Any],
            Body(
                default_factory=dict,
                description="As the tool's input_schema has them.",
                examples=[{"subject": "The zip is broken"}],
            ),
        ],
        response: Response,
        staff: Annotated[Staff, Depends(parts.access)],
        key: RequestKey = None,
        dry_run: DryRun = False,
        conversation_id: Annotated[UUID | None, Query(description="For whose customer it is done.")] = None,
    ) -> ToolCallBody:
        """The same Idempotency-Key acts once, and gives what came of it; without one, each request is a call of its
        own. A call that takes too long goes on: ask again with its key."""

        def call(tenant: Tenant) -> Invocation:
            if conversation_id is not None:
                parts.conversations.get(tenant.context, conversation_id)
            return parts.tools.invoke(
                tenant,
                tool_name,
                arguments,
                caller_of(staff),
                key=_kept(key),
                conversation_id=conversation_id,
                dry_run=dry_run,
            )

        return await make(staff, call, response)

    @router.get(
        "/invocations",
        summary="Calls that were made, the newest first",
        operation_id="find_tool_calls",
        responses=problem_responses(*READS),
    )
    async def find(
        staff: Annotated[Staff, Depends(parts.access)],
        tool: Annotated[str | None, Query(max_length=80)] = None,
        status: InvocationStatus | None = None,
        conversation_id: UUID | None = None,
        run_id: UUID | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    ) -> ToolCallList:
        def search() -> ToolCallList:
            found = parts.tools.invocations(
                parts.tenant(staff),
                tool=tool,
                status=status,
                conversation_id=conversation_id,
                run_id=run_id,
                limit=limit,
            )
            return parts.telling.calls(staff.tenant, found)

        return await read(search)

    @router.get(
        "/invocations/{invocation_id}",
        summary="A call and what came of it",
        operation_id="get_tool_call",
        responses=problem_responses(*OF_ONE),
    )
    async def show(invocation_id: UUID, staff: Annotated[Staff, Depends(parts.access)]) -> ToolCallBody:
        def get() -> ToolCallBody:
            return parts.telling.call(staff.tenant, parts.tools.invocation(parts.tenant(staff), invocation_id))

        return await read(get)

    @router.post(
        "/invocations/{invocation_id}/undo",
        summary="Take a call back, once",
        operation_id="undo_tool_call",
        responses={**_WAITS, **problem_responses(*CALLS)},
    )
    async def undo(
        invocation_id: UUID, response: Response, staff: Annotated[Staff, Depends(parts.access)]
    ) -> ToolCallBody:
        """Gives the call that takes it back."""
        return await make(staff, lambda tenant: parts.tools.undo(tenant, invocation_id, caller_of(staff)), response)

    @router.post(
        "/invocations/{invocation_id}/replay",
        summary="Make the same call once more",
        operation_id="replay_tool_call",
        responses={**_WAITS, **problem_responses(*CALLS)},
    )
    async def replay(
        invocation_id: UUID,
        response: Response,
        staff: Annotated[Staff, Depends(parts.access)],
        key: RequestKey = None,
        dry_run: DryRun = False,
    ) -> ToolCallBody:
        def call(tenant: Tenant) -> Invocation:
            return parts.tools.replay(tenant, invocation_id, caller_of(staff), key=_kept(key), dry_run=dry_run)

        return await make(staff, call, response)

    return router


def caller_of(staff: Staff) -> Caller:
    """An agent, or a program with the key."""
    return Caller("agent", str(staff.actor.actor_id)) if staff.actor.kind == "agent" else Caller("api")


def _kept(key: str | None) -> str:
    """Apart from the keys of runs and flows."""
    return f"http/{key or uuid4().hex}"
