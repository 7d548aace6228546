"""What a tenant may say of its channels: each bad value is refused by its key, and no secret is ever repeated."""

from __future__ import annotations

from typing import Any

import pytest

from components.core.errors import InvalidInput
from components.helpdesk.tenant_config import read_config, validate_config

SLACK = {"signing_secret": "env:SLACK_SECRET", "bot_token": "file:/run/secrets/slack"}
WHATSAPP = {
    "phone_number_id": "106540352242922",
    "verify_token": "env:A",
    "app_secret": "env:B",
    "access_token": "env:C",
    "template": {"name": "we_have_news", "language": "de_AT"},
}
SMS = {"account_sid": "AC" + "0" * 32, "auth_token": "env:T", "from": "+4366000000001"}
EMAIL = {
    "address": "help@shop.example",
    "imap": {"host": "imap.shop.example", "user": "help", "password": "env:P"},
    "smtp": {"host": "smtp.shop.example", "port": 587, "security": "starttls"},
}
ALL = {"slack": SLACK, "whatsapp": WHATSAPP, "sms": SMS, "email": EMAIL}


def test_all_channels_are_read_with_their_defaults() -> None:
    channels = read_config({"channels": {**ALL, "article_url": "https://help.example/{document}"}}).channels
    assert channels.slack is not None
    assert channels.whatsapp is not None
    assert channels.sms is not None
    assert channels.email is not None
    assert (channels.slack.opens_on, channels.slack.rate, channels.whatsapp.rate) == ("mention", 1.0, 20.0)
    assert channels.sms.sender == "+4366000000001"
    assert (channels.email.imap.port, channels.email.imap.security, channels.email.imap.folder) == (993, "tls", "INBOX")
    assert read_config({}).channels.slack is None


BAD: list[tuple[dict[str, Any], str]] = [
    ({"slack": {**SLACK, "signing_secret": "8f742231b10e8888"}}, "slack.signing_secret"),
    ({"slack": {**SLACK, "bot_token": "file:relative"}}, "slack.bot_token"),
    ({"slack": {**SLACK, "bot_token": "env:NO SPACE"}}, "slack.bot_token"),
    ({"slack": {**SLACK, "opens_on": "always"}}, "slack.opens_on"),
    ({"slack": {**SLACK, "rate": 0}}, "slack.rate"),
    ({"slack": {**SLACK, "url": "https://evil.example"}}, "slack.url"),
    ({"whatsapp": {**WHATSAPP, "phone_number_id": "12/../3"}}, "whatsapp.phone_number_id"),
    ({"whatsapp": {**WHATSAPP, "template": {"name": "Not Allowed", "language": "de"}}}, "whatsapp.template.name"),
    ({"sms": {**SMS, "account_sid": "AC1"}}, "sms.account_sid"),
    ({"sms": {**SMS, "from": "0660 1234"}}, "sms.from"),
    ({"email": {**EMAIL, "address": "no address"}}, "email.address"),
    ({"email": {**EMAIL, "name": "Shop\r\nBcc: x@y.example"}}, "email.name"),
    ({"email": {**EMAIL, "imap": {"host": "a b"}}}, "email.imap.host"),
    ({"email": {**EMAIL, "smtp": {"host": "smtp.example", "security": "ssl"}}}, "email.smtp.security"),
    ({"fax": {}}, "fax"),
    ({"article_url": "https://help.example/"}, "article_url"),
]


@pytest.mark.parametrize(("channels", "field"), BAD)
def test_a_bad_value_is_refused_by_its_key_and_not_repeated(channels: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        validate_config({"channels": channels})
    assert raised.value.field == f"config.channels.{field}"
    assert "8f742231b10e8888" not in raised.value.message
    assert raised.value.__cause__ is None


def test_an_unknown_key_is_told_which_ones_there_are() -> None:
    with pytest.raises(InvalidInput, match="allowed are rate, greeting, account_sid, auth_token, from"):
        validate_config({"channels": {"sms": {**SMS, "number": "+43"}}})
    with pytest.raises(InvalidInput, match="allowed are money, tokens"):
        validate_config({"budget": {"daily": {"euros": 1}}})
