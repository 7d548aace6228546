"""A process of its own that asks one question many times at once; each production leaves a line in a file.

Arguments: Redis's folder, tenant, key, how many callers, seconds a production takes, the file, the file to wait for.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from redis_fixtures import shared_state

from components.core.tenant import TenantContext
from components.gateway.cached_streams import CachedStreams
from components.gateway.prompt_cache import PromptCache


@dataclass(frozen=True)
class Made:
    """A result for tests."""

    text: str
    hit: bool = False
    keep: bool = True


def encode(made: Made) -> bytes:
    return made.text.encode()


def decode(value: bytes) -> Made:
    return Made(value.decode(), hit=True)


async def main() -> None:
    folder, tenant_id, key, callers, seconds, made, gate = sys.argv[1:]
    tenant = TenantContext(UUID(tenant_id))

    async def produce() -> AsyncIterator[str | Made]:
        with Path(made).open("a") as file:
            file.write(f"{os.getpid()}\n")
        for piece in ("an ", "answer"):
            await asyncio.sleep(float(seconds) / 2)
            yield piece
        yield Made("an answer")

    async with shared_state(Path(folder)) as state:
        streams = CachedStreams(PromptCache(state, 60), state, lease_seconds=1.0)

        async def ask() -> Made:
            pieces, result = "", Made("")
            async for item in streams.stream(
                tenant,
                key,
                produce,
                encode=encode,
                decode=decode,
                cacheable=lambda made: made.keep,
                text=lambda made: made.text,
            ):
                if isinstance(item, str):
                    pieces += item
                else:
                    result = item
            return replace(result, text=pieces)

        print("ready", flush=True)
        while not Path(gate).exists():
            await asyncio.sleep(0.005)
        answers = await asyncio.gather(*(ask() for _ in range(int(callers))))
    print(json.dumps([[answer.text, answer.hit] for answer in answers]), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
