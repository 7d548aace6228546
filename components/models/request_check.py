"""What every chat model refuses before it does any work: a request it was not made for."""

from __future__ import annotations

from components.core.chat_model import Capability, ChatRequest
from components.core.errors import InvalidInput


def refuse_unfit(request: ChatRequest, *, model: str, capabilities: frozenset[Capability]) -> None:
    """Raises InvalidInput, naming the field, for no messages, numbers out of range, and tools or a
    response_schema where the model has no such capability."""
    if not request.messages:
        raise InvalidInput("messages=(): at least one message is allowed", field="messages")
    if request.max_tokens < 1:
        raise InvalidInput(f"max_tokens={request.max_tokens}: at least 1 is allowed", field="max_tokens")
    if request.temperature < 0:
        raise InvalidInput(f"temperature={request.temperature}: 0 or more is allowed", field="temperature")
    if not 0 < request.top_p <= 1:
        raise InvalidInput(f"top_p={request.top_p}: more than 0 and at most 1 is allowed", field="top_p")
    able = ", ".join(sorted(capabilities)) or "none"
    if request.tools and "tools" not in capabilities:
        names = ", ".join(tool.name for tool in request.tools)
        raise InvalidInput(f"the model {model!r} calls no tools ({names}); its capabilities: {able}", field="tools")
    if request.response_schema is not None and "schema" not in capabilities:
        raise InvalidInput(
            f"the model {model!r} cannot be held to a response_schema; its capabilities: {able}",
            field="response_schema",
        )
