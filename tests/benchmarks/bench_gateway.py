"""What the gateway adds to a streamed call, and 200 streams at once: `python -m tests.benchmarks.bench_gateway`.

Against a fast server of OpenAI's protocol in a process of its own. The bare provider and the gateway take turns,
call by call, so that a busy machine disturbs both alike; processor time is shown beside, which it disturbs less. Of
the 200 streams each has its own words, ten a second: one that is lost, doubled or another stream's is counted, and so
is every stream that had to be answered by quoting.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from uuid import uuid4

import numpy as np
from rich.console import Console
from rich.table import Table

from components.core.chat_model import ChatMessage, ChatModel, ChatRequest
from components.core.generation import AnswerGenerator
from components.core.model_catalogue import ModelDeclaration
from components.core.model_use import UNTOLD
from components.core.settings import Settings
from components.core.tenant import TenantContext
from components.database.provision import provision
from components.database.session import Database
from components.database.tables import TenantRow
from components.gateway.catalogue import Catalogue
from components.gateway.gateway import GatewayResult, ModelGateway
from components.gateway.opening import open_gateway
from components.gateway.policy import Budget, ModelPolicy
from components.gateway.prompt_cache import PromptCache
from components.models.chat_model_factory import build_chat_model
from components.models.extractive import ExtractiveGenerator
from components.models.onnx_embedder import OnnxEmbedder
from components.shared_state.connection import SharedState
from components.shared_state.embedded_redis import EmbeddedRedis, read_address

CALLS, STREAMS, TOKENS, PAUSE = 300, 200, 50, 100
POLICY = ModelPolicy(models=("tokens",), daily=Budget(money=Decimal(1_000_000)))

Stream = Callable[[ChatRequest], AsyncIterator[object]]


def asking(name: str, count: int, pause: float = 0) -> ChatRequest:
    return ChatRequest((ChatMessage("user", f"{name} {count} {pause}"),), max_tokens=4096, deadline=60)


@dataclass(frozen=True)
class Crowd:
    """What came of many streams at once. firsts: milliseconds to each one's first word."""

    name: str
    words: int
    lost: int
    crossed: int
    quoted: int
    seconds: float
    firsts: list[float]


async def first_token(stream: Stream, name: str) -> tuple[float, float]:
    """Milliseconds to the first piece, and of processor time until then; the rest is read too."""
    started, spent, first, busy = perf_counter(), process_time(), 0.0, 0.0
    async for item in stream(asking(name, 5)):
        if isinstance(item, str) and not first:
            first, busy = 1000 * (perf_counter() - started), 1000 * (process_time() - spent)
    return first, busy


async def compare(ways: dict[str, Stream], calls: int) -> dict[str, list[tuple[float, float]]]:
    """Every way in turn, each call with words of its own so that no cache can know it, but for `hit`."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for number in range(-20, calls):
        for name, stream in ways.items():
            spent = await first_token(stream, "same" if "hit" in name else f"{uuid4().hex[:8]}")
            if number >= 0:
                found[name].append(spent)
            # What the call before has to record must not run beside the next one.
            await asyncio.sleep(0.04)
    return found


async def crowd(name: str, stream: Stream, streams: int) -> Crowd:
    """Every stream at once. A stream that was answered by quoting has no words of the server's: those are lost too."""
    started = perf_counter()
    firsts: list[float] = []

    async def one(name: str) -> tuple[int, int, int]:
        text, quoted = "", 0
        async for item in stream(asking(name, TOKENS, PAUSE)):
            if isinstance(item, str):
                if not text:
                    firsts.append(1000 * (perf_counter() - started))
                text += item
            elif isinstance(item, GatewayResult):
                quoted = int(item.trace.reason is not None)
        wanted = [f"{name}-{number}" for number in range(TOKENS)]
        words = text.split()
        if quoted:
            return TOKENS, 0, 1
        lost = sum(have != want for have, want in zip(words, wanted, strict=False)) + abs(len(words) - len(wanted))
        return lost, sum(not word.startswith(f"{name}-") for word in words), 0

    counts = await asyncio.gather(*(one(f"s{number}x") for number in range(streams)))
    lost, crossed, quoted = (sum(each) for each in zip(*counts, strict=True))
    return Crowd(name, streams * TOKENS, lost, crossed, quoted, perf_counter() - started, firsts)


