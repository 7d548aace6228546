"""What a tenant has settled that decides an answer, read at every question in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from components.core.errors import TenantNotFound
from components.core.prompts import PromptTemplate
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import TenantRow
from components.helpdesk.ingestion.evaluating import read_threshold
from components.helpdesk.prompt_rows import read_active
from components.retrieval.prompting import ANSWER_PROMPT


@dataclass(frozen=True)
class AnswerTerms:
    """threshold: the confidence from which on is answered. prompt: the active template. config: config_json."""

    threshold: float
    prompt: PromptTemplate
    config: Mapping[str, Any]


def read_terms(database: Database, tenant: TenantContext, index_version: int, pipeline: str) -> AnswerTerms:
    """As they are now, together, since a transaction costs more than its queries. Raises TenantNotFound."""
    with database.tenant(tenant) as session:
        config = session.scalar(select(TenantRow.config_json).where(TenantRow.tenant_id == tenant.tenant_id))
        if config is None:
            raise TenantNotFound(f"no tenant has the id {tenant.tenant_id}", field="tenant_id")
        threshold = read_threshold(session, index_version, pipeline)
        return AnswerTerms(threshold, read_active(session, tenant, ANSWER_PROMPT), config)
