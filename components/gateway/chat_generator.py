"""One of a tenant's language models as Haystack's components ask it: through the gateway, on the tenant's account."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from haystack import component
from haystack.dataclasses import ChatMessage as HaystackMessage
from pydantic import BaseModel, ValidationError

from components.core.answers import GenerationTrace
from components.core.chat_model import ChatMessage, ChatRequest
from components.core.errors import BudgetExhausted, ModelMisbehaved, ModelUnavailable
from components.core.tenant import TenantContext
from components.gateway.event_loop import EventLoopThread
from components.gateway.gateway import ModelGateway
from components.gateway.policy import ModelPolicy
from components.gateway.result import GatewayResult

LONGEST_REPLY = 2048  # Tokens.
# Models that cannot be held to a schema like to wrap their JSON.
_FENCED = re.compile(r"\A\s*```(?:json)?\s*(.*?)\s*```\s*\Z", re.DOTALL)


@component
class GatewayChatGenerator:
    """Haystack's ChatGenerator. One model answers, or nobody does: no other one, no quote and no text that was kept
    stands in for it. What it says is JSON of the shape `reply`. It spends up to the soft limit of the tenant's budgets:
    the rest is for customers."""

    def __init__(
        self,
        gateway: ModelGateway,
        loop: EventLoopThread,
        tenant: TenantContext,
        policy: ModelPolicy,
        reply: type[BaseModel],
        *,
        max_tokens: int = LONGEST_REPLY,
        deadline: float,
        on_spent: Callable[[GenerationTrace], None] = lambda trace: None,
    ) -> None:
        """policy: of which high_accuracy_model is the only model. deadline: seconds for one answer. on_spent: hears of
        every answer that was paid for, also of one of another shape, from any thread."""
        self._gateway, self._loop, self._tenant, self._policy = gateway, loop, tenant, policy
        self._reply, self._max_tokens, self._deadline, self._on_spent = reply, max_tokens, deadline, on_spent
        self._schema = None
        if gateway.find_model(policy, "schema") is not None:
            self._schema = {**reply.model_json_schema(), "additionalProperties": False}

    @component.output_types(replies=list[HaystackMessage])
    def run(self, messages: list[HaystackMessage]) -> dict[str, Any]:
        """One reply. Raises ModelUnavailable and its kinds (ModelMisbehaved for text of another shape),
        BudgetExhausted, PromptTooLong."""
        budget = self._loop.run(self._gateway.budget(self._tenant, self._policy), self._deadline)
        if budget.level != "ok":
            raise BudgetExhausted("the tenant's budget is past its soft limit: what is left is for customers")
        request = ChatRequest(
            messages=tuple(ChatMessage(each.role.value, each.text or "") for each in messages),
            max_tokens=self._max_tokens,
            response_schema=self._schema,
            deadline=self._deadline,
            fresh=True,
        )
        trace, text = self._ask(request)
        usage = {"prompt_tokens": trace.input_tokens, "completion_tokens": trace.output_tokens}
        return {"replies": [HaystackMessage.from_assistant(text, meta={"model": trace.model, "usage": usage})]}

    def _ask(self, request: ChatRequest) -> tuple[GenerationTrace, str]:
        model, result = self._policy.high_accuracy_model, None
        for item in self._loop.iterate(
            lambda: self._gateway.stream(self._tenant, self._policy, request, model=model, on_broken=self._on_spent)
        ):
            result = item if isinstance(item, GatewayResult) else result
        if result is None:
            raise ModelMisbehaved(f"{model} ended its answer without an end")
        if result.trace.model != model:
            if result.trace.reason == "budget":
                raise BudgetExhausted("the tenant's budget is used up")
            raise ModelUnavailable(f"{model} did not answer")
        self._on_spent(result.trace)
        return result.trace, self._shaped(result.completion.text)

    def _shaped(self, text: str) -> str:
        fenced = _FENCED.match(text)
        try:
            return self._reply.model_validate_json(fenced.group(1) if fenced else text).model_dump_json()
        except ValidationError as error:
            told = error.errors(include_input=False, include_url=False)[0]["msg"]
            raise ModelMisbehaved(
                f"{self._policy.high_accuracy_model} said something of another shape: {told}"
            ) from error
