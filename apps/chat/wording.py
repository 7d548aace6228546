"""What a customer is told when there is no answer: one polite sentence and what to do, never a cause from inside."""

from __future__ import annotations

from components.core.errors import HelpdeskError, IndexUnavailable, InvalidInput
from components.helpdesk.answering import LONGEST_QUESTION
from components.helpdesk.tenant_config import TenantConfig

BUSY = "Many people are asking right now. Please send your question again in a minute."
NOT_RATED = "Your rating could not be saved. Please try again in a moment."
RATING_GONE = "This answer can no longer be rated."


def refusal(config: TenantConfig) -> str:
    """The honest words for not knowing, with the tenant's own way on."""
    return _with_contact("I don't know: I found nothing in our help articles that answers this.", config)


def too_long(question: str) -> str:
    """What to do about a question past the limit."""
    return (
        f"Your question has {len(question):,} characters, and I can read {LONGEST_QUESTION:,}. "
        "It is still in the box below: please shorten it and send it again."
    )


def notice_for(error: HelpdeskError, config: TenantConfig) -> str:
    """The sentence for a failure that answering raised."""
    if isinstance(error, IndexUnavailable):
        return _with_contact("Our help articles are still being prepared. Please try again in a few minutes.", config)
    if isinstance(error, InvalidInput):
        return "I could not read this question. Please write it in other words and send it again."
    return apology(config)


def apology(config: TenantConfig) -> str:
    """The sentence for everything that a customer can only wait for."""
    return _with_contact("I cannot answer right now. Please send your question again in a minute.", config)


def _with_contact(sentence: str, config: TenantConfig) -> str:
    return f"{sentence} {config.contact}".strip()
