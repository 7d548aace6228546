"""JupyterLab as `helpdesk lab` and `helpdesk up --workbench` start it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest

from apps.cli.workbench_servers import lab_address, lab_command, lab_environment, refuse_taken_workbench_ports
from components.core.errors import PortInUse
from components.core.settings import Settings
from components.helpdesk.notebooks.notebook import notebooks

TOKEN = "a-token-of-the-tests"
START_SECONDS = 90.0


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, str]]:
    """The settings, and the address that opens it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings = Settings(data_dir=tmp_path_factory.mktemp("data"), lab_port=free.getsockname()[1])
    command, log = lab_command(settings), settings.data_dir / "lab.log"
    assert TOKEN not in " ".join(command)
    environment = {**os.environ, **lab_environment(settings, TOKEN)}
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env=environment)
    try:
        address = lab_address(settings, TOKEN)
        until = time.monotonic() + START_SECONDS
        while _status(address) is None:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield settings, address
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


def test_the_lab_opens_with_its_token_on_the_notebooks_and_without_it_not(lab: tuple[Settings, str]) -> None:
    settings, address = lab
    contents = f"http://127.0.0.1:{settings.resolved_lab_port}/api/contents"
    assert _status(contents) == _status(f"{contents}?token=another") == 403
    with httpx.Client(timeout=30.0, follow_redirects=True) as browser:
        page = browser.get(address)
        assert page.status_code == 200
        assert '"news": {"disabled": true}' in page.text
        plugin = contents.replace("api/contents", "lab/api/settings/@jupyterlab/apputils-extension:notification")
        asked = browser.get(plugin, params={"token": TOKEN}).json()["schema"]["properties"]["fetchNews"]["default"]
        assert asked == "false", "a first visit is asked whether to fetch news"
        listed = browser.get(contents, params={"token": TOKEN}).json()["content"]
    assert {each["name"] for each in listed} == {f"{notebook.name}.ipynb" for notebook in notebooks()}
    assert {path.name for path in (settings.data_dir / "jupyter").iterdir()} >= {"config", "runtime"}


def test_a_port_that_is_taken_is_said_before_anything_starts(lab: tuple[Settings, str]) -> None:
    with pytest.raises(PortInUse, match="HELPDESK_LAB_PORT"):
        refuse_taken_workbench_ports(lab[0])


def _status(address: str) -> int | None:
    try:
        return httpx.get(address, timeout=30.0, follow_redirects=True).status_code
    except httpx.TransportError:
        return None
