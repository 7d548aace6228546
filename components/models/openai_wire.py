"""Our chat types as OpenAI's chat completions put them, there and back."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from components.core.chat_model import ChatMessage, ChatRequest, FinishReason
from components.models.remote_errors import RemoteFailures, tells_too_long
from components.models.remote_stream import RemoteEvent
from components.models.tool_call_parts import ToolCallPart

if TYPE_CHECKING:
    from openai import APIStatusError

MOST_STOPS = 4  # more are refused; our own side cuts at the others
_OPTIONAL = ("stream_options", "max_tokens", "temperature", "top_p", "seed")
_REFUSAL = re.compile(
    r"unsupported|unrecogni[sz]ed|unknown|unexpected|not (supported|permitted|allowed)|extra|instead", re.IGNORECASE
)


def completion_body(request: ChatRequest, *, model: str, refused: Collection[str] = ()) -> dict[str, Any]:
    """The body of POST /chat/completions. refused: parameters that the server is known not to take."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
    }
    if request.top_p != 1.0:
        body["top_p"] = request.top_p
    if request.seed is not None:
        body["seed"] = request.seed
    if stop := [sequence for sequence in request.stop if sequence]:
        body["stop"] = stop[:MOST_STOPS]
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": dict(tool.parameters),
                },
            }
            for tool in request.tools
        ]
    if request.response_schema is not None:
        schema = {"name": "answer", "schema": dict(request.response_schema), "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if "max_tokens" in refused:
        body["max_completion_tokens"] = request.max_tokens
    return {name: value for name, value in body.items() if name not in refused}


def refused_parameter(error: APIStatusError, body: dict[str, Any]) -> str | None:
    """The optional parameter of `body` that a 400 or 422 turns down: some servers know no stream_options, and
    models that think take max_completion_tokens and no temperature. None where it is about something else."""
    told = f"{error.message} {error.body}"
    if error.status_code not in (400, 422) or tells_too_long(told):
        return None
    for name in _OPTIONAL:
        if name in body and (error.param == name or (re.search(rf"\b{name}\b", told) and _REFUSAL.search(told))):
            return name
    return None


def event_of(chunk: object, failures: RemoteFailures) -> RemoteEvent:
    """What one chunk, the JSON of an event, says. Raises ModelMisbehaved for one that is no chunk."""
    if not isinstance(chunk, dict):
        raise failures.misbehaved(f"no chunk: {chunk!r}")
    choices = chunk.get("choices") or []
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        raise failures.misbehaved(f"choices is {choices!r}; a list of objects is allowed")
    said = _said(choices[0], failures) if choices else RemoteEvent()
    usage = _object(chunk.get("usage"))
    if not usage:
        return said
    thought = _object(usage.get("completion_tokens_details")).get("reasoning_tokens")
    return replace(
        said,
        input_tokens=usage.get("prompt_tokens"),
        output_tokens=usage.get("completion_tokens"),
        hidden_tokens=thought if isinstance(thought, int) else 0,
    )


def _said(choice: dict[str, Any], failures: RemoteFailures) -> RemoteEvent:
    delta = _object(choice.get("delta"))
    text = delta.get("content") or delta.get("refusal") or ""
    # vLLM and others stream thoughts under names of their own.
    hidden = delta.get("reasoning_content") or delta.get("reasoning") or ""
    calls = delta.get("tool_calls") or []
    if not isinstance(text, str) or not isinstance(hidden, str) or not isinstance(calls, list):
        raise failures.misbehaved(f"no delta: {delta!r}")
    parts = tuple(_part(_object(call), failures) for call in calls)
    return RemoteEvent(text, parts, hidden, _finish(choice.get("finish_reason")))


def _part(call: dict[str, Any], failures: RemoteFailures) -> ToolCallPart:
    function = _object(call.get("function"))
    index = call.get("index")
    texts = [text or "" for text in (call.get("id"), function.get("name"), function.get("arguments"))]
    if not all(isinstance(text, str) for text in texts):
        raise failures.misbehaved(f"no tool call: {call!r}")
    return ToolCallPart(index if isinstance(index, int) else 0, *texts)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _finish(reason: object) -> FinishReason | None:
    if reason is None:
        return None
    if reason in ("tool_calls", "function_call"):
        return "tool_calls"
    return "length" if reason == "length" else "stop"


def _message(message: ChatMessage) -> dict[str, Any]:
    sent: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_call_id is not None:
        sent["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        sent["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    return sent
