"""A retail shop's whole domain through POST /tools/{name}/invoke: its tasks come about, and its policy holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.tools.retail.retail_data import Retail, load, read_cut
from tests.tools.retail.retail_replay import Call, http_call, replay, strays
from tests.tools.retail.retail_tools import retail_tools

if TYPE_CHECKING:
    from components.bootstrap import Workbench
    from components.core.tenant import Tenant


@pytest.fixture(scope="module")
def cut() -> Retail:
    return read_cut()


@pytest.fixture(scope="module")
def retail(workbench: Workbench, cut: Retail) -> Iterator[tuple[Tenant, Call]]:
    from fastapi.testclient import TestClient

    from apps.api.app import create_app
    from components.tools.registry import ToolRegistry

    tools = ToolRegistry(workbench.database, retail_tools())
    tenant = workbench.tenants.create("Retail", f"retail-{uuid4().hex[:8]}.example", {})
    key = workbench.api_keys.issue(tenant.context, "tests").key
    load(workbench.database, tenant, cut.database)
    app = create_app(replace(workbench, actions=replace(workbench.actions, tools=tools)))
    with TestClient(app) as client:
        yield tenant, http_call(client, key, workbench.database, tenant)


def test_a_few_tasks_end_in_the_expected_state(workbench: Workbench, retail: tuple[Tenant, Call], cut: Retail) -> None:
    tenant, call = retail
    replayed = [replay(workbench.database, tenant, cut, task, call) for task in cut.tasks]
    assert [each.task.task_id for each in replayed if not each.as_expected] == []
    assert strays(workbench.database, tenant, cut) == ()


def test_what_the_policy_forbids_the_tools_refuse(retail: tuple[Tenant, Call]) -> None:
    _, call = retail
    conversation_id = uuid4()
    assert call("find_user_id_by_email", {"email": "yusuf.rossi7301@example.com"}, conversation_id, "found") is None
    for number, (tool, arguments, why) in enumerate(
        (
            ("get_order_details", {"order_id": "#W2611340"}, "not one of yusuf_rossi_9620"),
            ("cancel_pending_order", {"order_id": "#W2378156", "reason": "no longer needed"}, "is delivered"),
            ("cancel_pending_order", {"order_id": "#W4776164", "reason": "too expensive"}, "arguments.reason"),
        )
    ):
        assert why in (call(tool, arguments, conversation_id, f"refused/{number}") or "")
