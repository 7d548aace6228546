"""WhatsApp Cloud API: signed webhooks in, messages out within a day of the customer's last one, then templates."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from components.channels.provider_calls import ProviderAnswer, ProviderCalls, failed_call, put_off, unavailable
from components.channels.whatsapp_events import read_changes
from components.core.channels import OutboundMessage, Received, RemoteFile, WebhookRequest
from components.core.errors import ChannelUnavailable, InvalidInput, InvalidSignature
from components.core.outbox import Delivery, Failed, Later, Sent

API = "https://graph.facebook.com/v23.0"
WINDOW = timedelta(hours=24)
RECEIPT_WITHIN = timedelta(seconds=15)
LONGEST_PARAMETER = 1024

# developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes: of the app, the account, the pair; a fault of
# theirs; and the credentials'.
_TOO_MANY = {4, 80007, 130429, 131048, 131056}
_PASSING = {1, 2, 131000, 131016, 131057, 133004, 133015}
_CREDENTIALS = {0, 3, 10, 190, 131005, 131031, 131042}
_PAIR_SECONDS = 6.0


@dataclass(frozen=True)
class WhatsAppTemplate:
    """An approved template for customers who have not written for a day. with_text: its body has one parameter, which
    the message is put in."""

    name: str
    language: str
    with_text: bool = False


@dataclass(frozen=True)
class WhatsAppAccount:
    """A tenant's number. api: base address with the version."""

    phone_number_id: str
    verify_token: str = field(repr=False)
    app_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    template: WhatsAppTemplate | None = None
    api: str = API


class WhatsAppChannel:
    """Keeps components.core.channels.Channel."""

    def __init__(self, account: WhatsAppAccount, calls: ProviderCalls) -> None:
        self._account, self._calls = account, calls

    def receive(self, request: WebhookRequest) -> Received:
        """A GET is the handshake that registers the address; a POST is signed as X-Hub-Signature-256."""
        if request.method == "GET":
            return self._greeted(request)
        digest = hmac.new(self._account.app_secret.encode(), request.body, hashlib.sha256).hexdigest()
        given = request.headers.get("x-hub-signature-256", "")
        if not hmac.compare_digest(f"sha256={digest}".encode(), given.encode()):
            raise InvalidSignature("the call is not signed with this tenant's app secret")
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError) as error:
            raise InvalidInput("the body is not JSON", field="body") from error
        return Received(tuple(read_changes(body, self._account.phone_number_id)))

    def deliver(self, message: OutboundMessage) -> Delivery:
        """As text within the window of 24 hours; after it as the template, where there is one."""
        content: dict[str, Any] = {"type": "text", "text": {"body": message.text, "preview_url": False}}
        if message.heard_at is None or datetime.now(UTC) - message.heard_at >= WINDOW:
            if self._account.template is None:
                return Failed(
                    "the customer has not written for 24 hours: WhatsApp takes only a template then, and none is "
                    "configured (channels.whatsapp.template)"
                )
            content = _template(self._account.template, message.text)
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": message.address.get("to"),
            # Comes back with every receipt, even where the answer to this call is lost.
            "biz_opaque_callback_data": message.key,
            **content,
        }
        url = f"{self._account.api}/{self._account.phone_number_id}/messages"
        try:
            answer = self._calls.call("POST", url, json=body, headers=self._headers)
        except httpx.HTTPError as error:
            return failed_call("WhatsApp", error)
        return _delivery(answer)

    def find(self, message: OutboundMessage, begun_at: datetime, others: Collection[str]) -> Sent | None:
        """The API lists no messages: only a receipt can tell, which has come by itself within seconds."""
        if datetime.now(UTC) - begun_at < RECEIPT_WITHIN:
            raise ChannelUnavailable("WhatsApp may tell yet, by a receipt")
        return None

    def fetch(self, file: RemoteFile, most: int) -> bytes:
        """By its id: the API says where it is for the next five minutes."""
        found = self._get(f"{self._account.api}/{file.reference}", 100_000)
        url, size = str(found.body.get("url", "")), found.body.get("file_size")
        if isinstance(size, int) and size > most:
            raise InvalidInput(f"the file has {size} bytes: at most {most} are allowed", field="file")
        if not url.startswith("https://") and urlsplit(url).netloc != urlsplit(self._account.api).netloc:
            raise InvalidInput("the file is at no address of WhatsApp's", field="file")
        return self._get(url, most).content

    def _get(self, url: str, most: int) -> ProviderAnswer:
        try:
            answer = self._calls.call("GET", url, most=most, headers=self._headers)
        except httpx.HTTPError as error:
            raise ChannelUnavailable(f"WhatsApp did not give the file: {error}") from error
        if answer.status in (400, 404, 410):
            raise InvalidInput("the file is gone", field="file")
        if answer.status != 200:
            raise unavailable("WhatsApp", answer)
        return answer

    def _greeted(self, request: WebhookRequest) -> Received:
        given = request.query.get("hub.verify_token", "")
        known = hmac.compare_digest(given.encode(), self._account.verify_token.encode())
        if request.query.get("hub.mode") != "subscribe" or not known:
            raise InvalidSignature("the handshake does not have this tenant's verify token")
        return Received(answer=request.query.get("hub.challenge", "")[:1000])

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._account.access_token}"}


def _delivery(answer: ProviderAnswer) -> Delivery:
    said = answer.body
    messages = said.get("messages")
    if answer.status == 200 and isinstance(messages, list) and messages and isinstance(messages[0].get("id"), str):
        return Sent({"provider_id": messages[0]["id"]})
    error = said.get("error")
    error = error if isinstance(error, dict) else {}
    code = error.get("code")
    told = f"{code} {error.get('message', '')}".strip() if error else ""
    if code in _TOO_MANY:
        later = put_off("WhatsApp", ProviderAnswer(429, answer.headers, b""), told)
        return Later(max(later.seconds if later else 0.0, _PAIR_SECONDS), f"WhatsApp answered {told}")
    if code in _PASSING:
        return Later(5.0, f"WhatsApp answered {told}")
    if code in _CREDENTIALS:
        return Later(60.0, f"WhatsApp answered {told}: check the channel's credentials")
    later = put_off("WhatsApp", answer, told)
    return later if later is not None else Failed(f"WhatsApp answered {answer.status} {told}".strip())


def _template(template: WhatsAppTemplate, text: str) -> dict[str, Any]:
    body: dict[str, Any] = {"name": template.name, "language": {"code": template.language}}
    if template.with_text:
        # A parameter may hold no line break, and no more than four spaces in a row.
        line = re.sub(r"\s+", " ", text)[:LONGEST_PARAMETER]
        body["components"] = [{"type": "body", "parameters": [{"type": "text", "text": line}]}]
    return {"type": "template", "template": body}
