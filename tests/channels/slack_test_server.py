"""Slack as a tenant's app meets it: chat.postMessage and the histories, and events signed as Slack signs them."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from typing import Any

from components.core.channels import WebhookRequest
from tests.channels.provider_test_server import Call, Delivered, ProviderServer, Reply

TOKEN = "xoxb-1-token-of-the-bot"
BOT = "UBOT0000001"


class SlackServer(ProviderServer):
    def __init__(self) -> None:
        super().__init__()
        self.token = TOKEN
        self._numbers = itertools.count(1)
        self.files: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        return f"{self.origin}/api"

    def sends(self, call: Call) -> bool:
        return call.path == "/api/chat.postMessage"

    def answer(self, call: Call) -> Reply:
        if call.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(200, {"ok": False, "error": "invalid_auth"})
        if call.path in self.files:
            return Reply(200, raw=self.files[call.path], headers={"Content-Type": "image/png"})
        if call.path == "/api/chat.postMessage":
            return self._post(call.json)
        if call.path in ("/api/conversations.replies", "/api/conversations.history"):
            return self._history(call)
        return Reply(200, {"ok": False, "error": "unknown_method"})

    def _post(self, body: dict[str, Any]) -> Reply:
        if not body.get("text"):
            return Reply(200, {"ok": False, "error": "no_text"})
        if str(body["channel"]).startswith("CGONE"):
            return Reply(200, {"ok": False, "error": "channel_not_found"})
        ts = f"{time.time():.0f}.{next(self._numbers):06d}"
        key = body.get("metadata", {}).get("event_payload", {}).get("key", "")
        self.delivered.append(Delivered(body["channel"], body["text"], f"{body['channel']}:{ts}", body, key))
        return Reply(200, {"ok": True, "channel": body["channel"], "ts": ts, "message": {"text": body["text"]}})

    def _history(self, call: Call) -> Reply:
        in_thread = call.query.get("ts")
        found = [
            {"type": "message", "ts": each.provider_id.partition(":")[2], "text": each.text}
            | ({"metadata": each.raw["metadata"]} if call.query.get("include_all_metadata") == "true" else {})
            for each in self.delivered
            if each.to == call.query.get("channel") and each.raw.get("thread_ts") == in_thread
        ]
        return Reply(200, {"ok": True, "messages": found, "has_more": False})


def signed(body: bytes, secret: str, at: float | None = None) -> WebhookRequest:
    """As docs.slack.dev describes it: v0, the time and the body."""
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={digest}",
    }
    return WebhookRequest("POST", "https://help.example/channels/x/slack", headers, body=body)


def message_event(text: str, *, ts: str, user: str = "U0000000ANN", channel: str = "C0000000001", **more: Any) -> bytes:
    """An event_callback; more: further keys of the event."""
    event = {"type": "app_mention", "user": user, "text": f"<@{BOT}> {text}", "ts": ts, "channel": channel, **more}
    return json.dumps(
        {
            "token": "legacy",
            "team_id": "T0000000001",
            "api_app_id": "A0000000001",
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{ts}",
            "event_time": int(float(ts)),
            "authorizations": [{"team_id": "T0000000001", "user_id": BOT, "is_bot": True}],
        }
    ).encode()
