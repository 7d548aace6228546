"""The server process: the port it takes, the signals it heeds, and what it leaves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from apps_api_customers import Customer
from apps_api_serving import running

from apps.api.app import Limits
from apps.api.server import ApiServer, serve
from components.bootstrap import Workbench
from components.core.errors import InvalidSetting, PortInUse
from components.core.settings import Settings

SERVE = """
import sys
from apps.api.server import serve
from components.core.settings import load_settings
serve(load_settings(), on_started=lambda url: print(url, flush=True), log_stream=sys.stderr)
print("over", flush=True)
"""


def test_a_port_in_use_is_named_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=rf"{port}.*--port"):
            serve(Settings(port=port))


def test_an_address_of_another_machine_is_refused_by_name() -> None:
    with pytest.raises(InvalidSetting, match=r"203\.0\.113\.1"):
        ApiServer("203.0.113.1", 0)


def test_questions_are_answered_over_a_socket_and_the_port_is_free_afterwards(
    workbench: Workbench, shop: Customer
) -> None:
    with running(workbench) as url:
        body = shop.body("How long can I return an unused jacket?")
        response = httpx.post(f"{url}/rag/query", json=body, headers=shop.headers, timeout=30)
        assert response.status_code == 200
        assert "45 days" in response.json()["answer"]
        assert "server" not in response.headers
    ApiServer("127.0.0.1", int(url.rsplit(":", 1)[1])).close()


def test_a_body_that_never_ends_is_408(workbench: Workbench, shop: Customer) -> None:
    with running(workbench, Limits(body_pause=0.2)) as url:
        port = int(url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
            head = f"POST /rag/query HTTP/1.1\r\nHost: x\r\nX-Api-Key: {shop.key}\r\nContent-Type: application/json\r\n"
            caller.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
            told = caller.recv(65536).decode()
    assert told.startswith("HTTP/1.1 408 ")
    assert "request_timeout" in told


def test_sigterm_ends_the_process_and_leaves_the_database_that_it_joined(
    settings: Settings, workbench: Workbench, tmp_path: Path
) -> None:
    with closing(ApiServer("127.0.0.1", 0)) as server:
        port = server.url.rsplit(":", 1)[1]
    environment = {
        **os.environ,
        "HELPDESK_DATA_DIR": str(settings.data_dir),
        "HELPDESK_PORT": port,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    errors = (tmp_path / "log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE], env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url == f"http://127.0.0.1:{port}", (tmp_path / "log").read_text()
        assert httpx.get(f"{url}/readyz", timeout=30).status_code == 200
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=60)
        assert rest == "over\n"
        assert process.returncode == 0
        assert workbench.database.is_ready()
    finally:
        process.kill()
        process.wait()
        errors.close()
