"""Slack: the Events API in, chat.postMessage out; a thread is a conversation."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
from slack_sdk.signature import SignatureVerifier

from components.channels.provider_calls import ProviderCalls, failed_call, put_off, unavailable
from components.channels.slack_events import read_event
from components.core.channels import OutboundMessage, Received, RemoteFile, WebhookRequest
from components.core.errors import ChannelUnavailable, InvalidInput, InvalidSignature
from components.core.outbox import Delivery, Failed, Later, Sent

API = "https://slack.com/api"
METADATA = "helpdesk_message"

_PASSING = {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
_CREDENTIALS = {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "missing_scope"}


@dataclass(frozen=True)
class SlackAccount:
    """A tenant's Slack app. opens_on: what begins a conversation in a channel; a direct message always does. api: base
    address."""

    signing_secret: str = field(repr=False)
    bot_token: str = field(repr=False)
    opens_on: Literal["mention", "message"] = "mention"
    api: str = API


class SlackChannel:
    """Keeps components.core.channels.Channel."""

    def __init__(self, account: SlackAccount, calls: ProviderCalls) -> None:
        self._account, self._calls = account, calls
        self._verifier = SignatureVerifier(account.signing_secret)

    def receive(self, request: WebhookRequest) -> Received:
        """Signed within the last five minutes (docs.slack.dev/authentication/verifying-requests-from-slack)."""
        try:
            valid = self._verifier.is_valid_request(request.body, dict(request.headers))
        except (ValueError, TypeError):
            valid = False
        if not valid:
            raise InvalidSignature("the call is not signed with this tenant's signing secret, or is too old")
        body = _json(request.body)
        if body.get("type") == "url_verification":
            return Received(answer=str(body.get("challenge", ""))[:1000])
        return Received((read_event(body, self._account.opens_on),))

    def deliver(self, message: OutboundMessage) -> Delivery:
        """As a reply in the thread. The key goes along as metadata, by which `find` knows the message again."""
        body: dict[str, Any] = {
            "channel": message.address.get("channel"),
            "text": message.text,
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {"event_type": METADATA, "event_payload": {"key": message.key}},
        }
        if message.address.get("thread_ts"):
            body["thread_ts"] = message.address["thread_ts"]
        try:
            answer = self._calls.call("POST", f"{self._account.api}/chat.postMessage", json=body, headers=self._headers)
        except httpx.HTTPError as error:
            return failed_call("Slack", error)
        later = put_off("Slack", answer)
        if later is not None:
            return later
        said = answer.body
        if said.get("ok") is True and isinstance(said.get("ts"), str):
            return Sent({"provider_id": f"{said.get('channel') or body['channel']}:{said['ts']}"})
        problem = str(said.get("error") or f"status {answer.status} without JSON")
        if problem in _PASSING:
            return Later(5.0, f"Slack answered {problem}")
        if problem in _CREDENTIALS:
            return Later(60.0, f"Slack answered {problem}: check the channel's bot token and its scopes")
        return Failed(f"Slack answered {problem}")

    def find(self, message: OutboundMessage, begun_at: datetime, others: Collection[str]) -> Sent | None:
        """Among the thread's messages since then, by its metadata."""
        address = message.address
        method, params = "conversations.history", {"channel": address["channel"]}
        if address.get("thread_ts"):
            method, params = "conversations.replies", {**params, "ts": address["thread_ts"]}
        params |= {"include_all_metadata": "true", "limit": "200", "oldest": f"{begun_at.timestamp() - 60:.6f}"}
        said = self._ask(method, params)
        for each in said.get("messages", ()):
            if each.get("metadata", {}).get("event_payload", {}).get("key") == message.key:
                return Sent({"provider_id": f"{address['channel']}:{each['ts']}"})
        return None

    def fetch(self, file: RemoteFile, most: int) -> bytes:
        """A private file of the workspace: the token goes to Slack's hosts only."""
        host, own = urlsplit(file.reference).hostname or "", urlsplit(self._account.api)
        trusted = file.reference.startswith("https://") and (host == "slack.com" or host.endswith(".slack.com"))
        if not trusted and urlsplit(file.reference).netloc != own.netloc:
            raise InvalidInput(f"the file is at {host[:80]!r}: files of Slack are allowed", field="file")
        try:
            answer = self._calls.call("GET", file.reference, most=most, headers=self._headers)
        except httpx.HTTPError as error:
            raise ChannelUnavailable(f"Slack did not give the file: {error}") from error
        if answer.status in (404, 410):
            raise InvalidInput("the file is gone", field="file")
        if answer.status != 200:
            raise unavailable("Slack", answer)
        return answer.content

    def _ask(self, method: str, params: Mapping[str, str]) -> dict[str, Any]:
        url = f"{self._account.api}/{method}"
        try:
            answer = self._calls.call("GET", url, params=dict(params), headers=self._headers)
        except httpx.HTTPError as error:
            raise ChannelUnavailable(f"Slack cannot be reached: {error}") from error
        if answer.status != 200 or answer.body.get("ok") is not True:
            raise ChannelUnavailable(f"Slack answered {answer.status} {answer.body.get('error', '')} to {method}")
        return answer.body

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._account.bot_token}"}


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("the body is not JSON", field="body") from error
    if not isinstance(found, dict):
        raise InvalidInput("the body is not a JSON object", field="body")
    return found
