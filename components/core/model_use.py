"""What a language model is asked for, so that its cost is counted where it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

# customer: for a customer's question or conversation. The next five: as the channels of answers that no customer was
# given (helpdesk.inside_channels). draft: an article proposed to the knowledge's people. goal: one that no conversation
# has ordered. program: POST /llm/generate. unknown: nobody said, as of all calls from before this was kept.
Purpose = Literal[
    "customer", "replay", "console", "evaluation", "playground", "cli", "draft", "goal", "program", "unknown"
]


@dataclass(frozen=True)
class ModelUse:
    """channel: the customer's, which there is for purpose `customer` and for no other. conversation_id: of the
    customer's conversation, None where there is none, as of POST /rag/query."""

    purpose: Purpose = "unknown"
    channel: str | None = None
    conversation_id: UUID | None = None

    def __post_init__(self) -> None:
        is_customers = self.purpose == "customer"
        if is_customers != (self.channel is not None) or (self.conversation_id is not None and not is_customers):
            raise ValueError(f"{self}: a channel goes with a customer, and a conversation with a channel")


def for_customer(channel: str, conversation_id: UUID | None) -> ModelUse:
    return ModelUse("customer", channel, conversation_id)


UNTOLD = ModelUse()
