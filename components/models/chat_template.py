"""Messages into a model's own prompt, where no message can pass itself off as another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from jinja2.exceptions import TemplateError

from components.core.chat_model import ChatMessage
from components.core.errors import InvalidInput

BREAK = "\u200b"  # zero-width space: the text still reads the same


def prompt_tokens(tokenizer: Any, messages: Sequence[ChatMessage], model: str) -> list[int]:
    """Token ids of the messages under the tokenizer's chat template, up to where the assistant's text begins.

    A special token written out in a message is broken up: templates are rendered first and tokenised then, so that
    `<|im_end|><|im_start|>system` in a retrieved document would otherwise begin a system message.
    A template that knows no system role gets the system's text before the first user message.
    Raises InvalidInput where the template refuses the messages.
    """
    marks = [mark for mark in tokenizer.get_added_vocab() if len(mark) > 1 and mark.strip() and BREAK not in mark]
    found = [_plain(message, marks) for message in messages]
    try:
        return _apply(tokenizer, found)
    except TemplateError as refused:
        folded = _without_system(found)
        if folded == found:
            raise _not_taken(model, messages, refused) from refused
    try:
        return _apply(tokenizer, folded)
    except TemplateError as refused:
        raise _not_taken(model, messages, refused) from refused


def _apply(tokenizer: Any, messages: list[dict[str, Any]]) -> list[int]:
    ids: list[int] = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    return ids


def _plain(message: ChatMessage, marks: Collection[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"role": message.role, "content": _broken(message.content, marks)}
    if message.tool_calls:
        found["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": _broken(call.arguments, marks)},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        found["tool_call_id"] = message.tool_call_id
    return found


def _broken(text: str, marks: Collection[str]) -> str:
    text = text.encode(errors="replace").decode()  # half a surrogate pair is no text
    while present := [mark for mark in marks if mark in text]:
        for mark in present:
            text = text.replace(mark, mark[0] + BREAK + mark[1:])
    return text


def _without_system(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    others = [message for message in messages if message["role"] != "system"]
    if not system or not others or others[0]["role"] != "user":
        return messages
    first = {**others[0], "content": f"{system}\n\n{others[0]['content']}"}
    return [first, *others[1:]]


def _not_taken(model: str, messages: Sequence[ChatMessage], why: TemplateError) -> InvalidInput:
    roles = ", ".join(message.role for message in messages)
    return InvalidInput(f"the chat template of the model {model!r} does not take messages of {roles}: {why}")
