"""Texts that agents insert by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from components.core.errors import InvalidInput, NotFound
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import CannedAnswerRow
from components.helpdesk.storable import storable

LONGEST_TEXT = 4000
MOST_ANSWERS = 500
# What may stand in two pairs of braces; the agent's page fills it in.
PLACEHOLDERS = ("customer.name", "agent.name", "tenant.name")

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_PLACEHOLDER = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_ROWS = CannedAnswerRow.metadata.tables[CannedAnswerRow.__tablename__]


@dataclass(frozen=True)
class CannedAnswer:
    name: str
    text: str
    updated_at: datetime


class CannedAnswers:
    """A tenant's, shared by its agents. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, tenant: TenantContext) -> tuple[CannedAnswer, ...]:
        """By name."""
        query = select(_ROWS).where(_ROWS.c.tenant_id == tenant.tenant_id).order_by(_ROWS.c.name)
        with self._database.tenant(tenant) as session:
            rows = session.connection().execute(query).all()
        return tuple(CannedAnswer(row.name, row.text, row.updated_at) for row in rows)

    def put(self, tenant: TenantContext, name: str, text: str) -> CannedAnswer:
        """A new one, or a new text for the one of this name. Raises InvalidInput, also where there are too many."""
        values = {"tenant_id": tenant.tenant_id, "name": _checked_name(name), "text": _checked_text(text)}
        statement = insert(_ROWS).values(values)
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            others = select(func.count()).where(_ROWS.c.tenant_id == tenant.tenant_id, _ROWS.c.name != values["name"])
            if connection.execute(others).scalar_one() >= MOST_ANSWERS:
                raise InvalidInput(f"there are {MOST_ANSWERS} canned answers already: delete some first", field="name")
            row = connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[_ROWS.c.tenant_id, _ROWS.c.name],
                    set_={"text": values["text"], "updated_at": func.clock_timestamp()},
                ).returning(_ROWS)
            ).one()
        return CannedAnswer(row.name, row.text, row.updated_at)

    def delete(self, tenant: TenantContext, name: str) -> None:
        """Raises NotFound."""
        statement = delete(_ROWS).where(_ROWS.c.tenant_id == tenant.tenant_id, _ROWS.c.name == name)
        with self._database.tenant(tenant) as session:
            deleted = session.connection().execute(statement.returning(_ROWS.c.name)).one_or_none()
        if deleted is None:
            raise NotFound(f"no canned answer is called {name[:60]!r}", field="name")


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidInput(f"name={name[:60]!r}: 1 to 40 lower-case letters, digits, - and _ are allowed", field="name")
    return name


def _checked_text(text: str) -> str:
    said = storable(text, "text").strip()
    if not 1 <= len(said) <= LONGEST_TEXT:
        raise InvalidInput(f"text has {len(said)} characters: 1 to {LONGEST_TEXT} are allowed", field="text")
    for placeholder in _PLACEHOLDER.findall(said):
        if placeholder not in PLACEHOLDERS:
            allowed = ", ".join(f"{{{{{each}}}}}" for each in PLACEHOLDERS)
            raise InvalidInput(f"{{{{{placeholder[:40]}}}}} is no placeholder: {allowed} are allowed", field="text")
    return said
