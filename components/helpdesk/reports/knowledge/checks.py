"""What the checks of a tenant's knowledge have found: kept here too, so that a page need not ask Dagster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from components.core.tenant import TenantContext
from components.database.tables import KnowledgeCheckRow
from components.helpdesk.storable import made_storable

Severity = Literal["error", "warning"]
MOST_HISTORY = 200


@dataclass(frozen=True)
class CheckResult:
    """severity: what its failure would be. figures: what it measured, by name."""

    name: str
    asset: str
    passed: bool
    severity: Severity
    description: str
    figures: Mapping[str, Any]


@dataclass(frozen=True)
class CheckSpell:
    """A time in which a check gave one result, `times` times: first at `since`, last at `at`. description and figures
    are the last one's."""

    result: CheckResult
    since: datetime
    at: datetime
    times: int


def store_check(session: Session, tenant: TenantContext, result: CheckResult, at: datetime) -> None:
    """The same result again makes its spell longer, another one begins the next."""
    row = KnowledgeCheckRow
    newest = select(row).where(row.name == result.name).order_by(row.at.desc()).limit(1).with_for_update()
    last = session.scalars(newest).first()
    if last is not None and (last.passed, last.severity) == (result.passed, result.severity):
        last.description, last.figures = made_storable(result.description), dict(result.figures)
        last.at, last.times = max(at, last.at), last.times + 1
        return
    session.add(
        KnowledgeCheckRow(
            check_id=uuid4(),
            tenant_id=tenant.tenant_id,
            name=result.name,
            asset=result.asset,
            passed=result.passed,
            severity=result.severity,
            description=made_storable(result.description),
            figures=dict(result.figures),
            since=at,
            at=at,
            times=1,
        )
    )


def newest_checks(session: Session) -> tuple[CheckSpell, ...]:
    """What each check of the session's tenant says now: those that fail first, then by name."""
    row = KnowledgeCheckRow
    found = session.scalars(select(row).ext(distinct_on(row.name)).order_by(row.name, row.at.desc()))
    return tuple(sorted(map(_spell, found), key=lambda spell: (spell.result.passed, spell.result.name)))


def check_history(session: Session, name: str, since: datetime, until: datetime) -> tuple[CheckSpell, ...]:
    """The spells of one check that touch [since, until), the newest first, at most 200."""
    row = KnowledgeCheckRow
    wanted = select(row).where(row.name == name, row.at >= since, row.since < until)
    wanted = wanted.order_by(row.at.desc()).limit(MOST_HISTORY)
    return tuple(map(_spell, session.scalars(wanted)))


def _spell(row: KnowledgeCheckRow) -> CheckSpell:
    severity: Severity = "error" if row.severity == "error" else "warning"
    result = CheckResult(row.name, row.asset, row.passed, severity, row.description, row.figures)
    return CheckSpell(result, row.since, row.at, row.times)
