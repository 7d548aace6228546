"""`helpdesk up`: starts everything, is not stopped by what a killed one left, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from components.shared_state.embedded_redis import read_address

DEADLINE = 120.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Up:
    """A running `helpdesk up` without Dagster and dashboards, whose start the check of .ci/run covers."""

    def __init__(self, folder: Path, port: int, *options: str) -> None:
        self.folder, self.port = folder, port
        with (folder / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "apps.cli.main",
                    "up",
                    "--no-dagster",
                    "--no-dashboards",
                    "--json",
                    "--port",
                    str(port),
                    *options,
                ],
                stdout=log,
                stderr=log,
                env={**os.environ, "HELPDESK_DATA_DIR": str(folder)},
            )

    def ready(self) -> None:
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
        raise AssertionError((self.folder / "up.log").read_text())

    def serves(self) -> None:
        """The start is over, with its addresses told: from here on it watches its children."""
        self.ready()
        until = time.monotonic() + DEADLINE
        while '"addresses"' not in (said := (self.folder / "up.log").read_text()):
            assert time.monotonic() < until, said
            time.sleep(0.2)

    def family(self) -> list[psutil.Process]:
        """The children that this start made and that must not outlive it, PostgreSQL aside."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if "postgres" not in child.name()]

    def redis_answers(self) -> bool:
        address = read_address(self.folder / "redis")
        if address is None:
            return False
        with redis.Redis.from_url(address, retry=Retry(NoBackoff(), 0)) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@pytest.fixture
def start(make_folder: Callable[[], Path]) -> Iterator[Callable[..., Up]]:
    folder, started = make_folder(), []

    def run(*options: str) -> Up:
        started.append(Up(folder, free_port(), *options))
        return started[-1]

    yield run
    for up in started:
        if up.process.poll() is None:
            up.end(signal.SIGTERM)


def await_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=60)
    assert alive == []


def test_ctrl_c_stops_every_child(start: Callable[..., Up]) -> None:
    up = start()
    up.ready()
    children = up.family()
    assert children
    assert "redis-server" in {child.name() for child in children}
    assert up.end(signal.SIGINT) == 0
    await_gone(children)
    assert not up.redis_answers()


def test_a_second_start_in_one_data_folder_is_refused_and_harms_nothing(start: Callable[..., Up]) -> None:
    first = start()
    first.ready()
    second = Up(first.folder, free_port())
    assert second.process.wait(timeout=60) == 1
    assert "another `helpdesk up` serves the data folder" in (first.folder / "up.log").read_text()
    first.ready()


def test_one_tenants_bad_source_stops_no_other(start: Callable[..., Up], tmp_path: Path) -> None:
    first = start()
    first.ready()
    environment = {**os.environ, "HELPDESK_DATA_DIR": str(first.folder)}
    create = ["tenant", "create", "No", "nodocs.example", "--knowledge", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "apps.cli.main", *create], env=environment, check=True, timeout=60)
    broken = first.folder / "sources" / "broken" / "x" / "defs.yaml"
    broken.parent.mkdir(parents=True)
    broken.write_text("tenant: broken.example\nname: [")
    assert first.end(signal.SIGTERM) == 0
    second = start()
    second.ready()
    until = time.monotonic() + DEADLINE
    while "nodocs.example" not in (said := (second.folder / "up.log").read_text()) and time.monotonic() < until:
        time.sleep(0.5)
    assert "warning: a source is left out" in said
    assert "warning: filling nodocs.example failed" in said
    second.ready()
    assert second.process.poll() is None


def test_a_killed_start_leaves_nothing_that_stops_the_next(start: Callable[..., Up]) -> None:
    first = start()
    first.ready()
    children = first.family()
    first.end(signal.SIGKILL)
    await_gone(children)
    second = start()
    second.ready()
    assert second.redis_answers()
    assert second.end(signal.SIGTERM) == 0


def test_a_child_that_dies_is_started_again(start: Callable[..., Up]) -> None:
    up = start()
    up.serves()
    for child in up.family():
        child.kill()
    time.sleep(1)
    up.ready()
    until = time.monotonic() + 30
    while not up.redis_answers() and time.monotonic() < until:
        time.sleep(0.2)
    assert up.redis_answers()


def test_a_port_in_use_is_named_with_the_way_out(make_folder: Callable[[], Path]) -> None:
    folder = make_folder()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "apps.cli.main",
                "up",
                "--no-dagster",
                "--no-dashboards",
                "--json",
                "--port",
                str(port),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "HELPDESK_DATA_DIR": str(folder)},
        )
    assert done.returncode == 1
    error = json.loads(done.stderr.strip().splitlines()[-1])["error"]
    assert error["code"] == "port_in_use"
    assert str(port) in error["message"]
    assert "--port" in error["message"]
