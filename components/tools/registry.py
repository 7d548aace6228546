"""The registry: every tool there is, and the one way to call one, which acts once for each key."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from components.core.errors import InvalidInput, NotFound, ToolNotAllowed, ToolNotFound, ToolRefused, Unavailable
from components.core.tenant import Tenant
from components.database.session import Database
from components.helpdesk.storable import storable
from components.tools.arguments import check_schema, checked_arguments
from components.tools.calling import ToolCalls
from components.tools.invocation import Invocation, InvocationStatus
from components.tools.invocation_rows import find, mark_undone, search
from components.tools.order import Order
from components.tools.permission import EffectiveRules, rules_for
from components.tools.tool import Caller, Tool, ToolSpec

LONGEST_KEY = 300
MOST = 200
_UNDO = "undo/"

# The tools that a tenant has added: by name, read each time.
AddedTools = Callable[[Tenant], Mapping[str, Tool]]

# Hears of a call that was made or tried, not of one that had been made before: (tool, status, seconds).
Heard = Callable[[ToolSpec, InvocationStatus, float], None]


def none_added(_: Tenant) -> Mapping[str, Tool]:
    """Of nobody."""
    return {}


def heard_by_nobody(spec: ToolSpec, status: InvocationStatus, seconds: float) -> None:
    """Nobody counts."""


@dataclass(frozen=True)
class OfferedTool:
    """A tool, and what holds for a tenant's use of it."""

    tool: Tool
    rules: EffectiveRules


