"""What a tenant has settled that decides an answer, read at every question in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Text, Uuid, bindparam, select, true
from sqlalchemy.orm import Session

from components.core.errors import TenantNotFound
from components.core.prompts import PromptTemplate
from components.core.tenant import TenantContext
from components.database.tables import TenantRow
from components.helpdesk.ingestion.evaluating import threshold_of
from components.helpdesk.prompt_rows import active_version
from components.retrieval.prompting import ANSWER_PROMPT, shipped_prompt

_TENANT = bindparam("tenant_id", type_=Uuid())
_ACTIVE = active_version(_TENANT, bindparam("prompt_id", type_=Text())).subquery()
# Composed once: every question asks it, and a statement takes longer to compose than to answer.
_TERMS = (
    select(
        TenantRow.__table__.c.config_json,
        threshold_of(bindparam("index_version", type_=BigInteger()), bindparam("pipeline", type_=Text())),
        _ACTIVE.c.version,
        _ACTIVE.c.system,
        _ACTIVE.c.user,
    )
    .select_from(TenantRow.__table__.outerjoin(_ACTIVE, true()))
    .where(TenantRow.__table__.c.tenant_id == _TENANT)
)


@dataclass(frozen=True)
class AnswerTerms:
    """threshold: the confidence from which on is answered. prompt: the active template. config: config_json."""

    threshold: float
    prompt: PromptTemplate
    config: Mapping[str, Any]


def read_terms(session: Session, tenant: TenantContext, index_version: int, pipeline: str) -> AnswerTerms:
    """As they are now, together. Raises TenantNotFound."""
    wanted = {
        "tenant_id": tenant.tenant_id,
        "prompt_id": ANSWER_PROMPT,
        "index_version": index_version,
        "pipeline": pipeline,
    }
    row = session.connection().execute(_TERMS, wanted).one_or_none()
    if row is None:
        raise TenantNotFound(f"no tenant has the id {tenant.tenant_id}", field="tenant_id")
    config, threshold, version, system, user = row
    prompt = shipped_prompt() if version is None else PromptTemplate(ANSWER_PROMPT, version, system, user)
    return AnswerTerms(threshold, prompt, config)
