"""Tells an external ticket system of an event: one signed HTTP POST, as the Standard Webhooks specification has it."""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256

from components.core.errors import AddressNotAllowed, InvalidSetting, NotFound, Unavailable, Unreachable
from components.core.outbox import Delivery, Failed, Later, Outgoing, Sent
from components.core.settings import resolve_secret
from components.core.tenant import TenantContext
from components.database.session import Database
from components.gateway.event_loop import EventLoopThread
from components.helpdesk.tickets.store import read_rules_config
from components.models.remote_errors import retry_after_seconds
from components.outbound.http_call import HttpAnswer, HttpCall, call_http

DEADLINE = 10.0
# Statuses that pass by themselves; another process may still be at a 409 with the same key.
_PASSING = frozenset({408, 409, 425, 429})
_ENCODED = "whsec_"


class WebhookSender:
    """Keeps components.core.outbox.Sender for `webhook`, to the address that the tenant's configuration names at that
    time. Redirects are not followed, and no address that is not public is called unless `private` allows it: what
    counts is the address that is called, whatever its name resolves to a moment later."""

    def __init__(
        self,
        database: Database,
        loop: EventLoopThread,
        *,
        private: bool = False,
        deadline: float = DEADLINE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """loop: on which it waits. deadline: seconds for all of one attempt. clock: seconds since 1970."""
        self._database, self._loop, self._private = database, loop, private
        self._deadline, self._clock = deadline, clock

    def send(self, tenant: TenantContext, outgoing: Outgoing) -> Delivery:
        """Raises DatabaseUnavailable."""
        try:
            with self._database.tenant(tenant) as session:
                webhook = read_rules_config(session.connection(), tenant).ticket_webhook
        except NotFound as error:
            return Failed(error.message)
        if webhook is None:
            return Failed("the tenant's configuration has no ticket_webhook any more")
        body = json.dumps(outgoing.payload, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        try:
            headers = signed_headers(outgoing.key, body, secret=resolve_secret(webhook.secret), at=int(self._clock()))
            return self._loop.run(self._post(webhook.url, body, headers), self._deadline + 1)
        except (InvalidSetting, Unavailable) as error:
            return Later(0.0, error.message)

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Delivery:
        call = HttpCall("POST", url, headers, body)
        try:
            # What it says beside its status is nobody's, and may be without end.
            answer = await call_http(call, private=self._private, seconds=self._deadline)
        except AddressNotAllowed as error:
            return Failed(error.message if self._private else f"{error.message}: HELPDESK_WEBHOOK_PRIVATE=true allows")
        except Unreachable as error:
            return Later(0.0, error.message)
        return _told(call.host, answer)


def signed_headers(key: str, body: bytes, *, secret: str, at: int) -> dict[str, str]:
    """webhook-signature is base64 of HMAC-SHA-256 over `<webhook-id>.<webhook-timestamp>.<body>`.

    key: the same at every attempt. secret: as it is, or `whsec_` and base64. at: seconds since 1970. Raises
    InvalidSetting for a secret that is not what it says.
    """
    signature = hmac.new(_bytes_of(secret), f"{key}.{at}.".encode() + body, sha256).digest()
    return {
        "Content-Type": "application/json",
        "User-Agent": "helpdesk-webhook",
        "Idempotency-Key": key,
        "webhook-id": key,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{b64encode(signature).decode()}",
    }


def _bytes_of(secret: str) -> bytes:
    if not secret.startswith(_ENCODED):
        return secret.encode()
    try:
        return b64decode(secret.removeprefix(_ENCODED), validate=True)
    except ValueError as error:
        raise InvalidSetting("the webhook's secret begins with whsec_: base64 is allowed after it") from error


def _told(host: str, answer: HttpAnswer) -> Delivery:
    status = answer.status
    if 200 <= status < 300:
        return Sent({"status": status})
    told = f"{host} answered HTTP {status}"
    if status in _PASSING or status >= 500:
        return Later(retry_after_seconds(answer.headers) or 0.0, told)
    return Failed(f"{told}: redirects are not followed" if 300 <= status < 400 else told)
