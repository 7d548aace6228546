"""A gateway over model servers on real sockets, and the questions that its tests ask."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from components.core.answers import Passage
from components.core.chat_model import ChatMessage, ChatRequest
from components.core.generation import AnswerGenerator
from components.core.model_catalogue import ModelDeclaration
from components.core.model_use import UNTOLD
from components.core.tenant import TenantContext
from components.database.session import Database
from components.gateway.catalogue import Catalogue
from components.gateway.gateway import GatewayResult, ModelGateway
from components.gateway.observer import CacheOutcome, CircuitState
from components.gateway.opening import open_gateway
from components.gateway.policy import ModelPolicy
from components.gateway.prompt_cache import PromptCache
from components.models.chat_model_factory import build_chat_model
from components.shared_state.connection import SharedState

PASSAGE = Passage("c1", "d1", "Refunds", "Time", "A refund takes five working days after we have the parcel.", 0.9)
ASKED = "How long does a refund take?"
# Nobody listens on the discard port of a machine of today.
NOBODY = "http://127.0.0.1:9/v1"


def question(text: str = ASKED, **changes: Any) -> ChatRequest:
    values = {"question": text, "passages": (PASSAGE,), "deadline": 6.0, "max_tokens": 64}
    return ChatRequest((ChatMessage("user", f"{PASSAGE.text}\n\n{text}"),), **(values | changes))


def model(name: str, url: str, **changes: Any) -> ModelDeclaration:
    """One on an OpenAI-compatible server, a dollar per million tokens each way."""
    values: dict[str, Any] = {
        "provider": "openai",
        "model": "tiny",
        "base_url": url,
        "input_price": Decimal(1),
        "output_price": Decimal(1),
        "first_text": 5.0,
    }
    return ModelDeclaration(name, **(values | changes))


def catalogue_of(*models: ModelDeclaration) -> Catalogue:
    return Catalogue({each.name: each for each in models} | dict(Catalogue().models))


@dataclass
class Counted:
    """Keeps GatewayObserver by remembering."""

    calls: list[tuple[str, str | None, int, int, Decimal]] = field(default_factory=list)
    cache: list[CacheOutcome] = field(default_factory=list)
    circuits: list[tuple[str, CircuitState]] = field(default_factory=list)

    def called(
        self,
        tenant: TenantContext,
        model: str,
        provider: str,
        error: str | None,
        seconds: float,
        input_tokens: int,
        output_tokens: int,
        cost: Decimal,
    ) -> None:
        self.calls.append((model, error, input_tokens, output_tokens, cost))

    def cached(self, tenant: TenantContext, outcome: CacheOutcome) -> None:
        self.cache.append(outcome)

    def circuit(self, model: str, state: CircuitState) -> None:
        self.circuits.append((model, state))


@asynccontextmanager
async def opened(
    database: Database,
    extractive: AnswerGenerator,
    models: Sequence[ModelDeclaration],
    *,
    state: SharedState | None = None,
    cached: bool = False,
    observer: Counted | None = None,
) -> AsyncIterator[ModelGateway]:
    """A gateway that is closed at the end, so that what was spent is recorded then."""
    gateway = open_gateway(
        catalogue_of(*models),
        lambda declaration: build_chat_model(declaration, extractive),
        database,
        state=state,
        cache=PromptCache(state, 60.0) if cached and state is not None else None,
        observer=observer,
    )
    try:
        yield gateway
    finally:
        await gateway.close()
        if state is not None:
            await state.close()


@dataclass(frozen=True)
class Heard:
    """What a caller got. seconds: from asking to the end."""

    pieces: tuple[str, ...]
    result: GatewayResult
    seconds: float

    @property
    def text(self) -> str:
        return "".join(self.pieces)


async def ask(
    gateway: ModelGateway, tenant: TenantContext, policy: ModelPolicy, request: ChatRequest, **how: Any
) -> Heard:
    """All of one answer; its parts must fit together."""
    started = time.monotonic()
    items = [item async for item in gateway.stream(tenant, policy, request, **{"use": UNTOLD, **how})]
    result = items.pop()
    assert isinstance(result, GatewayResult)
    pieces = tuple(item for item in items if isinstance(item, str))
    assert len(pieces) == len(items)
    assert "".join(pieces) == result.completion.text
    return Heard(pieces, result, time.monotonic() - started)
