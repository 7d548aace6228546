"""Which months of which datasets are to be told anew: those that a row has come to, has changed in or has gone from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from components.core.tenant import TenantContext
from components.helpdesk.reports.fact_query import FactQuery

MonthsByDataset = Mapping[str, tuple[str, ...]]


def _month(moment: str) -> str:
    return f"to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM')"


def _changed(table: str) -> str:
    return f"SELECT * FROM {table} WHERE tenant_id = :tenant AND changed_in >= :since"  # noqa: S608 - names of our own


# A conversation's row tells of all that belongs to it, a handover's of its conversation, its later events and messages,
# an answer's of its thumb and of the message that tells it, a customer's message's of its first reply.
_CHANGED = text(f"""
WITH told AS MATERIALIZED ({_changed("messages")}), answered AS MATERIALIZED ({_changed("answers")}), touched AS (
    SELECT conversation_id FROM conversations WHERE tenant_id = :tenant AND changed_in >= :since
    UNION SELECT conversation_id FROM conversation_outcomes WHERE tenant_id = :tenant AND changed_in >= :since
    UNION SELECT conversation_id FROM conversation_events WHERE tenant_id = :tenant AND changed_in >= :since
    UNION SELECT conversation_id FROM told
    UNION SELECT m.conversation_id FROM messages AS m JOIN answered AS a ON m.details->>'answer_id' = a.answer_id::text
    WHERE m.tenant_id = :tenant AND m.created_at
        BETWEEN (SELECT min(created_at) - interval '1 day' FROM answered)
            AND (SELECT max(created_at) + interval '1 day' FROM answered)
)
SELECT 'conversations', {_month("created_at")} FROM conversations JOIN touched USING (conversation_id)
WHERE tenant_id = :tenant
UNION SELECT 'handovers', {_month("at")} FROM conversation_events JOIN touched USING (conversation_id)
WHERE tenant_id = :tenant
UNION SELECT 'messages', {_month("created_at")} FROM told
UNION SELECT 'messages', {_month("m.created_at")} FROM told JOIN messages AS m
    ON m.tenant_id = :tenant AND m.conversation_id = told.conversation_id AND m.sequence = told.reply_to
UNION SELECT unnest(ARRAY['answers', 'citations']), {_month("created_at")} FROM answered
UNION SELECT 'answers', {_month("a.created_at")} FROM told JOIN answers AS a
    ON a.tenant_id = :tenant AND a.answer_id = (told.details->>'answer_id')::uuid
UNION SELECT 'answers', {_month("a.created_at")} FROM ({_changed("feedback")}) AS f JOIN answers AS a
    ON a.tenant_id = :tenant AND a.answer_id = f.answer_id
UNION SELECT 'model_calls', {_month("created_at")} FROM ({_changed("model_calls")}) AS called
UNION SELECT 'tickets', to_char(created_at, 'YYYY-MM') FROM tickets
WHERE tenant_id = :tenant AND (changed_in >= :since
    OR (first_response_at IS NULL AND first_response_due >= :judged_at AND first_response_due < :as_of)
    OR (resolved_at IS NULL AND resolution_due >= :judged_at AND resolution_due < :as_of))
""")  # noqa: S608 - all of it is written here
_GONE = text("SELECT source, month FROM fact_deletions WHERE tenant_id = :tenant AND changed_in >= :since")


def changed_months(
    connection: Connection,
    tenant: TenantContext,
    queries: Sequence[FactQuery],
    since: int,
    judged_at: datetime,
    as_of: datetime,
) -> MonthsByDataset:
    """Since the transaction `since`. judged_at: when it was last told which tickets are late; as_of: when it is now."""
    values = {"tenant": tenant.tenant_id, "since": since, "judged_at": judged_at, "as_of": as_of}
    found: dict[str, set[str]] = {query.dataset.name: set() for query in queries}
    for dataset, month in connection.execute(_CHANGED, values):
        found[dataset].add(month)
    for source, month in connection.execute(_GONE, {"tenant": tenant.tenant_id, "since": since}):
        for query in queries:
            if query.source == source:
                found[query.dataset.name].add(month)
    return {dataset: tuple(sorted(months)) for dataset, months in found.items() if months}


def all_months(
    connection: Connection, tenant: TenantContext, queries: Sequence[FactQuery], known: MonthsByDataset
) -> MonthsByDataset:
    """From the first to the last that the tables have rows of, and those that are `known`."""
    found: dict[str, tuple[str, ...]] = {}
    for query in queries:
        ends = f"SELECT min({query.moment}), max({query.moment}) FROM {query.source} WHERE tenant_id = :tenant"  # noqa: S608
        first, last = connection.execute(text(ends), {"tenant": tenant.tenant_id}).one()
        months = set(known.get(query.dataset.name, ()))
        months |= set(_months_between(first, last)) if first else set()
        found[query.dataset.name] = tuple(sorted(months))
    return found


def bounds(month: str) -> tuple[datetime, datetime]:
    """The first moments of the month and of the next one."""
    year, number = map(int, month.split("-"))
    return datetime(year, number, 1, tzinfo=UTC), datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)


def _months_between(first: datetime, last: datetime) -> Iterator[str]:
    month = f"{first.astimezone(UTC):%Y-%m}"
    while month <= f"{last.astimezone(UTC):%Y-%m}":
        yield month
        month = f"{bounds(month)[1]:%Y-%m}"
