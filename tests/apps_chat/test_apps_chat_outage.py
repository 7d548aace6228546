"""What a customer is shown while the helpdesk cannot answer, and what Gradio is kept from hoarding."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from apps_chat_client import GRADIO_WARNS

from apps.chat.dispatcher import ChatDispatcher
from apps.chat.page import Chat
from apps.chat.wording import apology, notice_for
from components.core.errors import DatabaseUnavailable, IndexUnavailable, InvalidInput, ModelUnavailable, Unavailable
from components.core.tenant import Tenant
from components.database.session import Database
from components.helpdesk.feedback import FeedbackLog
from components.helpdesk.tenant_config import TenantConfig
from components.helpdesk.tenants import TenantRegistry

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
CONFIG = TenantConfig(contact="Call us on 0512 000.")


@pytest.mark.parametrize("path", ["/chat/shop.example/", "/chat/shop.example/gradio_api/queue/data?session_hash=x"])
def test_without_a_database_the_chat_is_back_in_a_moment(tmp_path: Path, path: str) -> None:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    app = FastAPI()
    app.mount("/chat", ChatDispatcher(TenantRegistry(Database(NOWHERE, NOWHERE), tmp_path)))
    response = TestClient(app).get(path)
    assert response.status_code == 503
    assert "Please load this page again" in response.text
    assert "psycopg" not in response.text


@pytest.mark.parametrize(
    "error",
    [
        *(IndexUnavailable("run `helpdesk ingest`"), DatabaseUnavailable("psycopg: 127.0.0.1:5432")),
        *(ModelUnavailable("/models/x"), Unavailable("pool"), InvalidInput("question='x'")),
    ],
)
def test_a_failure_is_worded_politely_and_without_its_cause(error: Exception) -> None:
    assert isinstance(error, Unavailable | InvalidInput)
    notice = notice_for(error, CONFIG)
    assert str(error) not in notice
    assert "Please" in notice
    assert notice.endswith(("Call us on 0512 000.", "send it again."))
    assert apology(CONFIG).endswith("Call us on 0512 000.")


@pytest.mark.filterwarnings(GRADIO_WARNS)
def test_an_event_that_is_over_is_forgotten() -> None:
    asyncio.run(_ask_and_tidy())


async def _ask_and_tidy() -> None:
    # Within a running loop, as the chat makes its own: outside of one Gradio leaves loops open.
    import gradio as gr
    import httpx
    from fastapi import FastAPI

    from apps.chat.housekeeping import calm_queue, has_session, tidied

    with gr.Blocks(analytics_enabled=False) as page:
        box = gr.Textbox()
        box.submit(str.upper, box, box, api_visibility="private")
    page.queue(max_size=4)
    calm_queue(page)
    app = FastAPI()
    gr.mount_gradio_app(app, page, path="/", ssr_mode=False, mcp_server=False)
    queue = page._queue
    async with (
        app.router.lifespan_context(app),
        tidied(page, every=0.05),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat") as client,
    ):
        event = {"data": ["hello"], "fn_index": 0, "trigger_id": box._id, "session_hash": "s"}
        (await client.post("/gradio_api/queue/join", json=event)).raise_for_status()
        assert has_session(page, "s")
        assert "HELLO" in (await client.get("/gradio_api/queue/data", params={"session_hash": "s"})).text
        for _ in range(100):
            if not (queue.event_ids_to_events or queue.event_analytics or queue._asyncio_tasks):
                break
            await asyncio.sleep(0.05)
        assert not queue.event_ids_to_events
        assert not queue.event_analytics
        assert not queue._asyncio_tasks


def test_a_rating_without_a_database_asks_to_try_again() -> None:
    @dataclass(frozen=True)
    class Parts:
        feedback: FeedbackLog

    chat = Chat(Parts(FeedbackLog(Database(NOWHERE, NOWHERE))), None)  # type: ignore[arg-type]
    html = chat.rate(Tenant(uuid4(), "Shop", "shop.example"), uuid4(), 1)
    assert "could not be saved" in html
    assert html.count('aria-pressed="false"') == 2
