"""Tenants, keys and agents, without a model: what administration needs, and what starts quickly."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

from components.core.errors import Unavailable
from components.core.settings import Settings
from components.core.tenant import Tenant, TenantContext
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.helpdesk.api_keys import ApiKeys
from components.helpdesk.handover.agents import Agents
from components.helpdesk.ingestion.status import document_ids, has_promoted
from components.helpdesk.tenants import TenantRegistry

logger = logging.getLogger("helpdesk.workbench")

CLOSING_SECONDS = 10.0


@dataclass(frozen=True)
class Registry:
    """Tenants and keys without a model: what administration needs, and what starts quickly."""

    settings: Settings
    database: Database
    tenants: TenantRegistry
    api_keys: ApiKeys
    agents: Agents

    def serves(self, tenant: Tenant) -> bool:
        """Whether an index of the tenant has been promoted."""
        return has_promoted(self.database, tenant.context)

    def document_ids(self, tenant: Tenant) -> set[str]:
        """The ids of the tenant's documents."""
        return document_ids(self.database, tenant.context)

    def close(self) -> None:
        """Gives the database connections back."""
        self.database.dispose()


def build_registry(settings: Settings, addresses: DatabaseAddresses) -> Registry:
    """Wires what needs no model; starts no server."""
    database = Database(addresses.app, addresses.operator)
    tenants = TenantRegistry(database, settings.data_dir, on_deleted=partial(forget_answers, settings))
    return Registry(settings, database, tenants, ApiKeys(database), Agents(database))


def forget_answers(settings: Settings, tenant: TenantContext) -> None:
    """What Redis keeps of a deleted tenant goes too. Where it does not answer, it goes when its time is up."""
    from components.gateway.event_loop import EventLoopThread
    from components.gateway.prompt_cache import PromptCache
    from components.shared_state.connection import SharedState

    loop, state = EventLoopThread(), SharedState.from_settings(settings)
    try:
        kept = PromptCache(state, settings.prompt_cache_hours * 3600)
        loop.run(kept.purge_tenant(tenant), CLOSING_SECONDS)
        loop.run(state.close(), CLOSING_SECONDS)
    except Unavailable as error:
        logger.warning("kept answers of tenant %s stay in Redis until their time is up: %s", tenant.tenant_id, error)
    finally:
        loop.close()
