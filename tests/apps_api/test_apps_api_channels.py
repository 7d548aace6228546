"""Providers call over HTTP: they are answered at once, and the server works on what they brought by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from apps.api.app import create_app
from apps.api.channels import LARGEST_BODY
from components.core.channels import WebhookRequest
from components.core.settings import Settings
from components.core.tenant import Tenant
from tests.channels import slack_test_server as slack
from tests.channels.slack_test_server import SlackServer

if TYPE_CHECKING:
    from components.bootstrap import Workbench
    from components.database.addresses import DatabaseAddresses

SECRET = "signing-secret"
FIRST = "1764400000.000100"


@dataclass
class Shop:
    client: TestClient
    tenant: Tenant
    provider: SlackServer
    workbench: Workbench

    def call(self, request: WebhookRequest, channel: str = "slack", domain: str | None = None) -> tuple[int, str]:
        path = f"/channels/{domain or self.tenant.domain}/{channel}"
        response = self.client.request(request.method, path, content=request.body, headers=dict(request.headers))
        return response.status_code, response.text

    def wait_for_replies(self, count: int) -> list[str]:
        until = time.monotonic() + 30
        while len(self.provider.delivered) < count:
            assert time.monotonic() < until, "no reply came in time"
            time.sleep(0.05)
        return [each.text for each in self.provider.delivered]

    def wait_for_customer(self, count: int) -> list[str]:
        """What the customer has said in their one conversation, once it is so many messages and each is answered."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            (conversation,) = self.workbench.conversations.list(self.tenant.context)
            messages = self.workbench.conversations.messages(self.tenant.context, conversation.conversation_id)
            said = [each for each in messages if each.author == "customer"]
            if len(said) >= count and all(each.handled for each in said):
                return [each.text for each in said]
            time.sleep(0.05)
        raise AssertionError("the customer was not answered in time")


@pytest.fixture(scope="module")
def own_workbench(postgres: DatabaseAddresses, make_folder: Callable[[], Path]) -> Iterator[Workbench]:
    """On another database than the room's, whose own server sends what it finds there, and knows no test server."""
    from components.bootstrap import build_workbench

    workbench = build_workbench(Settings(data_dir=make_folder(), database_url=None), postgres)
    yield workbench
    workbench.close()


@pytest.fixture(scope="module")
def shop(own_workbench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    from components.helpdesk.courier import build_courier
    from components.helpdesk.inbox.inbox import Inbox
    from components.helpdesk.tenant_channels import TenantChannels

    workbench, provider = own_workbench, SlackServer()
    folder = tmp_path_factory.mktemp("secrets")
    settings = workbench.settings.model_copy(update={"slack_url": provider.url})
    channels = TenantChannels(settings, workbench.calls)
    inbox = Inbox(workbench.database, channels)
    senders, courier = build_courier(workbench.database, workbench.tenants, channels, inbox, workbench.turns)
    parts = replace(workbench, settings=settings, channels=channels, inbox=inbox, senders=senders, courier=courier)
    write = partial(secret_in, folder)
    slack_config = {"signing_secret": write(SECRET), "bot_token": write(slack.TOKEN), "rate": 1000}
    tenant = workbench.tenants.create("Shop", f"s-{uuid4().hex[:8]}.example", {"channels": {"slack": slack_config}})
    with TestClient(create_app(parts)) as client:
        yield Shop(client, tenant, provider, workbench)
    provider.close()


def secret_in(folder: Path, value: str) -> str:
    path = folder / uuid4().hex
    path.write_text(value)
    return f"file:{path}"


def test_a_call_is_answered_within_three_seconds_and_the_customer_by_itself(shop: Shop) -> None:
    started = time.monotonic()
    request = slack.signed(slack.message_event("thanks", ts=FIRST), SECRET)
    assert shop.call(request) == (200, "")
    assert time.monotonic() - started < 3.0
    assert shop.wait_for_replies(1)[0]
    for number in range(1, 4):
        again = replace(request, headers={**request.headers, "x-slack-retry-num": str(number)})
        assert shop.call(again) == (200, "")
    shop.call(slack.signed(slack.message_event("and thanks again", ts="1764400001.000100", thread_ts=FIRST), SECRET))
    assert shop.wait_for_customer(2) == ["thanks", "and thanks again"]


def test_a_forged_call_is_a_problem_that_says_so(shop: Shop) -> None:
    status, text = shop.call(slack.signed(slack.message_event("hi", ts=FIRST), "forged"))
    assert status == 401
    assert '"code":"invalid_signature"' in text


@pytest.mark.parametrize(
    ("domain", "channel"),
    [("nobody.example", "slack"), ("no domain", "slack"), (None, "fax"), (None, "sms"), (None, "email")],
)
def test_where_nobody_is_called_there_is_nothing(shop: Shop, domain: str | None, channel: str) -> None:
    status, text = shop.call(slack.signed(b"{}", SECRET), channel, domain)
    assert status == 404
    assert '"code":"not_found"' in text


def test_the_challenge_is_answered_as_text(shop: Shop) -> None:
    body = b'{"type": "url_verification", "challenge": "abc"}'
    assert shop.call(slack.signed(body, SECRET)) == (200, "abc")


def test_a_body_may_be_as_large_as_providers_send_and_no_larger(shop: Shop) -> None:
    body = b'{"type": "url_verification", "challenge": "abc", "more": "' + b"x" * 200_000 + b'"}'
    assert shop.call(slack.signed(body, SECRET)) == (200, "abc")
    status, text = shop.call(slack.signed(b"x" * (LARGEST_BODY + 1), SECRET))
    assert status == 413
    assert "content_too_large" in text


@pytest.mark.parametrize("body", [b"", b"\xff", b"[1]", b"{}", b'{"type": "event_callback", "event": []}'])
def test_nothing_that_is_signed_is_a_fault(shop: Shop, body: bytes) -> None:
    status, _ = shop.call(slack.signed(body, SECRET) if body != b"\xff" else WebhookRequest("POST", "", {}, body=body))
    assert status in (200, 401, 422)
