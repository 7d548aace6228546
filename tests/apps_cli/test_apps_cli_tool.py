"""`helpdesk tool`: called, looked into, taken back and decided from a terminal; every error says what to do next."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from apps.cli.tool_arguments import read_arguments
from components.core.errors import InvalidInput
from components.core.tenant import Tenant
from components.database.session import Database
from components.tools.built_in.create_ticket import CreateTicket
from components.tools.invocation import Invocation
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller, ToolOutcome, ToolSpec, ToolUse, Undo
from tests.apps_cli.conftest import Helpdesk

CONFIG = {"tools": {"create_ticket": {"approval": "always", "per_minute": 60}}}


class Lend:
    """A tool whose calls are taken back by opening a ticket."""

    spec = ToolSpec("lend", "Lends.", {"type": "object"}, {"type": "object"}, "write", permitted=True)

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return None

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        return ToolOutcome({"lent": 1}, Undo("create_ticket", {"subject": "Fetch it back"}))


@pytest.fixture
def registry(database: Database) -> ToolRegistry:
    return ToolRegistry(database, [CreateTicket(), Lend()])


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> Tenant:
    return make_tenant(config=CONFIG)


def waiting(registry: ToolRegistry, tenant: Tenant, subject: str) -> Invocation:
    """A program's call that waits for a person."""
    call = registry.invoke(tenant, "create_ticket", {"subject": subject}, Caller("api"), key=uuid4().hex)
    assert call.status == "waiting"
    return call


def test_a_tool_is_found_tried_called_once_and_its_call_shown(helpdesk: Helpdesk, tenant: Tenant) -> None:
    listed = helpdesk("tool", "list", tenant.domain)
    assert listed.status == 0, listed.err
    assert "create_ticket" in listed.out
    shown = helpdesk("tool", "show", tenant.domain, "create_ticket")
    for part in ("subject", "yes", "low, normal, high, urgent", "always", "60 calls a minute"):
        assert part in shown.out, part
    call = ("tool", "invoke", tenant.domain, "create_ticket", "subject=The [zip] is broken", 'tags=["vip"]')
    tried = helpdesk(*call, "--dry-run")
    assert "create_ticket: done (dry run, nothing was done)" in tried.out
    first, again = (helpdesk(*call, "--key", "k", "--json").value for _ in range(2))
    assert (first["invocation_id"], again["repeated"]) == (again["invocation_id"], True)
    assert first["arguments"] == {"subject": "The [zip] is broken", "tags": ["vip"]}
    assert (first["caller"]["kind"], first["result"]["ticket_number"]) == ("operator", 1)
    calls = helpdesk("tool", "calls", tenant.domain, "--status", "done")
    assert calls.out.count("create_ticket") == 1
    assert first["invocation_id"] in calls.out
    whole = helpdesk("tool", "calls", tenant.domain, first["invocation_id"])
    assert "The [zip] is broken" in whole.out


def test_a_call_is_taken_back_and_replayed(helpdesk: Helpdesk, registry: ToolRegistry, tenant: Tenant) -> None:
    lent = registry.invoke(tenant, "lend", {}, Caller("api"), key="one")
    undone = [helpdesk("tool", "undo", tenant.domain, str(lent.invocation_id), "--json").value for _ in range(2)]
    assert undone[0]["invocation_id"] == undone[1]["invocation_id"]
    assert registry.invocation(tenant, lent.invocation_id).undone_by == UUID(undone[0]["invocation_id"])
    replayed = helpdesk("tool", "replay", tenant.domain, undone[0]["invocation_id"], "--dry-run", "--json").value
    assert (replayed["dry"], replayed["arguments"]) == (True, {"subject": "Fetch it back"})
    assert len(registry.invocations(tenant, tool="create_ticket")) == 1


def test_what_waits_is_listed_approved_and_refused(helpdesk: Helpdesk, registry: ToolRegistry, tenant: Tenant) -> None:
    good, bad = (waiting(registry, tenant, subject) for subject in ("Good", "Bad"))
    listed = helpdesk("tool", "approvals", tenant.domain)
    assert listed.out.index("Good") < listed.out.index("Bad")
    assert "every call is to be approved" in listed.out
    assert "unless somebody decides" in listed.out
    approved = helpdesk("tool", "approve", tenant.domain, str(good.approval_id), "--comment", "yes", "--json").value
    assert (approved["status"], approved["invocation"]["result"]["ticket_number"]) == ("approved", 1)
    refused = helpdesk("tool", "refuse", tenant.domain, str(bad.approval_id), "--comment", "no")
    assert "a person refused it: no" in refused.out
    late = helpdesk("tool", "approve", tenant.domain, str(bad.approval_id), "--json")
    assert (late.status, json.loads(late.err)["error"]["code"]) == (1, "conflict")
    assert helpdesk("tool", "approvals", tenant.domain).out == "no such approval\n"


def test_every_error_says_what_can_be_done_next(helpdesk: Helpdesk, tenant: Tenant) -> None:
    for status, told, arguments in (
        (1, "did you mean create_ticket?", ("invoke", "create_tickets")),
        (2, "helpdesk tool show", ("invoke", "create_ticket", "subjekt=Zip")),
        (2, "name=value", ("invoke", "create_ticket", "subject")),
        (1, "helpdesk tool calls", ("undo", str(uuid4()))),
        (1, "helpdesk tool approvals", ("approve", str(uuid4()))),
        (2, "running, waiting, done", ("calls", "--status", "odd")),
    ):
        failed = helpdesk("tool", arguments[0], tenant.domain, *arguments[1:])
        assert failed.status == status, failed.err
        assert failed.err.startswith("error:")
        assert told in failed.err, failed.err


def test_another_tenants_calls_and_approvals_are_not_found(
    helpdesk: Helpdesk, registry: ToolRegistry, tenant: Tenant, make_tenant: Callable[..., Tenant]
) -> None:
    call, other = waiting(registry, tenant, "Zip"), make_tenant(config=CONFIG)
    assert helpdesk("tool", "approve", other.domain, str(call.approval_id)).status == 1
    assert helpdesk("tool", "calls", other.domain, str(call.invocation_id)).status == 1
    assert registry.invocation(tenant, call.invocation_id).status == "waiting"


SCHEMA = {"properties": {"text": {"type": "string"}, "any": {}, "number": {"type": "integer"}}}


@given(
    text=st.text(), value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5)
)
def test_what_is_written_as_name_and_value_is_what_the_tool_is_told(text: str, value: object) -> None:
    assert read_arguments([f"text={text}", f"any={json.dumps(value)}"], SCHEMA) == {"text": text, "any": value}
    assert read_arguments([json.dumps({"text": text})], SCHEMA) == {"text": text}


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["text"], "arguments"),
        (["=1"], "arguments"),
        (["{"], "arguments"),
        (["text=1", "text=2"], "arguments.text"),
        (["{}", "text=1"], "arguments"),
    ],
)
def test_words_that_are_no_arguments_are_refused(words: list[str], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_arguments(words, SCHEMA)
    assert caught.value.field == field
