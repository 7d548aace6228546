"""Twilio as a tenant's account meets it: the Messages resource, media, and calls signed with the auth token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from collections.abc import Mapping
from email.utils import formatdate
from urllib.parse import urlencode

from components.core.channels import WebhookRequest
from tests.channels.provider_test_server import Call, Delivered, ProviderServer, Reply

SID = "AC" + "0" * 31 + "1"
TOKEN = "twilio-auth-token"
NUMBER = "+4366000000001"
ADDRESS = "https://help.example/channels/{domain}/sms"


class TwilioServer(ProviderServer):
    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)
        self.media: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        return self.origin

    @property
    def _path(self) -> str:
        return f"/2010-04-01/Accounts/{SID}/Messages.json"

    def sends(self, call: Call) -> bool:
        return call.path == self._path and call.method == "POST"

    def answer(self, call: Call) -> Reply:
        credentials = base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {credentials}":
            return Reply(401, {"code": 20003, "message": "Authenticate", "status": 401})
        if call.path in self.media:
            return Reply(200, raw=self.media[call.path])
        if call.path != self._path:
            return Reply(404, {"code": 20404, "message": "not found", "status": 404})
        return self._post(call.form) if call.method == "POST" else self._list(call)

    def _post(self, form: Mapping[str, str]) -> Reply:
        if form["To"].startswith("+1000"):
            return Reply(400, {"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400})
        if len(form["Body"]) > 1600:
            return Reply(400, {"code": 21617, "message": "The message body exceeds the 1600 character limit"})
        sid = f"SM{next(self._numbers):032x}"
        made = {"sid": sid, "status": "queued", "num_segments": "1", "to": form["To"], "body": form["Body"]}
        made["date_created"] = formatdate()
        self.delivered.append(Delivered(form["To"], form["Body"], sid, {**form, **made}))
        return Reply(201, made)

    def _list(self, call: Call) -> Reply:
        found = [each.raw for each in reversed(self.delivered) if each.to == call.query.get("To")]
        return Reply(200, {"messages": found[: int(call.query.get("PageSize", 50))]})


def signed(form: Mapping[str, str], secret: str, url: str) -> WebhookRequest:
    """As Twilio's security page describes it: the address, then names and values in the names' order."""
    text = url + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature}
    return WebhookRequest("POST", url, headers, body=urlencode(form).encode())


def message_form(text: str, sid: str, sender: str, **more: str) -> dict[str, str]:
    return {
        "ToCountry": "AT",
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": SID,
        "From": sender,
        "To": NUMBER,
        "Body": text,
        "NumSegments": "1",
        "NumMedia": "0",
        "ApiVersion": "2010-04-01",
        **more,
    }
