"""How calls of tools and approvals are told: with the names of those who made, asked for and decided them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from apps.api.tool_types import (
    ApprovalBody,
    ApprovalList,
    CallerBody,
    FailureBody,
    ToolCallBody,
    ToolCallList,
    money,
)
from components.core.tenant import Tenant, TenantContext
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.handover.agents import Agents
from components.tools.approvals import Approval
from components.tools.invocation import Invocation
from components.tools.registry import ToolRegistry

Names = Mapping[str, str]


class ActionTelling:
    """Looks up what the bodies need beside the calls themselves. Every method raises DatabaseUnavailable."""

    def __init__(self, tools: ToolRegistry, agents: Agents, conversations: Conversations) -> None:
        self._tools, self._agents, self._conversations = tools, agents, conversations

    def call(self, tenant: TenantContext, invocation: Invocation) -> ToolCallBody:
        return _call(invocation, self._names(tenant, [invocation]))

    def calls(self, tenant: TenantContext, invocations: Iterable[Invocation]) -> ToolCallList:
        told = tuple(invocations)
        names = self._names(tenant, told)
        return ToolCallList(invocations=[_call(each, names) for each in told])

    def approval(self, tenant: Tenant, approval: Approval) -> ApprovalBody:
        return self.approvals(tenant, [approval]).approvals[0]

    def approvals(self, tenant: Tenant, approvals: Iterable[Approval]) -> ApprovalList:
        """Each with the customer whom it is for, and the limit as it is now."""
        told = tuple(approvals)
        decided = any(each.decided_by for each in told)
        names = self._names(tenant.context, [each.invocation for each in told], always=decided)
        conversations = {each.invocation.conversation_id for each in told} - {None}
        customers = self._conversations.customers(tenant.context, [each for each in conversations if each])
        offered = {each.tool.spec.name: each for each in self._tools.offered(tenant)} if told else {}
        bodies = []
        for each in told:
            call, tool = each.invocation, offered.get(each.invocation.tool)
            customer = customers.get(call.conversation_id) if call.conversation_id else None
            bodies.append(
                ApprovalBody(
                    approval_id=each.approval_id,
                    status=each.status,
                    reason=each.reason,
                    description=tool.tool.spec.description if tool else "",
                    limit=money(tool.rules.limit) if tool else None,
                    requested_at=each.requested_at,
                    expires_at=each.expires_at,
                    decided_at=each.decided_at,
                    decided_by=each.decided_by,
                    decided_by_name=names.get(str(each.decided_by), ""),
                    comment=each.comment,
                    customer=None if customer is None else dict(customer),
                    invocation=_call(call, names),
                )
            )
        return ApprovalList(now=datetime.now(UTC), approvals=bodies)

    def _names(self, tenant: TenantContext, calls: Iterable[Invocation], *, always: bool = False) -> Names:
        """Of agents, by id, where one is spoken of."""
        if not always and not any(each.caller.kind == "agent" for each in calls):
            return {}
        return {str(each.agent_id): each.name for each in self._agents.list(tenant)}


def _call(invocation: Invocation, names: Names) -> ToolCallBody:
    failure, caller = invocation.failure, invocation.caller
    own = {name: getattr(invocation, name) for name in ToolCallBody.model_fields if hasattr(invocation, name)}
    told: dict[str, object] = {
        "invocation_id": _kept(invocation),
        "arguments": dict(invocation.arguments),
        "result": None if invocation.result is None else dict(invocation.result),
        "failure": failure and FailureBody(code=failure.code, message=failure.message, field=failure.field),
        "price": money(invocation.price),
        "caller": CallerBody(kind=caller.kind, id=caller.id, name=names.get(caller.id, "")),
        "dry_run": invocation.dry,
        "undoable": not invocation.dry and invocation.undo is not None and invocation.undone_by is None,
    }
    return ToolCallBody.model_validate(own | told)


def _kept(invocation: Invocation) -> UUID | None:
    return None if invocation.dry else invocation.invocation_id