class ToolRegistry:
    """Thread-safe. Every method but `add` raises DatabaseUnavailable."""

    def __init__(
        self,
        database: Database,
        tools: Iterable[Tool] = (),
        added: AddedTools = none_added,
        heard: Heard = heard_by_nobody,
    ) -> None:
        """tools: built in, for every tenant; their names come before those of added ones."""
        self._database, self._added, self._heard = database, added, heard
        self._built_in: dict[str, Tool] = {}
        self._calls = ToolCalls(database)
        for tool in tools:
            self.add(tool)

    def add(self, tool: Tool) -> None:
        """A built-in one more, before anything is served. Raises InvalidInput for a schema that is none, or a name that
        is taken."""
        name = tool.spec.name
        if name in self._built_in:
            raise InvalidInput(f"two tools are called {name!r}", field="name")
        check_schema(tool.spec.input_schema, f"{name}.input_schema")
        check_schema(tool.spec.output_schema, f"{name}.output_schema")
        self._built_in[name] = tool

    @property
    def built_in(self) -> frozenset[str]:
        """Names of what every tenant has."""
        return frozenset(self._built_in)

    def offered(self, tenant: Tenant, caller: Caller | None = None) -> tuple[OfferedTool, ...]:
        """All tools by name; caller: only those that it may call."""
        everything = {**self._added(tenant), **self._built_in}
        found = (OfferedTool(tool, rules_for(tenant, tool.spec)) for _, tool in sorted(everything.items()))
        if caller is None:
            return tuple(found)
        return tuple(each for each in found if each.rules.allowed and caller.kind in each.rules.callers)

    def get(self, tenant: Tenant, name: str) -> Tool:
        """Raises ToolNotFound that names those there are."""
        tool = self._built_in.get(name) or self._added(tenant).get(name)
        if tool is not None:
            return tool
        names = [*self._built_in, *self._added(tenant)]
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ToolNotFound(
            f"no tool is called {name[:80]!r}: {hint}there are {', '.join(sorted(names)[:50]) or 'none'}",
            field="tool_name",
        )

    def invoke(
        self,
        tenant: Tenant,
        name: str,
        arguments: Mapping[str, Any],
        caller: Caller,
        *,
        key: str,
        conversation_id: UUID | None = None,
        run_id: UUID | None = None,
        seconds: float | None = None,
        dry_run: bool = False,
    ) -> Invocation:
        """Calls it, or gives what came of the call that was made with the same key; `waiting` where a person is asked
        first, and then goes on with the same key. dry_run: does nothing and keeps nothing, and gives what it would be.
        seconds: less than the tool's own time-out.

        Raises ToolNotFound, ToolNotAllowed, InvalidInput that names the argument, RateLimited, KeyReused, ToolRefused,
        OutcomeUnknown, ToolUnavailable and whatever else the tool raises; all of them again for the same key, but where
        trying again may help.
        """
        if not 1 <= len(storable(key, "key")) <= LONGEST_KEY:
            raise InvalidInput(f"key has {len(key)} characters: 1 to {LONGEST_KEY} are allowed", field="key")
        tool = self.get(tenant, name)
        rules = rules_for(tenant, tool.spec)
        rules.require(tool.spec, caller)
        checked = checked_arguments(name, tool.spec.input_schema, arguments)
        limit = rules.timeout if seconds is None else min(rules.timeout, max(seconds, 0.1))
        order = Order(tenant, tool, rules, checked, caller, key, conversation_id, run_id, limit)
        if dry_run:
            return self._calls.rehearse(order)
        return self._make(order).require()

    def resume(self, tenant: Tenant, invocation_id: UUID) -> Invocation:
        """Goes on with a call that waited, once a person has decided; else gives it as it stands. Raises NotFound, and
        ToolUnavailable; what else came of it is in the invocation, not raised."""
        stood = self.invocation(tenant, invocation_id)
        if stood.status != "waiting":
            return stood
        try:
            tool = self.get(tenant, stood.tool)
            rules = rules_for(tenant, tool.spec)
            rules.require(tool.spec, stood.caller)
        except (ToolNotFound, ToolNotAllowed) as error:
            return self._calls.give_up(tenant, stood, error)
        made = self._make(
            Order(
                tenant,
                tool,
                rules,
                dict(stood.arguments),
                stood.caller,
                stood.key,
                stood.conversation_id,
                stood.run_id,
                rules.timeout,
            )
        )
        if made.key.startswith(_UNDO):
            self._note_undone(tenant, UUID(made.key.removeprefix(_UNDO)), made)
        return made

    def undo(self, tenant: Tenant, invocation_id: UUID, caller: Caller) -> Invocation:
        """The call that takes this one back, made once. Raises NotFound, ToolRefused where it cannot be taken back, and
        as `invoke`."""
        stood = self.invocation(tenant, invocation_id)
        if stood.status != "done" or stood.undo is None:
            raise ToolRefused(
                f"the call {invocation_id} of {stood.tool} is {stood.status} and cannot be taken back", field="status"
            )
        taken = self.invoke(
            tenant,
            stood.undo.tool,
            stood.undo.arguments,
            caller,
            key=f"{_UNDO}{invocation_id}",
            conversation_id=stood.conversation_id,
        )
        self._note_undone(tenant, invocation_id, taken)
        return taken

    def replay(self, tenant: Tenant, invocation_id: UUID, caller: Caller, *, key: str, dry_run: bool) -> Invocation:
        """The same call once more, as another one. Raises NotFound, and as `invoke`."""
        stood = self.invocation(tenant, invocation_id)
        return self.invoke(
            tenant,
            stood.tool,
            stood.arguments,
            caller,
            key=key,
            conversation_id=stood.conversation_id,
            dry_run=dry_run,
        )

    def invocation(self, tenant: Tenant, invocation_id: UUID) -> Invocation:
        """Raises NotFound."""
        with self._database.tenant(tenant.context) as session:
            found = find(session.connection(), tenant.context, invocation_id=invocation_id)
        if found is None:
            raise NotFound(f"there is no call {invocation_id}", field="invocation_id")
        return found

    def invocations(
        self,
        tenant: Tenant,
        *,
        tool: str | None = None,
        status: InvocationStatus | None = None,
        conversation_id: UUID | None = None,
        run_id: UUID | None = None,
        limit: int = 50,
    ) -> tuple[Invocation, ...]:
        """The newest first. Raises InvalidInput."""
        if not 1 <= limit <= MOST:
            raise InvalidInput(f"limit={limit}: 1 to {MOST} are allowed", field="limit")
        with self._database.tenant(tenant.context) as session:
            return search(
                session.connection(),
                tenant.context,
                limit=limit,
                tool=tool,
                status=status,
                conversation_id=conversation_id,
                run_id=run_id,
            )

    def _make(self, order: Order) -> Invocation:
        began, spec = time.monotonic(), order.tool.spec
        try:
            made = self._calls.make(order)
        except Unavailable:
            self._heard(spec, "failed", time.monotonic() - began)
            raise
        if not made.repeated:
            self._heard(spec, made.status, time.monotonic() - began)
        return made

    def _note_undone(self, tenant: Tenant, invocation_id: UUID, taken: Invocation) -> None:
        if taken.status == "done":
            with self._database.tenant(tenant.context) as session:
                mark_undone(session.connection(), tenant.context, invocation_id, taken.invocation_id)
