"""Workflows on the session's PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from components.core.tenant import Tenant
from components.database.session import Database
from components.gateway.event_loop import EventLoopThread
from tests.agents.workflow_world import World, event_loop


@pytest.fixture(scope="session")
def loop() -> Iterator[EventLoopThread]:
    with event_loop() as loop:
        yield loop


@pytest.fixture
def workflows(database: Database, make_tenant: Callable[..., Tenant], loop: EventLoopThread) -> World:
    return World(database, make_tenant(), loop)
