"""A process that dies between a service's act and its answer: what it asked for is not done twice."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from remote_tools import *  # noqa: F403
from rest_service import TOKEN, Reply, RestService

from components.core.errors import OutcomeUnknown, ToolUnavailable
from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("killed_call.py")
API = Caller("api")


def kill_within(service: RestService, postgres: DatabaseAddresses, tenant: Tenant, **call: Any) -> None:
    """Kills a process once the service has heard, and done, what it was asked by it."""
    before = len(service.heard)
    service.replies = [Reply(pause=1.0, hang_up=True)]
    told = {
        "app": postgres.app,
        "operator": postgres.operator,
        "tenant_id": str(tenant.tenant_id),
        "config": tenant.config,
        **call,
    }
    environment = {"PYTHONPATH": str(ROOT), "SHOP_TOKEN": TOKEN}
    with subprocess.Popen([sys.executable, str(SCRIPT)], stdin=subprocess.PIPE, text=True, env=environment) as run:
        assert run.stdin is not None
        run.stdin.write(json.dumps(told))
        run.stdin.close()
        until = time.monotonic() + 60
        while len(service.heard) == before:
            assert run.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < until
            time.sleep(0.01)
        run.kill()


def test_a_call_whose_process_died_is_made_again_only_where_its_key_is_honoured(
    registry: ToolRegistry, shop: Tenant, service: RestService, postgres: DatabaseAddresses
) -> None:
    order: dict[str, Any] = {"tool": "create_order", "arguments": {"item": "tent"}, "key": "order"}
    paid = {"id": "A1", "amount": 5, "body_id": "R1"}
    refund: dict[str, Any] = {"tool": "refund_order", "arguments": paid, "key": "refund"}
    for call in (order, refund):
        kill_within(service, postgres, shop, seconds=2.0, **call)
        with pytest.raises(ToolUnavailable, match="being made just now"):
            registry.invoke(shop, call["tool"], call["arguments"], API, key=call["key"])
    time.sleep(7.5)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            registry.invoke(shop, "create_order", order["arguments"], API, key="order")
    assert list(service.orders) == ["A1"]
    assert registry.invoke(shop, "refund_order", paid, API, key="refund").status == "done"
    assert list(service.refunds) == ["refund"]
