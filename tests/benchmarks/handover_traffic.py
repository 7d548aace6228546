"""Customers and agents who talk through sockets that may be cut at any time, and what reached whom."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import aiohttp
import socketio
import socketio.exceptions

NAMESPACE = "/handover"
CALL_WITHIN, CONNECT_WITHIN = 10.0, 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
# Anything else would be refused again.
PASSING = frozenset({"unavailable", "database_unavailable", "rate_limited", "internal_error"})
BROKEN = (socketio.exceptions.SocketIOError, aiohttp.ClientError, OSError, TimeoutError, ValueError)
TOLD = ("message", "agent_to_user")
WISH = "I want to talk to a human"

Message = Mapping[str, Any]


@dataclass
class Traffic:
    """What is asked for, and what came of it. arrivals: seconds within which all customers come. latencies: seconds
    from a customer's send to the agent's socket; answers: from an agent's first message in a conversation to its
    arrival at the customer's."""

    base: str
    domain: str
    each: int
    think: float
    arrivals: float = 0.0
    latencies: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    sent_at: dict[str, float] = field(default_factory=dict)
    first_said_at: dict[str, float] = field(default_factory=dict)
    reconnects: int = 0


@dataclass
class Log:
    """One party's own copy of a conversation, kept as a page keeps it: by sequence, shown without gaps."""

    messages: dict[int, Message] = field(default_factory=dict)
    shown: int = 0

    def take(self, message: Message) -> list[Message]:
        """Those that can be shown now, in order."""
        self.messages.setdefault(int(message["sequence"]), message)
        news = []
        while self.shown + 1 in self.messages:
            self.shown += 1
            news.append(self.messages[self.shown])
        return news


