"""The one composition root: settings and addresses in, a working helpdesk out."""

from __future__ import annotations

from dataclasses import dataclass

from components.core.embeddings import Embedder
from components.core.settings import Settings, quiet_third_parties
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.helpdesk.answering import Answering
from components.helpdesk.api_keys import ApiKeys
from components.helpdesk.feedback import FeedbackLog
from components.helpdesk.ingestion.service import Ingestion
from components.helpdesk.tenants import TenantRegistry


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


def build_workbench(settings: Settings, addresses: DatabaseAddresses) -> Workbench:
    """Wires everything; starts no server. Raises ModelUnavailable where the embedder's weights are absent."""
    quiet_third_parties()
    from components.models.embedder_factory import load_embedder
    from components.models.extractive import ExtractiveGenerator

    database = Database(addresses.app, addresses.operator)
    embedder = load_embedder(
        settings.embedder,
        cache_dir=settings.data_dir / "models",
        threads=settings.threads,
        embeddings_url=settings.embeddings_url,
        embeddings_api_key=settings.embeddings_api_key.get_secret_value() if settings.embeddings_api_key else None,
    )
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
