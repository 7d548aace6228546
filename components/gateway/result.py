"""What the gateway hands out at the end of a stream, and how the prompt cache keeps it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from components.core.answers import GenerationTrace
from components.core.chat_model import ChatRequest, Completion, ToolCall
from components.core.model_catalogue import ModelDeclaration


@dataclass(frozen=True)
class GatewayResult:
    """The end of a stream: what the model said, and how it came about. The citations and sentences of the trace are
    for whoever checks the text."""

    completion: Completion
    trace: GenerationTrace


def repeatable(request: ChatRequest) -> bool:
    """Whether asking again is meant to give the same text: only then may a kept one stand for it. Where a caller
    asks for variety, by a temperature and no seed, one text for all would be the very thing it did not want."""
    return not request.fresh and (request.temperature == 0 or request.seed is not None)


def worth_keeping(result: GatewayResult, asked: ModelDeclaration) -> bool:
    """Whole texts of the model that was asked. One that another model made, or quoting, stands for an outage or a
    budget, and must not outlive it; one that was cut off at its length helps nobody twice."""
    return (
        result.trace.reason is None and result.trace.model == asked.name and result.completion.finish_reason != "length"
    )


def encode(result: GatewayResult) -> bytes:
    """For whoever comes later: text, counts and reason; money, attempts and seconds were those of the first."""
    trace = result.trace
    kept = {
        "completion": asdict(result.completion),
        "trace": {
            "model": trace.model,
            "provider": trace.provider,
            "prompt_id": trace.prompt_id,
            "prompt_version": trace.prompt_version,
            "input_tokens": trace.input_tokens,
            "output_tokens": trace.output_tokens,
            "tokens_estimated": trace.tokens_estimated,
            "currency": trace.currency,
            "reason": trace.reason,
        },
    }
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def decode(kept: bytes) -> GatewayResult:
    """The opposite of `encode`, marked as a cache hit that cost nothing; one of an outage, heard by those who asked
    the same at the same time, is none. Raises ValueError for anything else."""
    try:
        values: dict[str, Any] = json.loads(kept.decode("utf-8", "surrogatepass"))
        completion = values["completion"]
        calls = tuple(ToolCall(**call) for call in completion.pop("tool_calls"))
        trace = GenerationTrace(**values["trace"], cache_hit=values["trace"]["reason"] is None)
        return GatewayResult(Completion(**completion, tool_calls=calls), trace)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no result of the gateway: {error}") from error
