"""What is known of conversations, answers, models and tickets, as rows to count: the datasets of the warehouse.

No row holds what a customer or an agent wrote, nor who a customer is: the conversation itself is read where it is kept.
Moments are UTC. `day` is the tenant's own date, by the time zone of its business hours, of the dataset's moment.
"""

from __future__ import annotations

import pyarrow as pa

from components.warehouse.dataset import MOMENT, Dataset

_TEXT, _FLAG, _COUNT, _NUMBER, _DAY = pa.string(), pa.bool_(), pa.int32(), pa.float64(), pa.date32()


def _dataset(name: str, about: str, at: str, key: tuple[str, ...], columns: dict[str, pa.DataType]) -> Dataset:
    return Dataset(name, about, pa.schema([("tenant_id", _TEXT), *columns.items()]), at, key)


# result to settled: as components.helpdesk.outcome_rules has them. vip: whether the customer's value `vip` is true.
# reopened: how often it was taken up again after it had been closed. intent: the first that is neither small talk nor a
# fallback; null where none was understood. answers, refusals: given from the knowledge, and refused.
# messages_after_answer: the customer's, after the bot's last answer (0: they left with it; null: there was none).
# waited_out: a person was asked for, none came, and the customer left.
CONVERSATIONS = _dataset(
    "conversations",
    "one row a conversation, as it stands",
    "started_at",
    ("conversation_id",),
    {
        "conversation_id": _TEXT,
        "channel": _TEXT,
        "language": _TEXT,
        "started_at": MOMENT,
        "day": _DAY,
        "ended_at": MOMENT,
        "ended_day": _DAY,
        "last_message_at": MOMENT,
        "status": _TEXT,
        "result": _TEXT,
        "answered": _FLAG,
        "helped": _FLAG,
        "confirmed": _FLAG,
        "settled": _FLAG,
        "verified": _FLAG,
        "waited_out": _FLAG,
        "handovers": _COUNT,
        "handover_reason": _TEXT,
        "wait_seconds": _NUMBER,
        "first_response_seconds": _NUMBER,
        "resolution_seconds": _NUMBER,
        "rating": _COUNT,
        "reopened": _COUNT,
        "vip": _FLAG,
        "priority": _TEXT,
        "team": _TEXT,
        "agent_id": _TEXT,
        "intent": _TEXT,
        "customer_messages": _COUNT,
        "bot_messages": _COUNT,
        "agent_messages": _COUNT,
        "answers": _COUNT,
        "refusals": _COUNT,
        "messages_after_answer": _COUNT,
        "flow_version": _COUNT,
        "prompt_version": _COUNT,
        "model": _TEXT,
        "index_version": pa.int64(),
    },
)
# intent to fallback: of a customer's message, as it was understood; fallback: not surely enough to be acted on.
# seconds: that its turn took.
MESSAGES = _dataset(
    "messages",
    "one row a message",
    "at",
    ("conversation_id", "sequence"),
    {
        "conversation_id": _TEXT,
        "sequence": _COUNT,
        "at": MOMENT,
        "day": _DAY,
        "channel": _TEXT,
        "author": _TEXT,
        "intent": _TEXT,
        "confidence": _NUMBER,
        "engine": _TEXT,
        "fallback": _FLAG,
        "node": _TEXT,
        "answer_id": _TEXT,
        "seconds": _NUMBER,
    },
)
# reason: why it was refused or is not a language model's; null for neither. thumb: 1 or -1. citations: passages quoted.
ANSWERS = _dataset(
    "answers",
    "one row an answer that a customer was given from the knowledge, refusals among them",
    "at",
    ("answer_id",),
    {
        "answer_id": _TEXT,
        "conversation_id": _TEXT,
        "at": MOMENT,
        "day": _DAY,
        "channel": _TEXT,
        "answered": _FLAG,
        "reason": _TEXT,
        "confidence": _NUMBER,
        "threshold": _NUMBER,
        "model": _TEXT,
        "provider": _TEXT,
        "pipeline": _TEXT,
        "index_version": pa.int64(),
        "prompt_id": _TEXT,
        "prompt_version": _COUNT,
        "input_tokens": pa.int64(),
        "output_tokens": pa.int64(),
        "cost": _NUMBER,
        "currency": _TEXT,
        "cache_hit": _FLAG,
        "retries": _COUNT,
        "seconds": _NUMBER,
        "thumb": _COUNT,
        "citations": _COUNT,
    },
)
CITATIONS = _dataset(
    "citations",
    "one row a passage that an answer quotes",
    "at",
    ("answer_id", "number"),
    {
        "answer_id": _TEXT,
        "number": _COUNT,
        "at": MOMENT,
        "day": _DAY,
        "channel": _TEXT,
        "document_id": _TEXT,
        "chunk_id": _TEXT,
    },
)
# waited_seconds: until an agent took it (ended_by claim) or the customer had gone or gone back (anything else); null
# while they wait. first_response_seconds: until that agent's first message. reason: `reopen` where a customer wrote
# again to those who had closed it. number: of the event.
HANDOVERS = _dataset(
    "handovers",
    "one row each time that a person was asked for",
    "at",
    ("conversation_id", "number"),
    {
        "conversation_id": _TEXT,
        "number": _COUNT,
        "at": MOMENT,
        "day": _DAY,
        "channel": _TEXT,
        "reason": _TEXT,
        "vip": _FLAG,
        "priority": _TEXT,
        "team": _TEXT,
        "ended_at": MOMENT,
        "ended_by": _TEXT,
        "agent_id": _TEXT,
        "waited_seconds": _NUMBER,
        "first_response_seconds": _NUMBER,
    },
)
# purpose: as components.core.model_use has it. channel, conversation_id: of the customer whom it was for; null for any
# other purpose, and the conversation also where there is none.
MODEL_CALLS = _dataset(
    "model_calls",
    "one row a call of a language model",
    "at",
    ("call_id",),
    {
        "call_id": _TEXT,
        "at": MOMENT,
        "day": _DAY,
        "model": _TEXT,
        "provider": _TEXT,
        "input_tokens": pa.int64(),
        "output_tokens": pa.int64(),
        "cost": _NUMBER,
        "currency": _TEXT,
        "error": _TEXT,
        "seconds": _NUMBER,
        "purpose": _TEXT,
        "channel": _TEXT,
        "conversation_id": _TEXT,
    },
)
# first_response_late, resolution_late: whether its target was missed, by what is known now; null where it has none.
TICKETS = _dataset(
    "tickets",
    "one row a ticket, as it stands",
    "created_at",
    ("ticket_id",),
    {
        "ticket_id": _TEXT,
        "number": pa.int64(),
        "conversation_id": _TEXT,
        "created_at": MOMENT,
        "day": _DAY,
        "status": _TEXT,
        "priority": _TEXT,
        "channel": _TEXT,
        "team": _TEXT,
        "first_response_at": MOMENT,
        "first_response_due": MOMENT,
        "first_response_late": _FLAG,
        "resolved_at": MOMENT,
        "resolution_due": MOMENT,
        "resolution_late": _FLAG,
        "closed_at": MOMENT,
    },
)
FACTS = (CONVERSATIONS, MESSAGES, ANSWERS, CITATIONS, HANDOVERS, MODEL_CALLS, TICKETS)
