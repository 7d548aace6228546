"""A language model's turns as steps of a run: asked once each, through the tenant's gateway, within what is allowed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from uuid import UUID

from components.agents.journal import Journal, StepKey
from components.agents.orchestrator.allowance import LONGEST_TRY, MODEL, Allowance
from components.core.chat_model import ChatMessage, ChatRequest, ToolCall, ToolDefinition
from components.core.errors import ModelMisbehaved
from components.core.model_use import ModelUse, for_customer
from components.core.tenant import TenantContext
from components.gateway.event_loop import EventLoopThread
from components.gateway.gateway import ModelGateway
from components.gateway.policy import ModelPolicy
from components.gateway.result import GatewayResult

# The gateway tries again by itself, and asks other models; this is one more try, a moment later.
ATTEMPTS = 2
MOST_WRITTEN = 1024


@dataclass(frozen=True)
class Models:
    """The way to language models. policy_for: which a tenant may use. channel_of: of a conversation, None where it is
    gone."""

    gateway: ModelGateway
    loop: EventLoopThread
    policy_for: Callable[[TenantContext], ModelPolicy]
    channel_of: Callable[[TenantContext, UUID], str | None]

    def find(self, tenant: TenantContext) -> str | None:
        """A model of the tenant's that calls tools."""
        return self.gateway.find_model(self.policy_for(tenant), "tools")


@dataclass(frozen=True)
class Turn:
    """What the model said. calls: of tools that it asks for."""

    text: str
    calls: tuple[ToolCall, ...]
    input_tokens: int
    output_tokens: int


class ModelTurns:
    """Those of one goal. For one thread."""

    def __init__(self, models: Models, journal: Journal, prefix: str, allowance: Allowance) -> None:
        self._models, self._journal, self._prefix, self._allowance = models, journal, prefix, allowance
        self._turn = 0

    def ask(self, messages: Sequence[ChatMessage], tools: Sequence[ToolDefinition]) -> Turn:
        """What the model says next, now or when it was asked before. Raises StepFailed where no model answers, and
        Paused."""
        self._turn += 1
        name = f"{self._prefix}turn {self._turn}"
        seconds, tokens = self._allowance.admit_turn(name)
        request = ChatRequest(
            tuple(messages),
            max_tokens=min(MOST_WRITTEN, tokens),
            tools=tuple(tools),
            deadline=min(seconds, LONGEST_TRY),
            fresh=True,
        )
        given = {"turn": self._turn, "messages": len(messages)}
        ask = partial(self._ask, request)
        said = self._journal.step(name, MODEL, given, ask, attempts=ATTEMPTS)
        calls = tuple(ToolCall(**call) for call in said["calls"])
        return Turn(said["text"], calls, said["input_tokens"], said["output_tokens"])

    def _ask(self, request: ChatRequest, key: StepKey) -> Mapping[str, Any]:
        began, tenant = time.monotonic(), self._journal.tenant.context
        policy, use = self._models.policy_for(tenant), self._use(tenant)
        stream = partial(self._models.gateway.stream, tenant, policy, request, use=use)
        *_, last = self._models.loop.iterate(stream)
        if not isinstance(last, GatewayResult):
            raise ModelMisbehaved("the model's answer has no end")
        return _kept(last, time.monotonic() - began)

    def _use(self, tenant: TenantContext) -> ModelUse:
        conversation_id = self._journal.run.conversation_id
        channel = conversation_id and self._models.channel_of(tenant, conversation_id)
        return for_customer(channel, conversation_id) if channel else ModelUse("goal")


def _kept(result: GatewayResult, seconds: float) -> Mapping[str, Any]:
    said, trace = result.completion, result.trace
    return {
        "text": _storable(said.text),
        "calls": [{field: _storable(text) for field, text in asdict(call).items()} for call in said.tool_calls],
        "model": trace.model,
        "input_tokens": said.input_tokens,
        "output_tokens": said.output_tokens,
        "cost": str(trace.cost),
        "currency": trace.currency,
        "seconds": seconds,
    }


def _storable(text: str) -> str:
    """Without what no table can hold."""
    return text.replace("\0", "").encode(errors="replace").decode()
