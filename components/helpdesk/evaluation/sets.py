"""A tenant's questions with known answers: stored by version, so that a figure can be traced to what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, cast

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from components.core.errors import InvalidEvaluationSet, NotFound
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import DocumentRow, EvaluationSetRow
from components.helpdesk.audit import record_action
from components.helpdesk.evaluation.beir import EvaluationSet

SetKind = Literal["written", "conversations", "ratings"]


@dataclass(frozen=True)
class SetVersion:
    """A version as lists show it. kind: where its questions are from. reviewed_by: who looked at each of them; None
    where somebody wrote them. active: whether it is the version of this name in use."""

    name: str
    version: str
    kind: SetKind
    queries: int
    answerable: int
    unanswerable: int
    author: str
    note: str
    reviewed_by: str | None
    created_at: datetime
    active: bool


class EvaluationSets:
    """Versions never change; of each name the version activated last is in use."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(
        self,
        tenant: TenantContext,
        questions: EvaluationSet,
        *,
        kind: SetKind = "written",
        author: str = "",
        note: str = "",
        reviewed_by: str | None = None,
    ) -> None:
        """Keeps this version and puts it in use, also where it was there before."""
        statement = insert(EvaluationSetRow).values(
            tenant_id=tenant.tenant_id,
            name=questions.name,
            version=questions.version,
            queries=dict(questions.queries),
            qrels={key: dict(grades) for key, grades in questions.qrels.items()},
            expected=dict(questions.expected),
            provenance={key: dict(origin) for key, origin in questions.provenance.items()},
            kind=kind,
            author=author,
            note=note,
            reviewed_by=reviewed_by,
        )
        key = [EvaluationSetRow.tenant_id, EvaluationSetRow.name, EvaluationSetRow.version]
        with self._database.tenant(tenant) as session:
            session.execute(
                statement.on_conflict_do_update(index_elements=key, set_={"activated_at": func.clock_timestamp()})
            )

    def activate(self, tenant: TenantContext, name: str, version: str, author: str) -> None:
        """Puts a version in use again. One that a source declares is in use again after the source's next run.
        Raises NotFound."""
        with self._database.tenant(tenant) as session:
            _require(session, name, version)
            session.execute(
                update(EvaluationSetRow)
                .where(EvaluationSetRow.name == name, EvaluationSetRow.version == version)
                .values(activated_at=func.clock_timestamp())
            )
            record_action(
                session,
                tenant.tenant_id,
                "evaluation_set.activated",
                {"name": name, "version": version, "author": author},
            )

    def versions(self, tenant: TenantContext) -> list[SetVersion]:
        """All there are, by name, the one in use first."""
        wanted = select(EvaluationSetRow).order_by(
            EvaluationSetRow.name, EvaluationSetRow.activated_at.desc(), EvaluationSetRow.version
        )
        seen: set[str] = set()
        found: list[SetVersion] = []
        with self._database.tenant(tenant) as session:
            for row in session.scalars(wanted):
                found.append(_listed(row, active=row.name not in seen))
                seen.add(row.name)
        return found

    def get(self, tenant: TenantContext, name: str, version: str | None = None) -> EvaluationSet:
        """As it was stored. version: the one in use by default. Raises NotFound naming those that there are."""
        with self._database.tenant(tenant) as session:
            return _loaded(_require(session, name, version))

    def judged(self, tenant: TenantContext, name: str, version: str | None = None) -> EvaluationSet:
        """As it can be asked now: against the documents that the tenant has. Raises NotFound, InvalidEvaluationSet
        where no question is left."""
        with self._database.tenant(tenant) as session:
            found = _loaded(_require(session, name, version)).judged(_present(session))
        if not found.queries:
            raise InvalidEvaluationSet(f"no question of {name} can be asked: {found.told_missing}", field="set")
        return found

    def in_use(self, tenant: TenantContext) -> EvaluationSet | None:
        """All sets taken together, each in the version in use, against the documents that the tenant has. None where
        there is no set; without queries where every document that they name is gone."""
        with self._database.tenant(tenant) as session:
            stored = [_loaded(row) for row in session.scalars(_in_use())]
            present = _present(session) if stored else set()
        if not stored:
            return None
        return (stored[0] if len(stored) == 1 else _together(stored)).judged(present)


def _in_use() -> Select[EvaluationSetRow]:
    return (
        select(EvaluationSetRow)
        .ext(distinct_on(EvaluationSetRow.name))
        .order_by(EvaluationSetRow.name, EvaluationSetRow.activated_at.desc(), EvaluationSetRow.version)
    )


def _require(session: Session, name: str, version: str | None) -> EvaluationSetRow:
    wanted = _in_use().where(EvaluationSetRow.name == name)
    row = session.scalars(wanted if version is None else wanted.where(EvaluationSetRow.version == version)).first()
    if row is None:
        known = [f"{each.name} {each.version}" for each in session.scalars(_in_use())]
        told = f"no evaluation set {name!r}" + (f" in version {version!r}" if version is not None else "")
        raise NotFound(f"{told}: there is {', '.join(known) or 'none yet'}", field="set")
    return row


def _present(session: Session) -> set[str]:
    return set(session.scalars(select(DocumentRow.document_id)))


def _loaded(row: EvaluationSetRow) -> EvaluationSet:
    return EvaluationSet(
        row.name, row.version, dict(row.queries), dict(row.qrels), dict(row.expected), dict(row.provenance)
    )


def _listed(row: EvaluationSetRow, *, active: bool) -> SetVersion:
    return SetVersion(
        name=row.name,
        version=row.version,
        kind=cast("SetKind", row.kind),
        queries=len(row.queries),
        answerable=len(row.qrels),
        unanswerable=len(row.queries) - len(row.qrels),
        author=row.author,
        note=row.note,
        reviewed_by=row.reviewed_by,
        created_at=row.created_at,
        active=active,
    )


def _together(sets: Sequence[EvaluationSet]) -> EvaluationSet:
    """One set of all questions; their ids get the set's name in front, since two sets may both have a q1."""

    def named(part: str) -> dict[str, Any]:
        return {f"{each.name}:{query}": value for each in sets for query, value in getattr(each, part).items()}

    return EvaluationSet(
        " + ".join(each.name for each in sets),
        sha256(" ".join(each.version for each in sets).encode()).hexdigest()[:16],
        named("queries"),
        named("qrels"),
        named("expected"),
        named("provenance"),
    )