class Line:
    """A socket that is opened again whenever it breaks; what is said through it is said until it is acknowledged."""

    def __init__(self, traffic: Traffic, auth: Mapping[str, str], on_event: Callable[[str, Any], None]) -> None:
        self._traffic, self._auth, self._on_event = traffic, dict(auth), on_event
        self._client: socketio.AsyncClient | None = None
        self._connecting = asyncio.Lock()
        self.on_connected: Callable[[socketio.AsyncClient], Awaitable[None]] = _nothing
        self._leaving: set[asyncio.Task[None]] = set()

    async def call(self, event: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The acknowledgement, once there is one that says yes. Raises RuntimeError where it says no for good."""
        pause = FIRST_PAUSE
        while True:
            try:
                client = await self._connected()
                answer = await client.call(event, data, namespace=NAMESPACE, timeout=CALL_WITHIN)
                if answer["ok"]:
                    return answer
                if answer["code"] not in PASSING:
                    raise RuntimeError(f"{event}: {answer['code']}: {answer['message']}")
            except BROKEN:
                self._abandon()
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 2, LONGEST_PAUSE)

    async def cut(self) -> None:
        """Without a word of farewell, as a phone in a tunnel does."""
        client = self._client
        if client is not None and client.eio.ws is not None:
            await client.eio.ws.close(code=1006)

    async def close(self) -> None:
        """For good."""
        self._abandon()
        await asyncio.gather(*self._leaving)

    async def watch(self, until: Callable[[], bool]) -> None:
        """Stays connected, so that what is said is heard."""
        while not until():
            with contextlib.suppress(*BROKEN):
                await self._connected()
            await asyncio.sleep(0.2)

    async def _connected(self) -> socketio.AsyncClient:
        async with self._connecting:
            if self._client is not None and self._client.connected:
                return self._client
            self._abandon()
            client = socketio.AsyncClient(reconnection=False, logger=False, engineio_logger=False)
            order = _Order(self._traffic)

            async def hear(event: str, *values: Any) -> None:
                value = values[0] if values else None
                if event in TOLD:
                    order.heard(str(value["session_id"]), int(value["sequence"]))
                self._on_event(event, value)

            client.on("*", hear, namespace=NAMESPACE)
            try:
                await client.connect(
                    self._traffic.base,
                    auth=self._auth,
                    namespaces=[NAMESPACE],
                    transports=["websocket"],
                    wait_timeout=CONNECT_WITHIN,
                )
            except BROKEN:
                await _end(client)
                raise
            self._client = client
            self._traffic.reconnects += 1
        try:
            await self.on_connected(client)
        except BROKEN:
            # It would hear what follows, and never what it has missed.
            self._abandon()
            raise
        return client

    def _abandon(self) -> None:
        """A connection that did not answer in time may be alive: nobody is to hear of it any more."""
        client, self._client = self._client, None
        if client is not None:
            task = asyncio.get_running_loop().create_task(_end(client))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)


class _Order:
    """Of the events of one connection: the server must repeat nothing and swap nothing in it."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._seen: set[tuple[str, int]] = set()
        self._last: dict[str, int] = {}

    def heard(self, session: str, sequence: int) -> None:
        if (session, sequence) in self._seen:
            self._traffic.problems.append(f"doubled: message {sequence} of {session} twice on one connection")
        if sequence < self._last.get(session, 0):
            self._traffic.problems.append(f"out of order: message {sequence} of {session} after a later one")
        self._seen.add((session, sequence))
        self._last[session] = max(sequence, self._last.get(session, 0))


async def _nothing(client: socketio.AsyncClient) -> None:
    """For those who need not catch up."""


async def _asked(client: socketio.AsyncClient, event: str, data: Mapping[str, Any]) -> list[Message]:
    """The messages that were missed. Raises ValueError where the server cannot say now."""
    answer = await client.call(event, data, namespace=NAMESPACE, timeout=CALL_WITHIN)
    if not answer["ok"]:
        raise ValueError(f"{event}: {answer['code']}")
    return list(answer["messages"])


async def _end(client: socketio.AsyncClient) -> None:
    with contextlib.suppress(*BROKEN):
        await client.shutdown()
    if client.eio.http is not None and not client.eio.http.closed:
        await client.eio.http.close()


class Customer:
    """Asks for a person, and when there is one says what there is to say, one message after the other."""

    def __init__(self, traffic: Traffic, number: int) -> None:
        self._traffic, self.number = traffic, number
        self.log, self.session, self.sent = Log(), "", 0
        self.finished = asyncio.Event()
        self._owned = asyncio.Event()
        self.line: Line | None = None

    async def begin(self, http: aiohttp.ClientSession) -> None:
        """A session of their own, from an address of their own."""
        address = {"X-Forwarded-For": f"10.1.{self.number // 250}.{1 + self.number % 250}"}
        body = {"tenant": self._traffic.domain}
        async with http.post(f"{self._traffic.base}/chat/sessions", json=body, headers=address) as response:
            response.raise_for_status()
            opened = await response.json()
        self.session = opened["session_id"]
        self.line = Line(self._traffic, {"token": opened["token"], "session_id": self.session}, self._hear)
        self.line.on_connected = self._replay

    async def talk(self) -> None:
        """Until everything is said and acknowledged."""
        assert self.line is not None
        await asyncio.sleep(random.uniform(0, self._traffic.arrivals))
        await self._say(WISH)
        await self._owned.wait()
        for number in range(self._traffic.each):
            await asyncio.sleep(random.expovariate(1 / self._traffic.think))
            await self._say(f"customer says {number}")
        self.finished.set()

    async def _say(self, text: str) -> None:
        assert self.line is not None
        client_id = f"c{self.sent}"
        self.sent += 1
        self._traffic.sent_at[f"{self.session}/{client_id}"] = perf_counter()
        await self.line.call("message", {"client_message_id": client_id, "text": text})

    async def _replay(self, client: socketio.AsyncClient) -> None:
        for message in await _asked(client, "replay", {"after": self.log.shown}):
            self._take(message)

    def _hear(self, event: str, value: Any) -> None:
        if event in TOLD:
            self._take(value)

    def _take(self, message: Message) -> None:
        for news in self.log.take(message):
            if news["author"] == "agent":
                began = self._traffic.first_said_at.pop(self.session, None)
                if began is not None:
                    self._traffic.answers.append(perf_counter() - began)
                self._owned.set()


class Agent:
    """Claims what waits, as fast as the next one, and answers."""

    def __init__(self, traffic: Traffic, token: str, number: int) -> None:
        self._traffic, self.number = traffic, number
        self.logs: dict[str, Log] = {}
        self.sent: Counter[str] = Counter()
        self._talks: dict[str, asyncio.Task[None]] = {}
        self.line = Line(traffic, {"token": token}, self._hear)
        self.line.on_connected = self._join_again
        self._loop = asyncio.get_running_loop()

    def consider(self, session: str) -> None:
        """Tries to claim it, and talks there where it is the one who did."""
        if session not in self._talks:
            self._talks[session] = self._loop.create_task(self._serve(session))

    async def done(self) -> None:
        await asyncio.gather(*self._talks.values())

    async def _serve(self, session: str) -> None:
        await asyncio.sleep(random.uniform(0, 0.05))
        try:
            await self.line.call("claim", {"session_id": session, "request_id": f"claim-{self.number}"})
        except RuntimeError as error:
            if "conflict" in str(error):
                return
            raise
        self.logs[session] = Log()
        await self._join(session)
        for number in range(self._traffic.each):
            if number:
                await asyncio.sleep(random.expovariate(1 / self._traffic.think))
            text = f"agent says {number}"
            values = {"session_id": session, "client_message_id": f"a{number}", "text": text}
            if number == 0:
                self._traffic.first_said_at[session] = perf_counter()
            await self.line.call("agent_to_user", values)
            self.sent[session] += 1

    async def _join(self, session: str) -> None:
        answer = await self.line.call("join", {"session_id": session, "after": self.logs[session].shown})
        for message in answer["messages"]:
            self._take(session, message, live=False)

    async def _join_again(self, client: socketio.AsyncClient) -> None:
        for session, log in list(self.logs.items()):
            for message in await _asked(client, "join", {"session_id": session, "after": log.shown}):
                self._take(session, message, live=False)

    def _hear(self, event: str, value: Any) -> None:
        if event == "bot_to_agent":
            self.consider(str(value["session_id"]))
        elif event in TOLD:
            self._take(str(value["session_id"]), value, live=True)

    def _take(self, session: str, message: Message, *, live: bool) -> None:
        log = self.logs.get(session)
        if log is None:
            return
        log.take(message)
        if live and message["author"] == "customer":
            sent = self._traffic.sent_at.pop(f"{session}/{message['client_message_id']}", None)
            if sent is not None:
                self._traffic.latencies.append(perf_counter() - sent)
