"""What the page itself says to a customer: short, polite, and what to do; never a cause from inside."""

from __future__ import annotations

from collections.abc import Mapping

from components.core.tenant import Tenant
from components.helpdesk.handover.attachment_types import ALLOWED
from components.helpdesk.handover.attachments import MOST_BYTES
from components.helpdesk.tenant_config import TenantConfig

# Said where the API's problem has a code of its own here, and DEFAULT_NOTICE elsewhere.
DEFAULT_NOTICE = "default"
_KEPT = "It is still in the box below."
_NOTICES = {
    "rate_limited": f"That was quick! {_KEPT} Please wait a moment before you send it again.",
    "invalid_input": f"I could not read this message. {_KEPT} Please write it in other words and send it again.",
    "content_too_large": f"This message is too long for me. {_KEPT} Please shorten it and send it again.",
}
_LATER = {
    "unavailable": f"Many people are writing right now. {_KEPT} Please send it again in a minute.",
    DEFAULT_NOTICE: f"Your message could not be sent. {_KEPT} Please send it again in a minute.",
}
# Of a file, behind its name.
_REFUSALS = {
    "content_too_large": f"this file is too large. Up to {MOST_BYTES // 1_000_000} MB are taken.",
    "unsupported_media_type": (
        f"this kind of file is not taken, or its name does not fit what is in it. Taken are {ALLOWED}."
    ),
    "invalid_input": "this file cannot be read. Is it empty?",
    "conflict": "no more files are taken in this conversation.",
    "rate_limited": "many files are on their way just now. Please attach it again in a moment.",
    DEFAULT_NOTICE: "it could not be uploaded. Please attach it again in a moment.",
}


def page_words(tenant: Tenant) -> Mapping[str, str]:
    """The page's words by key; `{length}`, `{limit}` and `{position}` stand for numbers, `{agent}` for a name."""
    return {
        "customer": "You",
        "bot": f"{tenant.name} assistant",
        "system": "Note",
        "agent": "Colleague",
        "typing": f"{tenant.name} assistant is writing",
        "agent_types": "{agent} is writing",
        "waiting": "Waiting for a colleague; you can go on writing.",
        "in_queue": "You are number {position} in the queue; you can go on writing.",
        "with_agent": "You are talking to {agent}.",
        "with_somebody": "You are talking to a colleague.",
        "files": "Files",
        "uploading": "Uploading",
        "remove_file": "Remove",
        "still_uploading": "A file is still on its way: please send this in a moment.",
        "too_many_files": "A message carries {limit} files at most.",
        "choose_stars": "Please choose one to five stars.",
        "start_over": "start over",
        "reconnecting": "Reconnecting… What you wrote is kept and will be sent.",
        "ended": "Your earlier conversation has ended, so this is a new one.",
        "too_long": (
            f"Your message has {{length}} characters, and I can read {{limit}}. {_KEPT} Please shorten it and send it "
            "again."
        ),
        "rated": "Thank you for telling us.",
        "not_rated": "Your rating could not be saved. Please try again in a moment.",
    }


def notices(config: TenantConfig) -> Mapping[str, str]:
    """What is said of a message that was not taken, by the code of the API's problem."""
    return _NOTICES | {code: f"{sentence} {config.contact}".strip() for code, sentence in _LATER.items()}


def refusals() -> Mapping[str, str]:
    """What is said of a file that was not taken, behind its name, by the code of the API's problem."""
    return _REFUSALS
