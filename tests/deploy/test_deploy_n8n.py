"""n8n itself, installed and started by `make n8n`, runs the refund workflow against the real API. Opt-in: `make
test-n8n`."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from components.core.settings import Settings

if TYPE_CHECKING:
    from components.bootstrap import Workbench
    from tests.channels.mail_test_server import MailServer

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "deploy" / "n8n" / "n8n-nodes-helpdesk"
pytestmark = [
    pytest.mark.skipif(
        os.environ.get("HELPDESK_TEST_N8N") != "1", reason="installs n8n, 2.8 GB and some minutes: make test-n8n"
    ),
    pytest.mark.timeout(2700),
]
REQUEST = {
    "order_number": "NT-20418873",
    "amount": 10,
    "reason": "The gloves are too small.",
    "email": "ada.brunner@mail.example",
    "name": "Ada Brunner",
}


def run(command: list[str], folder: Path, seconds: float, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        env={**os.environ, **environment},
        check=False,
    )


def test_the_nodes_are_built_from_their_lock_and_pass_their_own_tests(tmp_path: Path) -> None:
    package = tmp_path / "package"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("node_modules", "dist"))
    npm = shutil.which("npm")
    assert npm is not None
    for arguments in (["ci", "--loglevel=error"], ["run", "build"], ["test"]):
        done = run([npm, *arguments], package, 600)
        assert done.returncode == 0, done.stdout
    assert "\n# fail 0\n" in done.stdout
    declared = json.loads((package / "package.json").read_text())["n8n"]
    assert all((package / file).is_file() for file in (*declared["nodes"], *declared["credentials"]))


@dataclass(frozen=True)
class Place:
    """A shop with a mailbox on a real API, and what `make n8n CHECK=1` does beside it."""

    workbench: Workbench
    url: str
    mail: MailServer
    domain: str
    headers: dict[str, str]
    request: Path

    def check(self) -> subprocess.CompletedProcess[str]:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        options = ["--api", self.url, "--port", str(port), "--tenant", self.domain, "--example", str(self.request)]
        environment = {"HELPDESK_DATA_DIR": str(self.workbench.settings.data_dir), "PYTHONPATH": str(ROOT)}
        done = run([sys.executable, "deploy/n8n", *options, "--check"], ROOT, 2400, **environment)
        print(f"\n{done.stdout}")
        assert done.returncode == 0, done.stdout
        return done

    def calls(self, tool: str) -> list[dict[str, Any]]:
        """The newest first."""
        answer = httpx.get(f"{self.url}/tools/invocations", params={"tool": tool}, headers=self.headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["invocations"])


@pytest.fixture(scope="module")
def place(make_folder: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    from components.bootstrap import build_workbench
    from components.database.provision import provision
    from components.helpdesk.shop import import_shop
    from components.helpdesk.shop_file import read_shop
    from tests.apps_api.apps_api_serving import running
    from tests.channels.mail_test_server import PASSWORD, USER, MailServer

    settings = Settings(data_dir=make_folder(), database_url=None)
    request = tmp_path_factory.mktemp("request") / "request.json"
    request.write_text(json.dumps(REQUEST))
    password = request.with_name("password")
    password.write_text(PASSWORD)
    addresses, mail = provision(settings), MailServer()
    try:
        workbench = build_workbench(settings, addresses)
        smtp = {"host": "127.0.0.1", "port": mail.smtp_port, "security": "none"}
        mailbox = {
            "address": "help@shop.example",
            "imap": {
                "host": "127.0.0.1",
                "port": mail.imap_port,
                "security": "none",
                "user": USER,
                "password": f"file:{password}",
            },
            "smtp": smtp,
        }
        config = {
            "actions": {"limit": 50},
            "tools": {"lookup_order": {}, "refund_order": {}},
            "channels": {"email": mailbox},
        }
        tenant = workbench.tenants.create("Shop", "shop.example", config)
        import_shop(workbench.database, tenant.context, read_shop(ROOT / "deploy/demo/northtrail/shop.yaml"))
        headers = {"Authorization": f"Bearer {workbench.api_keys.issue(tenant.context, 'tests').key}"}
        with running(workbench) as url:
            yield Place(workbench, url, mail, tenant.domain, headers, request)
        workbench.close()
    finally:
        mail.close()
        addresses.close()


@pytest.fixture(scope="module")
def printed(place: Place) -> str:
    """What the first run of `make n8n CHECK=1` printed: the workflow has run once by hand and once by webhook."""
    return place.check().stdout


def test_n8n_runs_the_workflow_by_hand_and_by_webhook(printed: str) -> None:
    assert "by hand, the last node gave: [{" in printed
    assert "by webhook, it answered: {" in printed


def test_each_tool_was_called_once_a_run_with_the_workflows_arguments(place: Place, printed: str) -> None:
    tickets, notices, refunds = (place.calls(tool) for tool in ("create_ticket", "notify_user", "refund_order"))
    assert [len(calls) for calls in (tickets, notices, refunds)] == [2, 2, 2]
    assert {call["status"] for call in (*tickets, *notices, *refunds)} == {"done"}
    for call in refunds:
        assert call["caller"]["kind"] == "orchestrator"
        assert call["arguments"]["order_number"] == REQUEST["order_number"]
        assert float(call["arguments"]["amount"]) == REQUEST["amount"]
    for call in tickets:
        assert call["caller"]["kind"] == "api"
        assert call["arguments"]["email"] == REQUEST["email"]
        assert str(REQUEST["order_number"]) in call["arguments"]["subject"]
    assert [call["arguments"] for call in notices] == [{"ticket_id": call["result"]["id"]} for call in tickets]


def test_the_customer_gets_the_mail_of_each_run(place: Place, printed: str) -> None:
    until = time.monotonic() + 30
    while len(place.mail.delivered) < 2 and time.monotonic() < until:
        time.sleep(0.1)
    assert [mail.to for mail in place.mail.delivered] == [REQUEST["email"]] * 2


@pytest.fixture(scope="module")
def again(place: Place, printed: str) -> str:
    """What a second run printed, for a tenant that has people asked about every refund, while one of them approves."""
    workbench, tenant = place.workbench, place.workbench.tenants.get_by_domain(place.domain)
    workbench.tenants.update_config(tenant.tenant_id, {**tenant.config, "actions": {"limit": 5}})
    agent = workbench.agents.create(
        tenant.context, email="anna@example.com", name="Anna", password="correct horse battery"
    )
    token, _ = workbench.agent_tokens.issue(tenant.context, agent.agent_id)
    headers = {"Authorization": f"Bearer {token}"}
    with ThreadPoolExecutor(1) as pool, httpx.Client(base_url=place.url, headers=headers, timeout=30) as anna:
        check = pool.submit(place.check)
        while not check.done():
            for pending in anna.get("/approvals", params={"status": "pending"}).json()["approvals"]:
                decision = {"decision": "approve", "comment": "fine"}
                assert anna.post(f"/approvals/{pending['approval_id']}", json=decision).status_code == 200
            time.sleep(1)
        return check.result().stdout


def test_a_second_start_installs_and_imports_nothing_anew(printed: str, again: str) -> None:
    assert "[1/4]" in printed
    assert "[3/4]" in printed
    assert [line for line in again.splitlines() if line.startswith("[")] == [
        line for line in again.splitlines() if line.startswith("[4/4]")
    ]


def test_a_node_waits_for_a_persons_approval_and_goes_on(place: Place, again: str) -> None:
    assert "by hand, the last node gave: [{" in again
    assert "by webhook, it answered: {" in again
    for call in place.calls("refund_order")[:2]:
        assert (call["status"], call["approval_id"] is not None) == ("done", True)
    assert len(place.calls("refund_order")) == len(place.calls("create_ticket")) == 4
