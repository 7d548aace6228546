"""Slack's events as what they are for the helpdesk: a customer's message, or nothing, with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from components.core.channels import Ignored, InboundMessage, RemoteFile

_MENTION = re.compile(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>")
_LINK = re.compile(r"<([^>|]+)(?:\|([^>]*))?>")
# A file that comes along is a message all the same.
_MESSAGES = {None, "", "file_share", "thread_broadcast"}


def read_event(body: Mapping[str, Any], opens_on: str) -> InboundMessage | Ignored:
    """body: of a signed call."""
    event_id = str(body.get("event_id", ""))[:200]
    event = body.get("event")
    if body.get("type") != "event_callback" or not isinstance(event, dict):
        return Ignored(event_id, f"an event of type {str(body.get('type'))[:40]!r}")
    kind, subtype = event.get("type"), event.get("subtype")
    if kind not in ("message", "app_mention"):
        return Ignored(event_id, f"an event of type {str(kind)[:40]!r}")
    if event.get("bot_id") or event.get("app_id") or event.get("bot_profile"):
        return Ignored(event_id, "a bot's message, such as the helpdesk's own")
    if subtype not in _MESSAGES:
        return Ignored(event_id, f"a message of subtype {str(subtype)[:40]!r}: edits and notices are not read")
    channel, ts, user = (event.get(name) for name in ("channel", "ts", "user"))
    if not (isinstance(channel, str) and isinstance(ts, str) and isinstance(user, str)):
        return Ignored(event_id, "a message without channel, time or user")
    return _message(event, channel, ts, user, opens_on)


def _message(event: Mapping[str, Any], channel: str, ts: str, user: str, opens_on: str) -> InboundMessage:
    direct = event.get("channel_type") == "im" or channel.startswith("D")
    thread_ts = event.get("thread_ts") if isinstance(event.get("thread_ts"), str) else None
    # In a direct message people write one below the other; in a channel each question begins a thread.
    answered_in = thread_ts or (None if direct else ts)
    files = tuple(
        _file(each) for each in event.get("files") or () if isinstance(each, dict) and each.get("url_private")
    )
    text = plain(str(event.get("text") or ""))
    return InboundMessage(
        # A mention is brought twice, as a mention and as a message: its time tells that it is one.
        provider_id=f"{channel}:{ts}",
        thread=f"{channel}:{answered_in}" if answered_in else channel,
        text=text,
        address={"channel": channel, "user": user} | ({"thread_ts": answered_in} if answered_in else {}),
        kind="text" if text else files[0].media_type.partition("/")[0] if files else "empty",
        customer={"slack_user": user},
        files=files,
        opens=direct or event["type"] == "app_mention" or (opens_on == "message" and thread_ts is None),
    )


def _file(found: Mapping[str, Any]) -> RemoteFile:
    name = str(found.get("name") or "file")[:200]
    return RemoteFile(str(found["url_private"]), name, str(found.get("mimetype") or "application/octet-stream"))


def plain(text: str) -> str:
    """As it was typed: without mentions of people, with links as they are read."""

    def link(match: re.Match[str]) -> str:
        address, words = match[1], match[2]
        if address.startswith(("#", "!")):
            return f"#{words}" if address.startswith("#") and words else words or ""
        address = address.removeprefix("mailto:").removeprefix("tel:")
        return address if not words or words in address else f"{words} ({address})"

    text = _LINK.sub(link, _MENTION.sub("", text))
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
