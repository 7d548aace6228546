"""The scripted model, once for each file, a tenant with a shop for each test, and workflows on the same PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.helpdesk.scripted_model_server import ScriptedServer, scripted_server

if TYPE_CHECKING:
    from components.core.tenant import Tenant
    from components.database.session import Database
    from components.gateway.event_loop import EventLoopThread
    from components.gateway.gateway import ModelGateway
    from tests.agents import workflow_world
    from tests.agents.orchestrator_world import World

    MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def loop() -> Iterator[EventLoopThread]:
    from tests.agents.workflow_world import event_loop

    with event_loop() as loop:
        yield loop


@pytest.fixture
def workflows(database: Database, make_tenant: Callable[..., Tenant], loop: EventLoopThread) -> workflow_world.World:
    from tests.agents.workflow_world import World

    return World(database, make_tenant(), loop)


@pytest.fixture(scope="session")
def model_server() -> Iterator[ScriptedServer]:
    with scripted_server() as served:
        yield served


@pytest.fixture
def model(model_server: ScriptedServer) -> ScriptedServer:
    """With nothing said and nothing left to say."""
    from tests.helpdesk.scripted_model_server import Script

    model_server.requests.clear()
    model_server.scripts.clear()
    model_server.script = Script()
    return model_server


@pytest.fixture(scope="session")
def models(
    database: Database, model_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ModelGateway, EventLoopThread]]:
    from tests.agents.orchestrator_world import opened_models

    with opened_models(database, model_server, tmp_path_factory.mktemp("models")) as opened:
        yield opened


@pytest.fixture
def make_world(
    database: Database, make_tenant: Callable[..., Tenant], models: tuple[ModelGateway, EventLoopThread]
) -> MakeWorld:
    """`make_world(actions={…})`: a tenant whose configuration is that of a shop, with these keys beside."""
    from tests.agents.orchestrator_world import SHOP, World

    def make(**config: Any) -> World:
        return World(database, make_tenant(config={**SHOP, **config}), models)

    return make
