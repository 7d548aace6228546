"""The server is killed while agents approve: what was decided is done, once, by the server that comes after it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

import httpx
from apps_api_customers import Customer
from sqlalchemy import func, select

from apps.api.server import ApiServer
from components.bootstrap import Workbench
from components.core.settings import Settings
from components.database.tables import TicketRow

SERVE = """
import sys
from apps.api.server import serve
from components.core.settings import load_settings
serve(load_settings(), on_started=lambda url: print(url, flush=True), log_stream=sys.stderr)
"""
CALLS, KILLED_AFTER = 24, 8
PATIENCE = 60.0


@contextmanager
def serving(settings: Settings, log: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server in a process of its own, killed at the end."""
    with closing(ApiServer("127.0.0.1", 0)) as server:
        port = server.url.rsplit(":", 1)[1]
    environment = {
        **os.environ,
        "HELPDESK_DATA_DIR": str(settings.data_dir),
        "HELPDESK_PORT": port,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-c", SERVE]
    with (
        log.open("w+") as errors,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url, log.read_text()
            yield url, process
        finally:
            process.kill()


def test_what_was_approved_is_done_once_though_the_server_is_killed_meanwhile(
    settings: Settings, workbench: Workbench, tmp_path: Path
) -> None:
    config = {"tools": {"create_ticket": {"approval": "always"}}}
    tenant = workbench.tenants.create("Killed", f"killed-{uuid4().hex[:12]}.example", config)
    program = Customer(tenant, workbench.api_keys.issue(tenant.context, "tests").key)
    agent = workbench.agents.create(
        tenant.context, email="a@example.com", name="Anna", password="correct horse battery"
    )
    anna = {"Authorization": f"Bearer {workbench.agent_tokens.issue(tenant.context, agent.agent_id)[0]}"}

    def approve(client: httpx.Client, call: dict[str, str]) -> bool:
        """Whether an answer came."""
        try:
            told = client.post(f"/approvals/{call['approval_id']}", json={"decision": "approve"}, headers=anna)
        except httpx.TransportError:
            return False
        assert told.status_code == 200, told.text
        return True

    with (
        serving(settings, tmp_path / "first") as (url, process),
        httpx.Client(base_url=url, timeout=PATIENCE) as client,
        ThreadPoolExecutor(4) as threads,
    ):
        calls = []
        for number in range(CALLS):
            keyed = program.headers | {"Idempotency-Key": f"call-{number}"}
            asked = client.post("/tools/create_ticket/invoke", json={"subject": f"Zip {number}"}, headers=keyed)
            assert asked.status_code == 202, asked.text
            calls.append(asked.json())
        answered = [threads.submit(approve, client, call) for call in calls]
        while sum(each.done() for each in answered) < KILLED_AFTER:
            sleep(0.001)
        process.kill()
        heard = [each.result() for each in answered]
    assert not all(heard)

    decided = workbench.actions.approvals.search(tenant.context, status="approved")
    with serving(settings, tmp_path / "second") as (url, _), httpx.Client(base_url=url, timeout=PATIENCE) as client:
        end = monotonic() + PATIENCE
        for each in decided:
            path = f"/tools/invocations/{each.invocation.invocation_id}"
            while client.get(path, headers=anna).json()["status"] != "done":
                assert monotonic() < end
                sleep(0.1)
        assert all(approve(client, call) for call in calls)
        for call in calls:
            told = client.get(f"/tools/invocations/{call['invocation_id']}", headers=anna).json()
            assert told["status"] == "done", told
    with workbench.database.tenant(tenant.context) as session:
        assert session.scalar(select(func.count()).select_from(TicketRow)) == CALLS
