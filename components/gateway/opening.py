"""Putting a gateway together from its catalogue, its database and what processes share."""

from __future__ import annotations

from collections.abc import Callable

from components.core.chat_model import ChatModel
from components.core.model_catalogue import ModelDeclaration
from components.database.session import Database
from components.gateway.budgets import Budgets
from components.gateway.cached_streams import CachedStreams
from components.gateway.catalogue import EXTRACTIVE, Catalogue
from components.gateway.circuit_breaker import CircuitBreaker
from components.gateway.circuits import RedisCircuits
from components.gateway.gateway import ModelGateway
from components.gateway.observer import GatewayObserver, SilentObserver
from components.gateway.prompt_cache import PromptCache
from components.gateway.spending import SpendingLedger
from components.gateway.spending_queue import SpendingQueue
from components.shared_state.connection import SharedState


def open_gateway(
    catalogue: Catalogue,
    build: Callable[[ModelDeclaration], ChatModel],
    database: Database,
    *,
    state: SharedState | None = None,
    cache: PromptCache | None = None,
    observer: GatewayObserver | None = None,
) -> ModelGateway:
    """Connects to nothing yet. build: makes the chat model of a declaration. state: none = circuits are this
    process's own. cache: none = no answer is kept.

    Any thread may make it; it is used on one event loop.
    """
    observer = observer or SilentObserver()
    languages = [name for name in catalogue.models if name != EXTRACTIVE]
    return ModelGateway(
        catalogue,
        {name: build(declaration) for name, declaration in catalogue.models.items()},
        Budgets(SpendingQueue(SpendingLedger(database)), catalogue.currency),
        CircuitBreaker(languages, RedisCircuits(state) if state is not None else None, observer=observer),
        observer,
        cache=CachedStreams(cache, state) if cache is not None and state is not None else None,
    )
