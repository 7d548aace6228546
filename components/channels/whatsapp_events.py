"""WhatsApp's webhooks as what they are for the helpdesk: messages, receipts, or nothing, with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from components.core.channels import Ignored, InboundEvent, InboundMessage, Receipt, ReceiptStatus, RemoteFile
from components.core.errors import InvalidInput

_MEDIA = ("image", "audio", "video", "document", "sticker")
_STATUSES = get_args(ReceiptStatus)


def read_changes(body: Any, phone_number_id: str) -> Iterator[InboundEvent]:
    """body: of a signed call. Messages come in the order in which they were written. Raises InvalidInput."""
    try:
        for entry in body["entry"]:
            for change in entry["changes"]:
                yield from _change(change, phone_number_id)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InvalidInput("the body is not what the Cloud API sends", field="body") from error


def _change(change: Mapping[str, Any], phone_number_id: str) -> Iterator[InboundEvent]:
    value = change["value"]
    if change.get("field") != "messages":
        yield Ignored("", f"a change of {str(change.get('field'))[:40]!r}")
        return
    if value["metadata"]["phone_number_id"] != phone_number_id:
        yield Ignored("", "for another number than the tenant's")
        return
    names = {each["wa_id"]: each.get("profile", {}).get("name", "") for each in value.get("contacts", ())}
    for message in sorted(value.get("messages", ()), key=lambda each: int(each["timestamp"])):
        try:
            yield _message(message, names.get(message["from"], ""))
        except (KeyError, TypeError, AttributeError):
            # The others of the call are not lost for it.
            yield Ignored(str(message["id"]), "a message that is not of the documented format")
    for status in value.get("statuses", ()):
        yield _receipt(status)


def _message(message: Mapping[str, Any], name: str) -> InboundMessage | Ignored:
    kind, sender = str(message["type"]), str(message["from"])
    if kind in ("reaction", "system", "unsupported", "ephemeral"):
        return Ignored(message["id"], f"a message of type {kind!r}")
    files: tuple[RemoteFile, ...] = ()
    match kind:
        case "text":
            text = message["text"]["body"]
        case "interactive":
            given = message["interactive"]
            text = (given.get("button_reply") or given.get("list_reply") or {}).get("title", "")
        case "button":
            text = message["button"].get("text", "")
        case _ if kind in _MEDIA:
            media = message[kind]
            text, media_type = media.get("caption", ""), str(media.get("mime_type", "application/octet-stream"))
            files = (RemoteFile(str(media["id"]), str(media.get("filename") or kind)[:200], media_type),)
        case _:
            text = ""
    return InboundMessage(
        provider_id=str(message["id"]),
        thread=sender,
        text=str(text).strip(),
        address={"to": sender},
        kind="text" if str(text).strip() else kind,
        customer={"phone": f"+{sender}"} | ({"name": name[:200]} if name else {}),
        files=files,
    )


def _receipt(status: Mapping[str, Any]) -> Receipt | Ignored:
    said = status["status"]
    if said not in _STATUSES:
        return Ignored(str(status["id"]), f"a status {str(said)[:40]!r}")
    errors = status.get("errors") or ()
    reason = "; ".join(f"{each.get('code')} {each.get('title', '')}".strip() for each in errors) or None
    return Receipt(str(status["id"]), said, reason, status.get("biz_opaque_callback_data"))
