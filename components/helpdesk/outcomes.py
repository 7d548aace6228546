"""How conversations went: read, rated by customers, settled by the clock and counted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, and_, exists, or_, select, text

from components.core.errors import Conflict, InvalidInput
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.conversations.store import MESSAGES, OF_MESSAGES, keys, read_conversation
from components.helpdesk.feedback import LONGEST_COMMENT
from components.helpdesk.outcome_figures import OutcomeFigures, read_figures
from components.helpdesk.outcome_rows import OUTCOMES, find_outcome, outcome_of, retell, store_outcome
from components.helpdesk.outcome_rules import Outcome, rated, settled
from components.helpdesk.storable import storable

MOST_SETTLED = 200
FEWEST_STARS, MOST_STARS = 1, 5

# To the letter as the index has it.
_UNSETTLED = text("NOT details ? 'settled'")
# What a customer has to judge by.
_ANSWERS = or_(MESSAGES.c.author == "agent", and_(MESSAGES.c.author == "bot", MESSAGES.c.reply_to.is_not(None)))


class Outcomes:
    """Reads and rates. Every method raises DatabaseUnavailable, and NotFound for a conversation that the tenant does
    not have."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant: TenantContext, conversation_id: UUID) -> Outcome:
        """As it is recorded."""
        with self._database.tenant(tenant) as session:
            return _known(
                session.connection(), tenant, read_conversation(session.connection(), tenant, conversation_id)
            )

    def retold(
        self, tenant: TenantContext, conversation_id: UUID, *, as_of: datetime | None = None, window: timedelta
    ) -> Outcome:
        """From events and messages anew, with the rating that is recorded; as_of: when it is judged whether the
        customer has come back, not at all by default. window: see outcome_rules.settled."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            row = read_conversation(connection, tenant, conversation_id)
            recorded, outcome = find_outcome(connection, tenant, conversation_id), retell(connection, tenant, row)
        if recorded is not None and recorded.rating is not None:
            outcome = rated(outcome, recorded.rating, recorded.comment)
        return outcome if as_of is None else settled(outcome, as_of, window)

    def rate(self, tenant: TenantContext, conversation_id: UUID, stars: int, comment: str | None = None) -> Outcome:
        """The customer's judgement of the conversation; sent again, it replaces the one before. Raises InvalidInput,
        Conflict where nobody has answered the customer yet."""
        if not FEWEST_STARS <= stars <= MOST_STARS:
            raise InvalidInput(f"stars={stars}: {FEWEST_STARS} to {MOST_STARS} are allowed", field="stars")
        said = storable(comment, "comment").strip() if comment else None
        if said is not None and len(said) > LONGEST_COMMENT:
            raise InvalidInput(
                f"comment has {len(said)} characters: up to {LONGEST_COMMENT} are allowed", field="comment"
            )
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            row = read_conversation(connection, tenant, conversation_id, locked=True)
            answered = select(exists().where(OF_MESSAGES, _ANSWERS))
            if row.status != "closed" and not connection.execute(answered, keys(tenant, conversation_id)).scalar_one():
                raise Conflict("nobody has answered in this conversation yet: rate it once somebody has")
            found = find_outcome(connection, tenant, conversation_id)
            outcome = rated(found or retell(connection, tenant, row), stars, said or None)
            store_outcome(connection, tenant, conversation_id, outcome, known=found is not None)
            return outcome

    def settle(self, tenant: TenantContext, as_of: datetime, window: timedelta) -> int:
        """Records of whom it is now certain that they have not come back; how many there were, 200 at most. window:
        in which a customer who comes back reopens it."""
        due = (
            select(OUTCOMES)
            .where(
                OUTCOMES.c.tenant_id == tenant.tenant_id,
                OUTCOMES.c.ended_at < as_of - window,
                _UNSETTLED,
            )
            .limit(MOST_SETTLED)
            .with_for_update(skip_locked=True)
        )
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            rows = connection.execute(due).all()
            for row in rows:
                store_outcome(
                    connection, tenant, row.conversation_id, settled(outcome_of(row), as_of, window), known=True
                )
        return len(rows)

    def figures(self, tenant: TenantContext, since: datetime, until: datetime) -> OutcomeFigures:
        """Of the conversations that ended from `since` on and before `until`; both with a time zone."""
        if since >= until:
            raise InvalidInput(f"since={since.isoformat()} is not before until={until.isoformat()}", field="since")
        with self._database.tenant(tenant) as session:
            return read_figures(session.connection(), tenant, since, until)


def _known(connection: Connection, tenant: TenantContext, conversation: Row[Any]) -> Outcome:
    found = find_outcome(connection, tenant, conversation.conversation_id)
    return retell(connection, tenant, conversation) if found is None else found
