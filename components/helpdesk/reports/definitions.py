"""How each figure is counted, to stand beside it wherever it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Definition:
    """unit: of the figure. counts: what it is made of. leaves_out: what a reader might expect in it and does not find;
    empty for nothing."""

    name: str
    title: str
    unit: str
    counts: str
    leaves_out: str = ""


_ENDED = "Conversations that are still open, whenever they began."
_ALL = (
    Definition(
        "headlines", "At a glance", "each its own", "The figures below, beside the period of the same length before."
    ),
    Definition(
        "conversations", "Conversations", "conversations", "Those that ended on the days of the period.", _ENDED
    ),
    Definition(
        "deflection",
        "Deflection rate",
        "share of conversations that ended",
        "bot_resolved / total_sessions: the bot answered and no person has had the conversation; contained and "
        "verified ones together.",
        _ENDED + " Whether the customer was helped: see verified.",
    ),
    Definition(
        "contained",
        "Contained",
        "share of conversations that ended",
        "The bot answered, no person was needed, and it is not known to have helped.",
        _ENDED,
    ),
    Definition(
        "verified",
        "Verified",
        "share of conversations that ended",
        "Contained, and known to have helped: 4 or 5 stars, the flow was told so, or the customer did not come back in "
        "the time in which that reopens it (handover.reopen_hours). Never with 1 or 2 stars.",
        _ENDED + " Conversations that ended lately are contained until that time has passed.",
    ),
    Definition(
        "handed_over",
        "Handed over",
        "share of conversations that ended",
        "A person has had the conversation.",
        _ENDED + " Those who asked for a person and left before one came are abandoned.",
    ),
    Definition(
        "abandoned",
        "Abandoned",
        "share of conversations that ended",
        "The customer left before anybody had answered, or while waiting for a person.",
        _ENDED,
    ),
    Definition(
        "other_definitions",
        "Under other definitions",
        "share, of what each definition says",
        "The same conversations, scored by what other vendors count as a success, as far as the log can tell.",
        "What their language models would judge: said beside each.",
    ),
    Definition(
        "answered",
        "Questions answered",
        "share of questions put to the knowledge",
        "Questions that were answered from the knowledge on the days of the period, of all put to it.",
        "What flows and tools answer without the knowledge.",
    ),
    Definition(
        "answers",
        "Questions",
        "questions",
        "Questions put to the knowledge: answered, refused, and those quoted though a language model was to be had. By "
        "intent: by the first one of the conversation.",
        "What flows and tools answer without the knowledge.",
    ),
    Definition(
        "reasons",
        "Why questions were not answered, or poorer",
        "questions",
        "Answers of the period by the reason of their lineage.",
    ),
    Definition(
        "top_intents",
        "Topics",
        "conversations that ended",
        "By the first intent that is neither small talk nor a fallback, with what became of them.",
        _ENDED,
    ),
    Definition(
        "handovers",
        "Handovers",
        "times that a person was asked for",
        "Each time on the days of the period; one conversation may have several.",
    ),
    Definition(
        "wait",
        "Wait for a person",
        "seconds of opening hours, median",
        "From when a person was asked for to when an agent took it, of those that were taken.",
        "Hours in which the tenant is closed; customers who left or are still waiting, whom in_time counts.",
    ),
    Definition(
        "wait_bands",
        "How long customers waited",
        "times that a person was asked for",
        "By seconds of opening hours until an agent took it, the customer left, or now.",
    ),
    Definition(
        "hours_of_week",
        "When people are asked for",
        "times that a person was asked for",
        "By weekday and hour of the tenant's clock; the median wait is by the clock on the wall.",
    ),
    Definition(
        "in_time",
        "Taken in time",
        "share of the handovers taken in time or late",
        "Taken by an agent within handover.wait_minutes of opening hours. Late are all that were not by then, whatever "
        "came of them.",
        "Customers who left, went back to the bot or still wait, and had not waited that long.",
    ),
    Definition(
        "vip_in_time",
        "VIPs taken within 5 minutes",
        "share of the VIPs' handovers taken in time or late",
        "The same for customers whose value vip is true, with 5 minutes of opening hours (section 10.2 of the design).",
        "VIPs who left or still wait, and had not waited that long.",
    ),
    Definition(
        "first_response",
        "First response of a person",
        "seconds, median",
        "From when a person was first asked for to the first thing that an agent said, by the clock on the wall, of "
        "conversations that ended.",
        "The bot's replies, which come at once.",
    ),
    Definition(
        "resolution",
        "Time to the end",
        "seconds, median",
        "From a conversation's beginning to its end, by the clock on the wall.",
        _ENDED,
    ),
    Definition(
        "resolutions",
        "Response, resolution and reopening",
        "seconds; share",
        "First response, time to the end of all, of those that the bot resolved and of those that a person had, and "
        "how many had been reopened.",
        _ENDED,
    ),
    Definition(
        "reopened",
        "Reopened",
        "share of conversations that ended",
        "Taken up again after they had been closed, at least once, and ended again since.",
        _ENDED,
    ),
    Definition(
        "tickets",
        "Tickets and their times",
        "tickets opened",
        "By the status that they have now, and for first response and resolution whether the target was met, missed, "
        "is still running, or was never set. Times run in opening hours.",
    ),
    Definition("rating", "Rating", "stars, mean", "1 to 5 stars of customers, of conversations that ended.", _ENDED),
    Definition(
        "ratings",
        "Ratings",
        "conversations that ended",
        "By stars; helpful are 4 and 5; rated is the share of all that ended.",
        _ENDED,
    ),
    Definition(
        "thumbs",
        "Thumbs",
        "answers",
        "Single answers of the period that customers judged, up and down.",
        "Unjudged ones.",
    ),
    Definition(
        "cost_per_answer",
        "Cost of an answer",
        "the currency of the models file",
        "What the answers of the period cost, by each question that was answered, whoever wrote it.",
        "Calls that wrote no answer, such as summaries and agents' suggestions.",
    ),
    Definition(
        "cost_per_conversation",
        "Cost of a conversation",
        "the currency of the models file",
        "What calls of language models for customers on the days of the period cost, by each conversation that ended "
        "in it, whether a model was asked in it or not.",
        "What is called for no customer: evaluations, drafts, agents' suggestions; calls from before their purpose was "
        "kept.",
    ),
    Definition(
        "cost",
        "Cost of language models",
        "the currency of the models file",
        "Calls of language models on the days of the period, failed ones too, whatever for. Currencies are never "
        "added.",
        "Machines of one's own. Where channels or topics are chosen, what was called for no customer (evaluations, "
        "drafts, programs) and what was called before its purpose was kept.",
    ),
    Definition(
        "spending",
        "Calls, tokens and cost",
        "calls; tokens; currency; seconds",
        "Calls of language models by model, day and purpose: cost, tokens, failures, time. A call for a customer is of "
        "their channel and conversation; where several ask the same at once, of the first one's.",
        "Where channels or topics are chosen, what was called for no customer, and what was called before its purpose "
        "was kept: it is told as left out.",
    ),
    Definition(
        "spending_left_out",
        "Calls that the filters leave out",
        "calls; tokens; currency",
        "Calls of the period that belong to no channel, or to no conversation, so that no filter of channel or topic "
        "chooses them.",
    ),
    Definition(
        "unit_costs",
        "Cost of an answer, a resolution and a conversation",
        "currency",
        "What the answers of the period cost, by each question answered, and by each conversation that the bot "
        "resolved. By conversation: what all calls for customers on the days of the period cost, by each conversation "
        "that ended in it.",
        "Agents' suggestions and summaries, evaluations and drafts. By conversation also calls from before their "
        "purpose was kept.",
    ),
    Definition(
        "most_cited",
        "Most cited documents",
        "citations",
        "Passages of the document that answers of the period quote, how many answers those are, and customers' "
        "thumbs on them.",
        "Filters of intent and model.",
    ),
    Definition("never_cited", "Never cited documents", "documents", "Documents that no answer of the period quotes."),
    Definition(
        "conversation_list",
        "Conversations",
        "conversations",
        "Those behind a figure: that ended in the period, or had such an answer, citation or handover in it.",
    ),
)
DEFINITIONS: Mapping[str, Definition] = MappingProxyType({each.name: each for each in _ALL})
"""By name, in the order in which they are read."""


def definition_of(query: str) -> Definition:
    """Of one of DASHBOARD_QUERIES: deflection_by_day is counted as deflection is. Raises KeyError."""
    return DEFINITIONS[query.partition("_by_")[0]]