async def play(
    url: str, database: Database, redis: Path, extractive: AnswerGenerator, arguments: argparse.Namespace
) -> None:
    tenant = TenantContext(uuid4())
    with database.operator() as session:
        session.add(TenantRow(tenant_id=tenant.tenant_id, name="Bench", domain="bench.example", config_json={}))
    declaration = ModelDeclaration("tokens", "openai", "tokens", url, input_price=Decimal(1), output_price=Decimal(1))
    catalogue = Catalogue({"tokens": declaration} | dict(Catalogue().models))
    build: Callable[[ModelDeclaration], ChatModel] = partial(build_chat_model, extractive=extractive)
    state = SharedState(lambda: read_address(redis))
    bare = build(declaration)
    alone = open_gateway(catalogue, build, database)
    whole = open_gateway(catalogue, build, database, state=state, cache=PromptCache(state, 3600))

    def through(gateway: ModelGateway) -> Stream:
        return lambda request: gateway.stream(tenant, POLICY, request, use=UNTOLD)

    ways: dict[str, Stream] = {
        "bare provider": bare.stream,
        "gateway: route, circuit, budget": through(alone),
        "gateway with Redis: miss": through(whole),
        "gateway with Redis: hit": through(whole),
    }
    show_first(await compare(ways, arguments.calls))
    crowds = {"bare provider": bare.stream, "gateway": through(alone), "gateway with Redis": through(whole)}
    show_crowd([await asyncio.wait_for(crowd(name, stream, arguments.streams), 120) for name, stream in crowds.items()])
    for gateway in (alone, whole):
        await gateway.close()
    await bare.close()
    await state.close()


def show_first(found: dict[str, list[tuple[float, float]]]) -> None:
    count = len(found["bare provider"])
    table = Table("first token", "p50 ms", "p95 ms", "added p50 ms", "CPU p50 ms", title=f"{count} calls each")
    bare = np.percentile([first for first, _ in found["bare provider"]], 50)
    for name, spent in found.items():
        p50, p95 = np.percentile([first for first, _ in spent], [50, 95])
        busy = np.percentile([cpu for _, cpu in spent], 50)
        table.add_row(name, f"{p50:.2f}", f"{p95:.2f}", f"{p50 - bare:+.2f}", f"{busy:.2f}")
    Console(width=120).print(table)


def show_crowd(crowds: list[Crowd]) -> None:
    table = Table("at once", "words", "lost", "crossed", "quoted", "seconds", "words/s", "first p50 ms", "first p95 ms")
    for each in crowds:
        p50, p95 = np.percentile(each.firsts, [50, 95])
        counts = (f"{each.words:,}", str(each.lost), str(each.crossed), str(each.quoted), f"{each.seconds:.1f}")
        table.add_row(each.name, *counts, f"{each.words / each.seconds:,.0f}", f"{p50:.0f}", f"{p95:.0f}")
    Console(width=120).print(table)


@contextmanager
def token_server() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.benchmarks.token_server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=CALLS, help="calls of each way")
    parser.add_argument("--streams", type=int, default=STREAMS, help="streams at once")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-gateway-") as folder, token_server() as url:
        Path(folder).chmod(0o711)
        addresses = provision(Settings.model_validate({"data_dir": Path(folder)}))
        database = Database(addresses.app, addresses.operator)
        redis = EmbeddedRedis(Path(folder) / "redis")
        redis.start()
        try:
            extractive = ExtractiveGenerator(OnnxEmbedder(threads=1))
            asyncio.run(play(url, database, Path(folder) / "redis", extractive, arguments))
        finally:
            redis.release()
            database.dispose()
            addresses.close()


if __name__ == "__main__":
    main()
