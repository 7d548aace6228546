"""The API's own OpenAPI document makes tools that work: a document as large and as odd as real ones are."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from components.bootstrap import Workbench
from components.core.errors import InvalidInput
from components.tools.openapi.importing import ImportRequest, import_document
from components.tools.tool import Caller

API = Caller("api")


def test_one_tenant_works_on_another_ones_tickets_through_the_document(
    url: str, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = httpx.get(f"{url}/openapi.json").text
    asked = ImportRequest("desk", server=url, secrets=("env:DESK_KEY",), private=True)
    imported = import_document(text, asked)
    described = [
        (path, method)
        for path, methods in httpx.get(f"{url}/openapi.json").json()["paths"].items()
        for method in methods
    ]
    assert len(imported.tools) + len(imported.skipped) == len(described)
    assert {title for title, why in imported.skipped if "multipart" not in why} == set()

    permitted = {"desk_open_ticket": {}, "desk_get_ticket": {}, "desk_comment_on_ticket": {}}
    mine = workbench.tenants.create("Mine", f"mine-{uuid4().hex[:8]}.example", {"tools": permitted})
    theirs = workbench.tenants.create("Theirs", f"theirs-{uuid4().hex[:8]}.example", {})
    monkeypatch.setenv("DESK_KEY", workbench.api_keys.issue(theirs.context, "tests").key)
    workbench.actions.added.add(mine.context, imported.origin, imported.tools)
    tools = workbench.actions.tools

    order = {"subject": "Zip", "priority": "high", "requester": {"email": "ada@example.com"}}
    opened = tools.invoke(mine, "desk_open_ticket", order, API, key="wish")
    assert opened.result is not None
    assert (opened.result["status"], opened.result["body"]["number"]) == (201, 1)
    # Their service acts once for a key, and says so in its document.
    assert tools.get(mine, "desk_open_ticket").repeatable  # type: ignore[union-attr]
    tools.invoke(mine, "desk_comment_on_ticket", {"ticket": "1", "text": "Ask the workshop"}, API, key="note")
    read = tools.invoke(mine, "desk_get_ticket", {"ticket": "1", "events_after": 1}, API, key="look")
    assert read.result is not None
    assert [each["kind"] for each in read.result["body"]["events"]] == ["commented"]
    with pytest.raises(InvalidInput) as caught:
        tools.invoke(mine, "desk_open_ticket", {"subject": "Zip", "priority": "higher"}, API, key="wrong")
    assert caught.value.field == "arguments.priority"
