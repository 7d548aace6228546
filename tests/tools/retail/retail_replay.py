"""A task's expected calls made one after the other, by whatever way tools are called, and what they came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx

from components.core.errors import HelpdeskError
from components.core.tenant import Tenant
from components.database.session import Database
from components.database.tables import ConversationRow
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller
from tests.tools.retail.retail_data import Retail, Task, part_of, read_state, restore
from tests.tools.retail.retail_expected import differing, expected_state, user_of
from tests.tools.retail.retail_rules import FINDERS

# tool, arguments, conversation, idempotency key -> None where it was done, else why it was not.
Call = Callable[[str, Mapping[str, Any], UUID, str], str | None]


@dataclass(frozen=True)
class Replayed:
    """refused: the calls that were, with the reason. forbidden: those that the policy is against, by the independent
    replay. wrong: rows that are not as they should be. introduced: whether the task names no call by which its customer
    is found, so that one was made before."""

    task: Task
    refused: tuple[tuple[str, str], ...]
    forbidden: tuple[str, ...]
    wrong: tuple[tuple[str, str], ...]
    introduced: bool

    @property
    def as_expected(self) -> bool:
        return not self.wrong


def registry_call(registry: ToolRegistry, tenant: Tenant, caller: Caller) -> Call:
    """Straight to the registry."""

    def call(tool: str, arguments: Mapping[str, Any], conversation_id: UUID, key: str) -> str | None:
        try:
            made = registry.invoke(tenant, tool, arguments, caller, key=key, conversation_id=conversation_id)
        except HelpdeskError as error:
            return f"{error.code}: {error.message}"
        return None if made.status == "done" else made.status

    return call


def http_call(client: httpx.Client, key: str, database: Database, tenant: Tenant) -> Call:
    """Through POST /tools/{name}/invoke. key: the tenant's API key."""
    opened: set[UUID] = set()

    def call(tool: str, arguments: Mapping[str, Any], conversation_id: UUID, key_of_call: str) -> str | None:
        if conversation_id not in opened:
            with database.tenant(tenant.context) as session:
                session.add(
                    ConversationRow(
                        conversation_id=conversation_id, tenant_id=tenant.tenant_id, channel="web", flow_version=0
                    )
                )
            opened.add(conversation_id)
        response = client.post(
            f"/tools/{tool}/invoke",
            params={"conversation_id": str(conversation_id)},
            headers={"Authorization": f"Bearer {key}", "Idempotency-Key": key_of_call},
            json=dict(arguments),
        )
        told = response.json()
        if response.status_code == 200:
            return None if told["status"] == "done" else str(told["status"])
        return f"{told['code']}: {told['detail']}"

    return call


def replay(database: Database, tenant: Tenant, retail: Retail, task: Task, call: Call) -> Replayed:
    """The rows of the task's customer are as `retail` has them, before and after."""
    conversation_id, refused = uuid4(), []
    user_id = user_of(retail.database, task)
    introduced = user_id is not None and not any(action.name in FINDERS for action in task.actions)
    if introduced:
        email = {"email": retail.database["users"][user_id]["email"]}
        assert call(FINDERS[0], email, conversation_id, f"{conversation_id}/found") is None
    for number, action in enumerate(task.actions):
        why = call(action.name, action.arguments, conversation_id, f"{conversation_id}/{number}")
        if why is not None:
            refused.append((action.name, why))
    before = part_of(retail.database, user_id)
    expected, forbidden = expected_state(before, task)
    with database.tenant(tenant.context) as session:
        state = read_state(session, user_id or "")
        wrong = tuple(differing(expected, state))
        restore(session, tenant, before, differing(before, state))
    return Replayed(task, tuple(refused), forbidden, wrong, introduced)


def strays(database: Database, tenant: Tenant, retail: Retail) -> tuple[tuple[str, str], ...]:
    """Rows that are not as they were, after all tasks: what was done to anybody whom no task was about."""
    with database.tenant(tenant.context) as session:
        return tuple(differing(retail.database, read_state(session)))
