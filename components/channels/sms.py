"""Text messages through Twilio: signed webhooks in, the Messages resource out, STOP honoured."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, urlsplit

import httpx
from twilio.request_validator import RequestValidator

from components.channels.provider_calls import ProviderAnswer, ProviderCalls, failed_call, put_off, unavailable
from components.core.channels import (
    Consent,
    Ignored,
    InboundEvent,
    InboundMessage,
    OutboundMessage,
    Receipt,
    ReceiptStatus,
    Received,
    RemoteFile,
    WebhookRequest,
)
from components.core.errors import ChannelUnavailable, InvalidInput, InvalidSignature, NotFound
from components.core.outbox import Delivery, Failed, Later, Sent

API = "https://api.twilio.com"
# Twilio's own lists; it answers these words itself.
STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START_WORDS = frozenset({"start", "unstop"})
# 21610: the customer has said STOP; 20429: too many requests; 14107, 30001: too many at once, a full queue.
_TOO_MANY = {20429, 14107, 30001}
_STATUSES: Mapping[str, ReceiptStatus] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
}
_NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
# Of a clock that differs from Twilio's.
_SLACK_SECONDS = 120.0


@dataclass(frozen=True)
class SmsAccount:
    """A tenant's number at Twilio. sender: the number, as +… callback: where Twilio says what became of a message; none
    = it is not asked to. api: base address."""

    account_sid: str
    sender: str
    auth_token: str = field(repr=False)
    callback: str | None = None
    api: str = API


class SmsChannel:
    """Keeps components.core.channels.Channel."""

    def __init__(self, account: SmsAccount, calls: ProviderCalls) -> None:
        self._account, self._calls = account, calls
        self._validator = RequestValidator(account.auth_token)

    def receive(self, request: WebhookRequest) -> Received:
        """Signed over its address and parameters as X-Twilio-Signature. A call that is played again is the same
        message again."""
        if request.method != "POST":
            raise NotFound("Twilio calls with POST")
        try:
            pairs = parse_qsl(request.body.decode(), keep_blank_values=True, max_num_fields=200)
        except ValueError as error:
            raise InvalidInput("the body is no form", field="body") from error
        form = dict(pairs)
        signature = request.headers.get("x-twilio-signature", "")
        if len(form) != len(pairs) or not self._validator.validate(request.url, form, signature):
            raise InvalidSignature("the call is not signed with this tenant's auth token, for this address")
        return Received((self._read(form),), _NOTHING, "text/xml")

    def deliver(self, message: OutboundMessage) -> Delivery:
        form = {"From": self._account.sender, "To": message.address.get("to", ""), "Body": message.text}
        if self._account.callback is not None:
            form["StatusCallback"] = self._account.callback
        try:
            answer = self._calls.call("POST", self._messages, data=form, auth=self._auth)
        except httpx.HTTPError as error:
            return failed_call("Twilio", error)
        said = answer.body
        if answer.status in (200, 201) and isinstance(said.get("sid"), str):
            return Sent({"provider_id": said["sid"], "segments": said.get("num_segments")})
        code = said.get("code")
        told = f"{code} {said.get('message', '')}".strip() if code else ""
        if code == 21610:
            return Failed(f"Twilio answered {told}: the customer has said STOP")
        later = put_off("Twilio", answer, told)
        if later is None and code in _TOO_MANY:
            later = Later(5.0, f"Twilio answered {told}")
        return later if later is not None else Failed(f"Twilio answered {answer.status} {told}".strip())

    def find(self, message: OutboundMessage, begun_at: datetime, others: Collection[str]) -> Sent | None:
        """Among the newest messages to this number, by its text and time."""
        params = {"To": message.address.get("to", ""), "From": self._account.sender, "PageSize": "50"}
        answer = self._get(self._messages, params)
        for each in answer.body.get("messages", ()):
            made = parsedate_to_datetime(each["date_created"]) if each.get("date_created") else datetime.now(UTC)
            recent = made.timestamp() >= begun_at.timestamp() - _SLACK_SECONDS
            same = each.get("body") == message.text and each.get("status") not in ("failed", "undelivered")
            if recent and same and each["sid"] not in others:
                return Sent({"provider_id": each["sid"]})
        return None

    def fetch(self, file: RemoteFile, most: int) -> bytes:
        """Twilio's host only gets our credentials; it redirects to where the bytes are, which gets none."""
        if urlsplit(file.reference).netloc != urlsplit(self._account.api).netloc:
            raise InvalidInput("the file is at no address of Twilio's", field="file")
        answer = self._get(file.reference, {}, most)
        if answer.status in (301, 302, 303, 307, 308):
            place = str(answer.headers.get("location", ""))
            if not place.startswith("https://"):
                raise InvalidInput("the file is at no safe address", field="file")
            answer = self._call_plainly(place, most)
        return answer.content

    def _call_plainly(self, url: str, most: int) -> ProviderAnswer:
        try:
            return self._calls.call("GET", url, most=most)
        except httpx.HTTPError as error:
            raise ChannelUnavailable(f"Twilio did not give the file: {error}") from error

    def _get(self, url: str, params: Mapping[str, str], most: int = 1_000_000) -> ProviderAnswer:
        try:
            answer = self._calls.call("GET", url, most=most, params=dict(params) or None, auth=self._auth)
        except httpx.HTTPError as error:
            raise ChannelUnavailable(f"Twilio cannot be reached: {error}") from error
        if answer.status in (404, 410):
            raise InvalidInput("the file is gone", field="file")
        if answer.status >= 400:
            raise unavailable("Twilio", answer)
        return answer

    def _read(self, form: Mapping[str, str]) -> InboundEvent:
        sid = form.get("MessageSid") or form.get("SmsSid") or ""
        if form.get("AccountSid") != self._account.account_sid:
            return Ignored(sid, "of another account than the tenant's")
        if "MessageStatus" in form:
            status = _STATUSES.get(form["MessageStatus"])
            if status is None:
                return Ignored(sid, f"a status {form['MessageStatus'][:40]!r}")
            code = form.get("ErrorCode")
            return Receipt(sid, status, f"{form['MessageStatus']}, error {code}" if code else None)
        if form.get("To") != self._account.sender or not sid or "From" not in form:
            return Ignored(sid, "for another number than the tenant's")
        return _message(form, sid)

    @property
    def _messages(self) -> str:
        return f"{self._account.api}/2010-04-01/Accounts/{self._account.account_sid}/Messages.json"

    @property
    def _auth(self) -> tuple[str, str]:
        return self._account.account_sid, self._account.auth_token


def _message(form: Mapping[str, str], sid: str) -> InboundMessage | Consent:
    text, sender = form.get("Body", "").strip(), form["From"]
    word, kind = text.casefold(), form.get("OptOutType", "").casefold()
    if kind == "stop" or word in STOP_WORDS:
        return Consent(sid, sender, False)
    if kind == "start" or word in START_WORDS:
        return Consent(sid, sender, True)
    count = int(form["NumMedia"]) if form.get("NumMedia", "").isdecimal() else 0
    files = tuple(
        RemoteFile(form[f"MediaUrl{n}"], f"file-{n + 1}", form.get(f"MediaContentType{n}", "application/octet-stream"))
        for n in range(min(count, 10))
        if f"MediaUrl{n}" in form
    )
    return InboundMessage(
        provider_id=sid,
        thread=sender,
        text=text,
        address={"to": sender},
        kind="text" if text else files[0].media_type.partition("/")[0] if files else "empty",
        customer={"phone": sender},
        files=files,
    )
