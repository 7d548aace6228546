"""The channels of answers that no customer was given: figures of customers leave them out."""

from __future__ import annotations

from uuid import UUID

from components.core.model_use import ModelUse, Purpose, for_customer

# replay: asked again to see what is different today. console: suggested to an agent. cli: of an operator's command.
INSIDE: tuple[Purpose, ...] = ("replay", "console", "evaluation", "playground", "cli")
REPLAY, SUGGESTION, EVALUATION, PLAYGROUND, COMMAND = INSIDE


def use_of(channel: str, conversation_id: UUID | None = None) -> ModelUse:
    """What a language model is asked for where an answer is to be stored under the channel."""
    inside = next((purpose for purpose in INSIDE if purpose == channel), None)
    return ModelUse(inside) if inside else for_customer(channel, conversation_id)
