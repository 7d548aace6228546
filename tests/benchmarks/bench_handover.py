"""Customers and agents under faults, and without: `python -m tests.benchmarks.bench_handover`.

Two `helpdesk serve` on one embedded PostgreSQL and one Redis, behind them a tenant without knowledge. Every customer
asks for a person, all of them within half a minute; agents race to claim; then both sides talk at once, each message
with an id of its own, sent until it is acknowledged. Meanwhile, in the run with faults, sockets are cut at random, one
server process is killed with SIGKILL and started again, in turn, Redis is killed and started again, and PostgreSQL is
restarted. Afterwards the database and every party's own copy are held against what was sent. The run without faults
gives the latencies, at the receivers, whose own work runs on the same cores.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from uuid import UUID

import aiohttp
import numpy as np
from rich.console import Console
from rich.table import Table

from components.core.tenant import Tenant
from components.helpdesk.conversations.conversation import Message
from components.helpdesk.conversations.conversations import MOST_MESSAGES, Conversations
from tests.benchmarks.handover_traffic import Agent, Customer, Traffic
from tests.benchmarks.handover_world import FAULTS, World, hurt, world

CONVERSATIONS, MESSAGES, AGENTS, THINK, ARRIVALS = 200, 10_000, 10, 3.0, 30.0


@dataclass(frozen=True)
class Found:
    """What came of a run. Each problem is one line for people."""

    stored: int
    lost: list[str]
    doubled: list[str]
    swapped: list[str]
    bot_over_agent: list[str]
    latencies: list[float]
    answers: list[float]
    reconnects: int
    seconds: float
    faults: Counter[str]


async def run(
    place: World, *, conversations: int, each: int, agents: int, think: float, faults: bool, arrivals: float = 0.0
) -> Found:
    """each: messages of each side of a conversation. think: mean seconds between a party's messages. arrivals: seconds
    within which all customers come."""
    began = monotonic()
    traffics = [Traffic(server.base, place.tenant.domain, each, think, arrivals) for server in place.servers]
    tokens = place.tokens(agents)
    workers = [Agent(traffics[n % len(traffics)], token, n) for n, token in enumerate(tokens)]
    # One side's times are read at the other.
    for traffic in traffics[1:]:
        traffic.sent_at, traffic.first_said_at = traffics[0].sent_at, traffics[0].first_said_at
    customers = [Customer(traffics[n % len(traffics)], n) for n in range(conversations)]
    over, settled = asyncio.Event(), asyncio.Event()
    watching = [asyncio.create_task(worker.line.watch(settled.is_set)) for worker in workers]
    async with aiohttp.ClientSession() as http:
        for customer in customers:
            await customer.begin(http)
    lines = [worker.line for worker in workers] + [each.line for each in customers if each.line]
    watching += [asyncio.create_task(customer.line.watch(settled.is_set)) for customer in customers if customer.line]
    counted: Counter[str] = Counter()
    chaos = asyncio.create_task(hurt(place, lines, over, counted)) if faults else None
    sweeping = asyncio.create_task(_offer(place, workers, over))
    await asyncio.gather(*(customer.talk() for customer in customers))
    for worker in workers:
        await worker.done()
    if chaos is not None:
        await _all_faults(counted)
    over.set()
    if chaos is not None:
        await chaos
    await _settle(place, customers, workers)
    settled.set()
    seconds = monotonic() - began
    await asyncio.gather(*watching, sweeping)
    await asyncio.gather(*(line.close() for line in lines), return_exceptions=True)
    return _held_against(place, customers, workers, traffics, seconds, counted)


async def _all_faults(counted: Counter[str], patience: float = 120.0) -> None:
    """Where everything was said before each of them came."""
    until = monotonic() + patience
    while monotonic() < until and not all(counted[kind] for kind in FAULTS):
        await asyncio.sleep(0.5)


async def _offer(place: World, workers: list[Agent], over: asyncio.Event) -> None:
    """An agent whose socket was cut while a conversation began to wait finds it in the queue."""
    conversations = Conversations(place.registry.database)
    while not over.is_set():
        await asyncio.sleep(1.0)
        with contextlib.suppress(Exception):
            found = await asyncio.to_thread(conversations.list, place.tenant.context, "waiting", 500)
            for conversation in found:
                for worker in random.sample(workers, min(2, len(workers))):
                    worker.consider(str(conversation.conversation_id))


async def _settle(place: World, customers: list[Customer], workers: list[Agent], patience: float = 30.0) -> None:
    """Until everybody shows what is stored, or does not."""
    conversations = Conversations(place.registry.database)
    until = monotonic() + patience
    behind = list(customers)
    while behind and monotonic() < until:
        left = []
        for customer in behind:
            last = (
                await asyncio.to_thread(conversations.get, place.tenant.context, UUID(customer.session))
            ).last_sequence
            logs = [
                customer.log,
                *(worker.logs[customer.session] for worker in workers if customer.session in worker.logs),
            ]
            if any(log.shown < last for log in logs):
                left.append(customer)
        behind = left
        if behind:
            await asyncio.sleep(0.5)


def _held_against(
    place: World,
    customers: list[Customer],
    workers: list[Agent],
    traffics: list[Traffic],
    seconds: float,
    counted: Counter[str],
) -> Found:
    conversations = Conversations(place.registry.database)
    lost, doubled, swapped, over_agent = [], [], [], []
    stored = 0
    for customer in customers:
        said = list(_transcript(conversations, place.tenant, UUID(customer.session)))
        stored += sum(each.author in ("customer", "agent") for each in said)
        if [each.sequence for each in said] != list(range(1, len(said) + 1)):
            lost.append(f"{customer.session}: the sequence has gaps")
        (owner,) = [worker for worker in workers if customer.session in worker.sent] or [None]
        for author, prefix, sent in (
            ("customer", "c", customer.sent),
            ("agent", "a", owner.sent[customer.session] if owner else 0),
        ):
            ids = [each.client_message_id for each in said if each.author == author]
            wanted = [f"{prefix}{number}" for number in range(sent)]
            lost += [f"{customer.session}: {each} is not stored" for each in set(wanted) - set(ids)]
            doubled += [f"{customer.session}: {each} is stored twice" for each, n in Counter(ids).items() if n > 1]
            if sorted(ids, key=lambda each: int(str(each)[1:])) != ids:
                swapped.append(f"{customer.session}: messages of {author} are stored out of order")
        for name, log in (("customer", customer.log), ("agent", owner.logs[customer.session] if owner else None)):
            if log is not None and log.shown < len(said):
                lost.append(f"{customer.session}: {name} was shown {log.shown} of {len(said)} messages")
        owned = False
        for each in said:
            owned = owned or each.author == "agent"
            if owned and each.author == "bot":
                over_agent.append(f"{customer.session}: bot message {each.sequence} while an agent owns")
    for traffic in traffics:
        doubled += [each for each in traffic.problems if each.startswith("doubled")]
        swapped += [each for each in traffic.problems if each.startswith("out of order")]
    return Found(
        stored,
        lost,
        doubled,
        swapped,
        over_agent,
        [each for traffic in traffics for each in traffic.latencies],
        [each for traffic in traffics for each in traffic.answers],
        sum(traffic.reconnects for traffic in traffics),
        seconds,
        counted,
    )


def _transcript(conversations: Conversations, tenant: Tenant, session: UUID) -> Iterator[Message]:
    after = 0
    while messages := conversations.messages(tenant.context, session, after=after, limit=MOST_MESSAGES):
        yield from messages
        after = messages[-1].sequence


def show(found: dict[str, Found]) -> None:
    table = Table(
        "run", "messages", "lost", "doubled", "out of order", "bot over agent", "connections", "faults", "s",
        title="conversations between customers and agents",
    )  # fmt: skip
    times = Table("run", "what", "n", "p50 ms", "p95 ms", "p99 ms", "most ms")
    for name, each in found.items():
        faults = ", ".join(f"{n} {kind}" for kind, n in each.faults.items()) or "none"
        counts = (each.lost, each.doubled, each.swapped, each.bot_over_agent)
        table.add_row(
            name, str(each.stored), *(str(len(c)) for c in counts), str(each.reconnects), faults, f"{each.seconds:.0f}"
        )
        for what, seconds in (
            ("customer → agent", each.latencies),
            ("an agent's first message → customer", each.answers),
        ):
            if seconds:
                p50, p95, p99 = np.percentile([1000 * s for s in seconds], [50, 95, 99])
                row = (f"{p50:.0f}", f"{p95:.0f}", f"{p99:.0f}", f"{1000 * max(seconds):.0f}")
                times.add_row(name, what, str(len(seconds)), *row)
    console = Console(width=140)
    console.print(table)
    console.print(times)
    for name, each in found.items():
        for problem in (each.lost + each.doubled + each.swapped + each.bot_over_agent)[:20]:
            console.print(f"{name}: {problem}", markup=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS, help="at once")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="in all")
    parser.add_argument("--agents", type=int, default=AGENTS)
    parser.add_argument("--think", type=float, default=THINK, help="mean seconds between a party's messages")
    parser.add_argument("--arrivals", type=float, default=ARRIVALS, help="seconds within which all customers come")
    parser.add_argument("--only", choices=("faults", "calm"), help="one of the two runs")
    arguments = parser.parse_args()
    each = max(1, arguments.messages // arguments.conversations // 2)
    found = {}
    for name in ("calm", "faults"):
        if arguments.only in (None, name):
            with tempfile.TemporaryDirectory(prefix="bench-handover-") as folder, world(Path(folder)) as place:
                found[name] = asyncio.run(
                    run(
                        place,
                        conversations=arguments.conversations,
                        each=each,
                        agents=arguments.agents,
                        think=arguments.think,
                        faults=name == "faults",
                        arrivals=arguments.arrivals,
                    )
                )
    show(found)
    problems = sum(len(f.lost) + len(f.doubled) + len(f.swapped) + len(f.bot_over_agent) for f in found.values())
    raise SystemExit(1 if problems else 0)


if __name__ == "__main__":
    main()
