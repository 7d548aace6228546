"""The same conversations, scored by what other vendors count as a success: why two figures of that name may differ.

Each rule is our reading of what the vendor has published, in our words, over the columns that we have. What their
products look at and we cannot is said beside it. Every rule counts conversations that ended in the period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.helpdesk.evaluation.intervals import Interval, share
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.reader import ReportReader
from components.helpdesk.reports.selection import ENDED


@dataclass(frozen=True)
class OtherDefinition:
    """counted, of: conditions in SQL over `conversations`, of the numerator, and of the denominator that it is part of.
    published: when, as far as the page says. says: what it counts, in our words. of_text: the denominator in words.
    unchecked: what it depends on that we cannot see; empty for nothing."""

    name: str
    vendor: str
    title: str
    source: str
    published: str
    says: str
    counted: str
    of: str
    of_text: str
    unchecked: str


@dataclass(frozen=True)
class OtherScore:
    """A definition and what it comes to."""

    definition: OtherDefinition
    counted: int
    of: int
    share: Interval | None


_ALL = "true", "all conversations that ended"
_WITH_BOT = "bot_messages > 0 AND customer_messages > 0", "conversations in which customer and bot both wrote"
_ANSWERED_ALONE = "answers > 0 AND handovers = 0"
_NOT_BAD = "coalesce(rating, 3) > 2"
_FIN = "https://www.intercom.com/help/en/articles/8205718-fin-resolutions"
_ZENDESK = "https://support.zendesk.com/hc/en-us/articles/5352026794010-About-automated-resolutions-for-AI-agents"
_ZENDESK_TIERS = "https://support.zendesk.com/hc/en-us/articles/9570369117338"
_ADA = "https://www.ada.cx/resources/guide/what-is-automated-resolution-in-ai-customer-service/"
_SALESFORCE = "https://help.salesforce.com/s/articleView?id=005305353&type=1"
_FRESHWORKS = (
    "https://crmsupport.freshworks.com/support/solutions/articles/50000004664-freddy-ai-agent-and-chatbot-sessions-faqs"
)
_CONTAINMENT = "https://www.teneo.ai/learning-hub/call-center-glossary/ivr-containment"

OTHER_DEFINITIONS = (
    OtherDefinition(
        "design",
        "this helpdesk",
        "Deflection, as the design has it",
        "section 10.2 of the design: bot_resolved / total_sessions",
        "",
        "The bot answered, and no person has had the conversation, whether or not it is known to have helped.",
        "result IN ('contained', 'verified')",
        *_ALL,
        "",
    ),
    OtherDefinition(
        "verified",
        "this helpdesk",
        "Verified resolution",
        "the record of each conversation's outcome",
        "",
        "So, and the customer said that it helped, or did not come back in the time in which that reopens it.",
        "result = 'verified'",
        *_ALL,
        "",
    ),
    OtherDefinition(
        "intercom_confirmed",
        "Intercom",
        "Fin: confirmed resolution",
        _FIN,
        "undated, as stored in 2026",
        "After Fin's last answer the customer says that it was satisfactory.",
        f"{_ANSWERED_ALONE} AND confirmed",
        *_WITH_BOT,
        "Whether words of thanks confirm is judged by Fin there, and here by what a flow or a rating recorded.",
    ),
    OtherDefinition(
        "intercom_resolution",
        "Intercom",
        "Fin: resolution, confirmed or assumed",
        _FIN,
        "undated, as stored in 2026",
        "After Fin's last answer the customer confirms it, or leaves without asking for further help. A greeting is no "
        "answer; who comes back to the conversation for more takes the resolution away.",
        f"{_ANSWERED_ALONE} AND (confirmed OR messages_after_answer = 0)",
        *_WITH_BOT,
        "A later word of thanks that no flow took for a confirmation counts as a request for further help here.",
    ),
    OtherDefinition(
        "zendesk_automated",
        "Zendesk",
        "Automated resolution",
        _ZENDESK,
        "undated, as stored in 2026",
        "Resolved without a person: after 72 hours of silence, with a relevant answer as the last thing or the "
        "customer's word that the problem is solved, and a language model agrees.",
        f"{_ANSWERED_ALONE} AND (confirmed OR settled) AND {_NOT_BAD}",
        *_WITH_BOT,
        "The language model that judges the transcript. Silence is measured by handover.reopen_hours, 72 by default.",
    ),
    OtherDefinition(
        "zendesk_contained",
        "Zendesk",
        "Contained resolution (a tier that is not billed)",
        _ZENDESK_TIERS,
        "18 May 2026",
        "The AI agent responded and carried the conversation to its end, and the customer asked for nothing further.",
        "bot_messages > 0 AND handovers = 0 AND answered",
        *_WITH_BOT,
        "Whether the customer's last message asked for more is judged by a language model there.",
    ),
    OtherDefinition(
        "ada_automated",
        "Ada",
        "Automated resolution",
        _ADA,
        "17 June 2026",
        "No person was involved, and the answers were relevant, accurate and safe, as a language model judges; "
        "resolved of resolved and not resolved ones.",
        "result = 'verified' AND handovers = 0 AND refusals = 0",
        "customer_messages > 0",
        "conversations in which the customer wrote",
        "Relevance, accuracy and safety as judged by a language model: here it must be verified, without any refusal.",
    ),
    OtherDefinition(
        "salesforce_deflected",
        "Salesforce",
        "Agentforce: deflected session",
        _SALESFORCE,
        "30 April 2026, in force from 9 June 2026",
        "Neither escalated nor abandoned, and a language model gives 4 or 5 of 5 for how far the customer's goals were "
        "reached; what it cannot tell is ambiguous and not counted.",
        f"handovers = 0 AND result <> 'abandoned' AND verified AND {_NOT_BAD}",
        *_ALL,
        "The language model's judgement: here the conversation must be verified.",
    ),
    OtherDefinition(
        "freshworks_session",
        "Freshworks",
        "Freddy: billed session (no measure of help)",
        _FRESHWORKS,
        "November 2025",
        "All that a customer and the AI agent write within 24 hours is one session, whatever comes of it.",
        "bot_messages > 0",
        *_ALL,
        "A conversation that lasts longer than 24 hours is several sessions there and one here.",
    ),
    OtherDefinition(
        "ivr_containment",
        "call centres",
        "Containment, as of telephone menus",
        _CONTAINMENT,
        "6 May 2026",
        "The call ended without being transferred to a person. Who hangs up without having been helped is contained.",
        "handovers = 0",
        *_ALL,
        "",
    ),
)


def other_scores(reader: ReportReader, filters: Filters) -> Sequence[OtherScore]:
    """The conversations that ended in the period under each definition, in the order of OTHER_DEFINITIONS."""
    columns = [
        f"count(*) FILTER ({each.of}) AS {each.name}_of, "
        f"count(*) FILTER (({each.of}) AND ({each.counted})) AS {each.name}"
        for each in OTHER_DEFINITIONS
    ]
    row = reader.one(ENDED, filters, "FROM chosen SELECT " + ", ".join(columns))
    return [
        OtherScore(each, row[each.name], row[f"{each.name}_of"], share(row[each.name], row[f"{each.name}_of"]))
        for each in OTHER_DEFINITIONS
    ]
