"""A real Redis for tests of what processes share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

from components.core.tenant import TenantContext
from components.shared_state.connection import SharedState
from components.shared_state.embedded_redis import EmbeddedRedis, read_address


@contextmanager
def running_redis() -> Iterator[Path]:
    """Runs the bundled Redis; yields its folder."""
    folder = Path(tempfile.mkdtemp(prefix="helpdesk-redis-"))
    server = EmbeddedRedis(folder)
    server.start()
    try:
        yield folder
    finally:
        server.release()
        shutil.rmtree(folder)


@asynccontextmanager
async def shared_state(folder: Path | None) -> AsyncIterator[SharedState]:
    """The way to the Redis of this folder; None: to none at all. Patient, for machines that do much else."""
    state = SharedState(lambda: read_address(folder) if folder else None, timeout=5.0)
    try:
        yield state
    finally:
        await state.close()


def new_tenant() -> TenantContext:
    """A tenant that nobody else has."""
    return TenantContext(uuid4())
