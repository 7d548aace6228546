"""WhatsApp's Cloud API as a tenant's number meets it: messages, media, and webhooks signed with the app's secret."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from typing import Any

from components.core.channels import WebhookRequest
from tests.channels.provider_test_server import Call, Delivered, ProviderServer, Reply

TOKEN = "EAAtoken"
NUMBER = "106540352242922"


class WhatsAppServer(ProviderServer):
    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)
        self.media: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        return f"{self.origin}/v23.0"

    def sends(self, call: Call) -> bool:
        return call.path.endswith("/messages")

    def answer(self, call: Call) -> Reply:
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return _error(401, 190, "Invalid OAuth access token")
        name = call.path.rpartition("/")[2]
        if call.path.startswith("/bytes/"):
            return Reply(200, raw=self.media[name])
        if name in self.media:
            url = f"{self.origin}/bytes/{name}"
            return Reply(200, {"id": name, "url": url, "mime_type": "image/png", "file_size": len(self.media[name])})
        if call.path != f"/v23.0/{NUMBER}/messages":
            return _error(400, 100, "Unsupported post request")
        body = call.json
        if body.get("messaging_product") != "whatsapp" or not body.get("to"):
            return _error(400, 131009, "Parameter value is not valid")
        if body["type"] == "text" and not 1 <= len(body["text"]["body"]) <= 4096:
            return _error(400, 131009, "Parameter value is not valid")
        wamid = f"wamid.{next(self._numbers):020d}"
        text = body["text"]["body"] if body["type"] == "text" else f"<template {body['template']['name']}>"
        self.delivered.append(Delivered(body["to"], text, wamid, body, body.get("biz_opaque_callback_data", "")))
        contacts = [{"input": body["to"], "wa_id": body["to"]}]
        return Reply(200, {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": wamid}]})


def _error(status: int, code: int, message: str) -> Reply:
    return Reply(status, {"error": {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "x"}})


def too_many_to_one() -> Reply:
    """131056: the pair's rate."""
    return _error(400, 131056, "(Business Account, Consumer Account) pair rate limit hit")


def signed(body: bytes, secret: str) -> WebhookRequest:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}"}
    return WebhookRequest("POST", "https://help.example/channels/x/whatsapp", headers, body=body)


def change(value: dict[str, Any], number: str = NUMBER) -> bytes:
    metadata = {"display_phone_number": "15550783881", "phone_number_id": number}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {"id": "102290129340398", "changes": [{"value": value, "field": "messages"}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def message_value(text: str, wamid: str, sender: str, **more: Any) -> dict[str, Any]:
    """more: `type` and its own key, for what is no text."""
    message = {"from": sender, "id": wamid, "timestamp": str(int(time.time())), "type": "text", "text": {"body": text}}
    return {"contacts": [{"profile": {"name": "Ann"}, "wa_id": sender}], "messages": [{**message, **more}]}


def status_value(wamid: str, status: str, key: str | None = None, **more: Any) -> dict[str, Any]:
    each = {"id": wamid, "status": status, "timestamp": str(int(time.time())), "recipient_id": "4366012345678", **more}
    return {"statuses": [each | ({"biz_opaque_callback_data": key} if key else {})]}
