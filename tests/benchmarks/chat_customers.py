"""Customers who talk to the chat over HTTP, many at once, and what came of it."""

from __future__ import annotations

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from time import perf_counter
from uuid import UUID

import aiohttp


@dataclass
class Turn:
    """One message's way. kind: of the message. at: since the run began, first, whole: seconds until the first event
    and until `done`; code: of the problem, where it ended in one."""

    kind: str
    at: float
    first: float = 0.0
    whole: float = 0.0
    code: str | None = None


@dataclass
class Run:
    """What came of one run. sessions: by tenant. server_cpu, database_cpu, own_cpu: seconds of processor time."""

    name: str
    seconds: float
    turns: list[Turn] = field(default_factory=list)
    sessions: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    server_cpu: float = 0.0
    database_cpu: float = 0.0
    own_cpu: float = 0.0


class Customer:
    """One customer at one tenant, from an address of their own."""

    def __init__(self, number: int, base: str, domain: str, questions: Sequence[str], run: Run) -> None:
        self._base, self._domain, self._run = base, domain, run
        self._random = random.Random(number)
        self._questions = cycle(self._random.sample(list(questions), len(questions)))
        self._address = f"127.1.{number // 200}.{1 + number % 200}"
        self._sent = 0

    async def talk(self, think: float, begun: float) -> None:
        """Until the run's time is up: one conversation after the other, each a session of its own."""
        connector = aiohttp.TCPConnector(local_addr=(self._address, 0), limit=1)
        async with aiohttp.ClientSession(self._base, connector=connector) as client:
            await asyncio.sleep(self._random.uniform(0, think or 0.5))
            while perf_counter() - begun < self._run.seconds:
                session, token = await self._open(client)
                for kind, text in self._script():
                    status = await self._send(client, session, token, kind, text, begun)
                    if think:
                        await asyncio.sleep(min(self._random.expovariate(1 / think), 4 * think))
                    # Handed over, or the run is over: a colleague's turn is not timed here.
                    if status != "bot" or perf_counter() - begun >= self._run.seconds:
                        break

    def _script(self) -> list[tuple[str, str]]:
        greet = ("greet", self._random.choice(["Hello", "Hi there!", "Good morning"]))
        talk = ("small talk", self._random.choice(["Are you a bot?", "Thank you!", "How are you?"]))
        questions = [("question", next(self._questions)) for _ in range(3)]
        refund = [
            ("refund: begin", "I want a refund"),
            ("refund: order number", f"It is NT-{self._random.randrange(10**7, 10**8)}"),
            ("refund: reason", "The zip broke on the first day"),
            ("refund: confirm", "yes"),
        ]
        return self._random.choice([[greet, *questions[:2], talk], [greet, *refund], questions, [talk, questions[0]]])

    async def _open(self, client: aiohttp.ClientSession) -> tuple[str, str]:
        async with client.post("/chat/sessions", json={"tenant": self._domain}) as response:
            opened = await response.json()
            response.raise_for_status()
            self._run.sessions[self._domain].append(UUID(opened["session_id"]))
            return opened["session_id"], opened["token"]

    async def _send(
        self, client: aiohttp.ClientSession, session: str, token: str, kind: str, text: str, begun: float
    ) -> str | None:
        """The conversation's status afterwards; None where the turn ended in a problem."""
        self._sent += 1
        body = {"client_message_id": f"m{self._sent}", "text": text}
        started = perf_counter()
        turn, event, status = Turn(kind, started - begun), "", None
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        try:
            async with client.post(f"/chat/{session}/messages", json=body, headers=headers) as response:
                if response.status != 200:
                    turn.code = (await response.json())["code"]
                async for line in response.content:
                    turn.first = turn.first or perf_counter() - started
                    name, _, value = line.decode().strip().partition(": ")
                    event = value if name == "event" else event
                    if name == "data" and event == "done":
                        turn.whole, done = perf_counter() - started, json.loads(value)
                        status = done["status"]
                        if kind == "refund: confirm" and "ticket #" not in done["messages"][0]["text"]:
                            turn.code = "no ticket"
                    elif name == "data" and event == "error":
                        turn.code = json.loads(value)["code"]
        except aiohttp.ClientError as error:
            turn.code = type(error).__name__
        self._run.turns.append(turn)
        return status


async def play(run: Run, base: str, tenants: Mapping[str, Sequence[str]], customers: int, think: float) -> None:
    domains, begun = cycle(tenants), perf_counter()
    everybody = []
    for number, domain in zip(range(customers), domains, strict=False):
        everybody.append(Customer(number, base, domain, tenants[domain], run).talk(think, begun))
    await asyncio.gather(*everybody)
