"""The last evaluation of every tenant in figures alone: what an operator watches over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from components.core.tenant import TenantContext
from components.database.session import Database

_SCORES = text("SELECT tenant_id, kind, metrics, blocked FROM evaluation_scores()")


@dataclass(frozen=True)
class LastScores:
    """Of one tenant and kind of evaluation (retrieval, answer). metrics: by name. blocked: whether what was evaluated
    was kept from serving."""

    tenant: TenantContext
    kind: str
    metrics: Mapping[str, float]
    blocked: bool


def last_scores(database: Database) -> list[LastScores]:
    """Of indexes and prompts; what was only tried does not count. As the operator, who sees figures and no words.
    Raises DatabaseUnavailable."""
    with database.operator() as session:
        rows = session.execute(_SCORES).all()
    return [_read(row.tenant_id, row.kind, row.metrics, row.blocked) for row in rows]


def _read(tenant_id: UUID, kind: str, metrics: Mapping[str, Mapping[str, float]], blocked: bool) -> LastScores:
    return LastScores(TenantContext(tenant_id), kind, {name: each["value"] for name, each in metrics.items()}, blocked)
