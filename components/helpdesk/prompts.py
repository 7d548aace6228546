"""Each tenant's own prompts: saved as versions that never change, one of them active, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from components.core.errors import Conflict, InvalidInput
from components.core.prompts import SHIPPED_VERSION, PromptTemplate
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import PromptActivationRow, PromptRow
from components.helpdesk.audit import record_action
from components.helpdesk.prompt_files import diff_prompts
from components.helpdesk.prompt_rows import (
    ActivationHistory,
    newest_template,
    one_save_at_a_time,
    read_active,
    read_history,
    read_template,
    writing,
)
from components.helpdesk.storable import storable
from components.retrieval.prompting import ANSWER_PROMPT, check_template, shipped_prompt

LONGEST_AUTHOR = 200
LONGEST_NOTE = 500


@dataclass(frozen=True)
class PromptVersion:
    """A version as lists show it. created_at: None for the shipped one, which is older than any tenant."""

    prompt_id: str
    version: int
    author: str
    note: str
    created_at: datetime | None
    active: bool


class Prompts:
    """Versions count up from 1 for each tenant and prompt; 0 is the shipped one, active until another is.

    prompt_id is everywhere that of a shipped prompt, else InvalidPrompt names those. Rows are only ever added.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def active(self, tenant: TenantContext, prompt_id: str = ANSWER_PROMPT) -> PromptTemplate:
        """What questions are rendered with now."""
        with self._database.tenant(tenant) as session:
            return read_active(session, tenant, prompt_id)

    def get(self, tenant: TenantContext, prompt_id: str, version: int) -> PromptTemplate:
        """Raises NotFound for a version that this tenant does not have."""
        with self._database.tenant(tenant) as session:
            return read_template(session, tenant, prompt_id, version)

    def versions(self, tenant: TenantContext, prompt_id: str = ANSWER_PROMPT) -> list[PromptVersion]:
        """All there are, the newest first, the shipped one last."""
        shipped = shipped_prompt(prompt_id)
        columns = (PromptRow.version, PromptRow.author, PromptRow.note, PromptRow.created_at)
        of_prompt = (PromptRow.tenant_id == tenant.tenant_id, PromptRow.prompt_id == prompt_id)
        with self._database.tenant(tenant) as session:
            rows = session.execute(select(*columns).where(*of_prompt).order_by(PromptRow.version.desc())).all()
            active = read_history(session, tenant, prompt_id).active
        return [
            *(PromptVersion(prompt_id, *row, active=row.version == active) for row in rows),
            PromptVersion(prompt_id, shipped.version, "helpdesk", "shipped", None, active == SHIPPED_VERSION),
        ]

    def save(self, tenant: TenantContext, prompt_id: str, system: str, user: str, *, author: str, note: str) -> int:
        """The version it became, not active yet; or the newest version, where that says the same already.

        Raises InvalidPrompt where it does not compile, render, or show the question and the passages.
        """
        shipped_prompt(prompt_id)
        system, user = (
            storable(text, part).replace("\r\n", "\n") for part, text in (("system", system), ("user", user))
        )
        author, note = _label(author, "author", LONGEST_AUTHOR), _label(note, "note", LONGEST_NOTE)
        check_template(PromptTemplate(prompt_id, SHIPPED_VERSION, system, user))
        with writing(self._database, tenant) as session:
            one_save_at_a_time(session, tenant, prompt_id)
            newest = newest_template(session, tenant, prompt_id)
            if (newest.system, newest.user) == (system, user):
                return newest.version
            version = newest.version + 1
            session.add(
                PromptRow(
                    tenant_id=tenant.tenant_id,
                    prompt_id=prompt_id,
                    version=version,
                    system=system,
                    user=user,
                    author=author,
                    note=note,
                )
            )
            details = {"prompt_id": prompt_id, "version": version, "author": author, "note": note}
            record_action(session, tenant.tenant_id, "prompt.saved", details)
        return version

    def activate(
        self, tenant: TenantContext, prompt_id: str, version: int, author: str, *, anyway: str | None = None
    ) -> None:
        """From the next question on this version is rendered; nothing is done where it is already. anyway: why, though
        an evaluation speaks against it, for the audit log.

        Raises NotFound, Conflict where another activation came in between, and InvalidPrompt where a saved
        template does not pass what save checks today.
        """
        author = _label(author, "author", LONGEST_AUTHOR)
        with writing(self._database, tenant) as session:
            history = read_history(session, tenant, prompt_id)
            if history.active != version:
                more = {} if anyway is None else {"anyway": _label(anyway, "anyway", LONGEST_NOTE)}
                _activate(session, tenant, prompt_id, history, version, author, "prompt.activated", more)

    def rollback(self, tenant: TenantContext, prompt_id: str, author: str) -> int:
        """Activates the version that was active before the active one, and returns it. Again and again it walks
        further back, to the shipped one; activating the version before by hand is the same step.

        Raises Conflict where there is nothing before, or another activation came in between.
        """
        author = _label(author, "author", LONGEST_AUTHOR)
        with writing(self._database, tenant) as session:
            history = read_history(session, tenant, prompt_id)
            if len(history.way) == 1:
                raise Conflict(f"prompt {prompt_id!r}: version {history.active} is active, and none was before it")
            version = history.way[-2]
            _activate(session, tenant, prompt_id, history, version, author, "prompt.rolled_back")
        return version

    def diff(self, tenant: TenantContext, prompt_id: str, a: int, b: int) -> str:
        """What changed from version `a` to version `b`, a unified diff of their files. Raises NotFound."""
        with self._database.tenant(tenant) as session:
            return diff_prompts(
                read_template(session, tenant, prompt_id, a), read_template(session, tenant, prompt_id, b)
            )


def _activate(
    session: Session,
    tenant: TenantContext,
    prompt_id: str,
    history: ActivationHistory,
    version: int,
    author: str,
    action: str,
    more: Mapping[str, str] = {},
) -> None:
    template = read_template(session, tenant, prompt_id, version)
    check_template(template)
    session.add(
        PromptActivationRow(
            tenant_id=tenant.tenant_id,
            prompt_id=prompt_id,
            sequence=history.sequence + 1,
            version=version,
            author=author,
        )
    )
    details = {"prompt_id": prompt_id, "version": version, "before": history.active, "author": author, **more}
    record_action(session, tenant.tenant_id, action, details)


def _label(text: str, field: str, longest: int) -> str:
    text = storable(text, field).strip()
    if not text or len(text) > longest:
        raise InvalidInput(f"{field} has {len(text)} characters: 1 to {longest} are allowed", field=field)
    return text
