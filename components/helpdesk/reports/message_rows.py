"""Facts of messages, told from the tables."""

from __future__ import annotations

from components.helpdesk.reports.fact_query import FactQuery, day, utc
from components.helpdesk.reports.facts import MESSAGES

# A turn's lineage is carried by its first reply, which is stored at the moment that its message is handled.
_MESSAGES = f"""
WITH said AS MATERIALIZED (
    SELECT conversation_id, sequence, created_at, author, handled_at, reply_to, details->>'answer_id' AS answer_id,
        details->'lineage' AS lineage
    FROM messages WHERE tenant_id = %(tenant)s AND created_at >= %(since)s AND created_at < %(until)s
), turns AS (
    SELECT DISTINCT ON (conversation_id, reply_to) conversation_id, reply_to,
        lineage->'understanding' AS u, lineage->'seconds' AS s
    FROM (
        SELECT conversation_id, reply_to, sequence, lineage FROM said WHERE reply_to IS NOT NULL
        UNION ALL
        SELECT conversation_id, reply_to, sequence, details->'lineage' FROM messages
        WHERE tenant_id = %(tenant)s AND reply_to IS NOT NULL AND created_at >= %(until)s
            AND created_at <= (SELECT max(handled_at) FROM said)
    ) AS replies
    WHERE lineage ? 'seconds' ORDER BY conversation_id, reply_to, sequence
), channels AS (
    SELECT conversation_id, channel
    FROM (SELECT DISTINCT conversation_id FROM said) AS had
    CROSS JOIN LATERAL (
        SELECT c.channel FROM conversations AS c
        WHERE c.tenant_id = %(tenant)s AND c.conversation_id = had.conversation_id LIMIT 1
    ) AS c
)
SELECT m.conversation_id, m.sequence, {utc("m.created_at")}, {day("m.created_at")}, c.channel, m.author,
    turn.u->>'intent', (turn.u->>'confidence')::float, turn.u->>'engine',
    CASE WHEN turn.u IS NOT NULL THEN turn.u->>'intent' IS NULL
        OR (turn.u->>'confidence')::float < (turn.u->>'threshold')::float END,
    m.lineage->>'node', m.answer_id,
    CASE WHEN turn.s IS NOT NULL THEN coalesce((turn.s->>'nlu')::float, 0) + coalesce((turn.s->>'answer')::float, 0)
        + coalesce((turn.s->>'work')::float, 0) + coalesce((turn.s->>'store')::float, 0) END
FROM said AS m
JOIN channels AS c USING (conversation_id)
LEFT JOIN turns AS turn
    ON m.author = 'customer' AND turn.conversation_id = m.conversation_id AND turn.reply_to = m.sequence
ORDER BY m.created_at, m.conversation_id, m.sequence
"""  # noqa: S608 - all of it is written here

MESSAGE_ROWS = FactQuery(MESSAGES, "messages", "created_at", _MESSAGES)
