"""A helpdesk that can be hurt: two API processes, PostgreSQL and Redis, each of which is killed and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from uuid import uuid4

import aiohttp

from components.bootstrap import Registry, build_registry
from components.core.settings import Settings
from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.provision import provision
from components.helpdesk.handover.agent_tokens import AgentTokens
from components.helpdesk.session_tokens import key_from
from components.shared_state.embedded_redis import EmbeddedRedis
from tests.benchmarks.handover_traffic import Line

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN = 120.0
FAULTS = ("server killed", "redis killed", "postgres restarted")


class Server:
    """One `helpdesk serve`, which can be killed and started again on the same port."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port = int(probe.getsockname()[1])
        self.base = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {
            **os.environ,
            "HELPDESK_DATA_DIR": str(self._data_dir),
            "HELPDESK_LOG_LEVEL": "error",
            # Every customer has an address of their own.
            "FORWARDED_ALLOW_IPS": "127.0.0.1",
        }
        command = [sys.executable, "-m", "apps.cli.main", "serve", "--port", str(self._port)]
        with (self._data_dir / f"server-{self._port}.log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    async def ready(self) -> None:
        until = monotonic() + STARTS_WITHIN
        async with aiohttp.ClientSession() as client:
            while monotonic() < until:
                with contextlib.suppress(aiohttp.ClientError):
                    async with client.get(f"{self.base}/readyz") as response:
                        if response.status == 200:
                            return
                await asyncio.sleep(0.2)
        raise SystemExit(f"the server at {self.base} did not start: {self._data_dir}/server-{self._port}.log")

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(30)


@dataclass
class World:
    """What a run takes place in."""

    settings: Settings
    addresses: DatabaseAddresses
    registry: Registry
    redis: EmbeddedRedis
    servers: list[Server]
    tenant: Tenant

    def tokens(self, agents: int) -> list[str]:
        """Of new agents of the tenant."""
        signer = AgentTokens(key_from(self.settings))
        tokens = []
        for number in range(agents):
            agent = self.registry.agents.create(
                self.tenant.context,
                email=f"agent{number}-{uuid4().hex[:8]}@example.com",
                name=f"Agent {number}",
                password=uuid4().hex,
            )
            tokens.append(signer.issue(self.tenant.context, agent.agent_id)[0])
        return tokens


@contextlib.contextmanager
def world(data_dir: Path, servers: int = 2) -> Iterator[World]:
    """Everything started and ready."""
    data_dir.chmod(0o711)
    settings = Settings.model_validate({"data_dir": data_dir})
    addresses = provision(settings)
    registry = build_registry(settings, addresses)
    redis = EmbeddedRedis(data_dir / "redis")
    redis.start()
    running = [Server(data_dir) for _ in range(servers)]
    try:
        tenant = registry.tenants.create("Shop", "shop.example", {"handover": {"wait_minutes": 600}})
        for server in running:
            server.start()
        asyncio.run(_all_ready(running))
        yield World(settings, addresses, registry, redis, running, tenant)
    finally:
        for server in running:
            server.stop()
        redis.release()
        registry.close()
        addresses.close()


async def _all_ready(servers: list[Server]) -> None:
    await asyncio.gather(*(server.ready() for server in servers))


async def hurt(place: World, lines: Sequence[Line], over: asyncio.Event, counted: Counter[str]) -> None:
    """Sockets are cut all the time; the rest comes in turn, a few seconds apart."""

    async def cut() -> None:
        while not over.is_set():
            await asyncio.sleep(random.uniform(0.02, 0.2))
            with contextlib.suppress(Exception):
                await random.choice(lines).cut()
                counted["sockets cut"] += 1

    cutting = asyncio.create_task(cut())
    turn = 0
    while not over.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), random.uniform(4, 8))
            break
        kind = FAULTS[turn % len(FAULTS)]
        if kind == "server killed":
            server = place.servers[(turn // 3) % len(place.servers)]
            await asyncio.to_thread(server.kill)
            server.start()
            await server.ready()
        elif kind == "redis killed":
            await asyncio.to_thread(_kill_redis, place)
        else:
            await asyncio.to_thread(_restart_postgres, place)
        counted[kind] += 1
        turn += 1
    await cutting


def _kill_redis(place: World) -> None:
    for process in place.redis._processes():
        process.kill()
        process.wait(10)
    place.redis.start()


def _restart_postgres(place: World) -> None:
    server = place.addresses.server
    assert server is not None
    server.stop()
    server.start()
