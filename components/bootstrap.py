"""The one composition root: settings and addresses in, a working helpdesk out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.core.embeddings import Embedder
from components.core.settings import Settings, quiet_third_parties
from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.helpdesk.api_keys import ApiKeys
from components.helpdesk.feedback import FeedbackLog
from components.helpdesk.ingestion.status import document_ids, has_promoted
from components.helpdesk.tenants import TenantRegistry

if TYPE_CHECKING:
    # These import Haystack, and Haystack imports torch: seconds that administration need not wait.
    from components.helpdesk.answering import Answering
    from components.helpdesk.ingestion.service import Ingestion


@dataclass(frozen=True)
class Workbench:
    """The parts that apps and assets work with, wired once a process."""

    settings: Settings
    database: Database
    embedder: Embedder
    tenants: TenantRegistry
    api_keys: ApiKeys
    answering: Answering
    feedback: FeedbackLog
    ingestion: Ingestion

    def close(self) -> None:
        """Gives the database connections back."""
        self.database.dispose()


@dataclass(frozen=True)
class Registry:
    """Tenants and keys without a model: what administration needs, and what starts quickly."""

    settings: Settings
    database: Database
    tenants: TenantRegistry
    api_keys: ApiKeys

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
    return Registry(settings, database, TenantRegistry(database, settings.data_dir), ApiKeys(database))


def build_workbench(settings: Settings, addresses: DatabaseAddresses) -> Workbench:
    """Wires everything; starts no server. Raises ModelUnavailable where the embedder's weights are absent."""
    quiet_third_parties()
    from components.helpdesk.answering import Answering
    from components.helpdesk.ingestion.service import Ingestion
    from components.models.embedder_factory import embedder_from_settings
    from components.models.extractive import ExtractiveGenerator

    database = Database(addresses.app, addresses.operator)
    embedder = embedder_from_settings(settings)
    return Workbench(
        settings=settings,
        database=database,
        embedder=embedder,
        tenants=TenantRegistry(database, settings.data_dir),
        api_keys=ApiKeys(database),
        answering=Answering(database, embedder, ExtractiveGenerator(embedder), settings),
        feedback=FeedbackLog(database),
        ingestion=Ingestion(database, embedder, settings),
    )
