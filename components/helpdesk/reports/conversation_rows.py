"""Facts of conversations, and of the times that a person was asked for, told from the tables."""

from __future__ import annotations

from components.helpdesk.handover.urgency import VIP, VIP_VALUES
from components.helpdesk.reports.fact_query import FactQuery, day, utc
from components.helpdesk.reports.facts import CONVERSATIONS, HANDOVERS

_YES = ", ".join(f"'{value}'" for value in VIP_VALUES)
# As handover.urgency.IS_VIP has it.
_IS_VIP = f"coalesce(lower(c.customer->>'{VIP}') IN ({_YES}), false)"

# One conversation after the other, each by its key, so that a month costs what is in it and not what there is in all.
# told: what each message has to say of its conversation. A turn's lineage is carried by its first reply; its intent
# counts where it was sure enough to be acted on and no small talk answered it.
_CONVERSATIONS = f"""
SELECT c.conversation_id, c.channel, c.language, {utc("c.created_at")}, {day("c.created_at")},
    {utc("o.ended_at")}, {day("o.ended_at")}, {utc("counted.last_message_at")}, c.status, o.result,
    coalesce((o.details->>'answered')::boolean, false), coalesce((o.details->>'helped')::boolean, false),
    coalesce((o.details->>'confirmed')::boolean, false), coalesce((o.details->>'settled')::boolean, false),
    coalesce((o.details->>'verified')::boolean, false),
    coalesce(o.result = 'abandoned' AND o.details->>'ended_in' = 'waiting', false),
    coalesce(o.handovers, 0), o.handover_reason, o.wait_seconds, o.first_response_seconds, o.resolution_seconds,
    o.rating, again.reopened, {_IS_VIP}, c.priority, c.team, c.agent_id, counted.intent,
    counted.customer_messages, counted.bot_messages, counted.agent_messages,
    counted.answers, counted.refusals, counted.messages_after_answer, c.flow_version,
    (c.versions->'prompt'->>'version')::int, c.versions->>'model', (c.versions->>'index')::bigint
FROM conversations AS c
LEFT JOIN LATERAL (
    SELECT * FROM conversation_outcomes AS o
    WHERE o.tenant_id = %(tenant)s AND o.conversation_id = c.conversation_id LIMIT 1
) AS o ON true
CROSS JOIN LATERAL (
    SELECT max(created_at) AS last_message_at,
        count(*) FILTER (WHERE author = 'customer') AS customer_messages,
        count(*) FILTER (WHERE author = 'bot') AS bot_messages,
        count(*) FILTER (WHERE author = 'agent') AS agent_messages,
        count(*) FILTER (WHERE answered) AS answers,
        count(*) FILTER (WHERE NOT answered) AS refusals,
        CASE WHEN max(last_answer) IS NOT NULL
            THEN count(*) FILTER (WHERE author = 'customer' AND sequence > last_answer) END AS messages_after_answer,
        (array_agg(intent ORDER BY sequence) FILTER (WHERE intent IS NOT NULL))[1] AS intent
    FROM (
        SELECT m.sequence, m.author, m.created_at, a.answered,
            CASE WHEN lineage->'understanding'->>'response' IS NULL
                AND (lineage->'understanding'->>'confidence')::float >= (lineage->'understanding'->>'threshold')::float
                AND NOT coalesce(lineage->'steps' @> '[{{"type": "small_talk"}}]', false)
                THEN lineage->'understanding'->>'intent' END AS intent,
            max(m.sequence) FILTER (WHERE a.answered) OVER () AS last_answer
        FROM (
            SELECT sequence, author, created_at, details->'lineage' AS lineage,
                CASE WHEN author = 'bot' THEN (details->>'answer_id')::uuid END AS answer_id
            FROM messages WHERE tenant_id = %(tenant)s AND conversation_id = c.conversation_id
        ) AS m
        LEFT JOIN LATERAL (
            SELECT answered FROM answers WHERE tenant_id = %(tenant)s AND answer_id = m.answer_id LIMIT 1
        ) AS a ON true
    ) AS told
) AS counted
CROSS JOIN LATERAL (
    SELECT count(*) AS reopened FROM conversation_events AS e
    WHERE e.tenant_id = %(tenant)s AND e.conversation_id = c.conversation_id
        AND e.status_before = 'closed' AND e.status_after <> 'closed'
) AS again
WHERE c.tenant_id = %(tenant)s AND c.created_at >= %(since)s AND c.created_at < %(until)s
ORDER BY c.created_at, c.conversation_id
"""  # noqa: S608 - all of it is written here
# Asked for: by the bot or the customer, and again by a customer who writes to those who had closed it.
_HANDOVERS = f"""
SELECT e.conversation_id, e.number, {utc("e.at")}, {day("e.at")}, c.channel,
    coalesce(e.details->>'reason', e.kind), {_IS_VIP}, c.priority, c.team, {utc("ended.at")}, ended.kind,
    CASE WHEN ended.kind = 'claim' THEN ended.agent_id END, extract(epoch FROM ended.at - e.at),
    extract(epoch FROM replied.at - e.at)
FROM conversation_events AS e
JOIN conversations AS c ON c.tenant_id = %(tenant)s AND c.conversation_id = e.conversation_id
LEFT JOIN LATERAL (
    SELECT kind, agent_id, at FROM conversation_events AS later
    WHERE later.tenant_id = %(tenant)s AND later.conversation_id = e.conversation_id AND later.number > e.number
        AND later.status_before = 'waiting' AND later.status_after <> 'waiting'
    ORDER BY later.number LIMIT 1
) AS ended ON true
LEFT JOIN LATERAL (
    SELECT min(m.created_at) AS at FROM messages AS m
    WHERE ended.kind = 'claim' AND m.tenant_id = %(tenant)s AND m.conversation_id = e.conversation_id
        AND m.author = 'agent' AND m.created_at >= ended.at AND m.details->>'agent_id' = ended.agent_id::text
) AS replied ON true
WHERE e.tenant_id = %(tenant)s AND e.at >= %(since)s AND e.at < %(until)s
    AND e.kind IN ('request', 'reopen') AND e.status_after = 'waiting'
ORDER BY e.at, e.conversation_id, e.number
"""  # noqa: S608 - all of it is written here

CONVERSATION_ROWS = FactQuery(CONVERSATIONS, "conversations", "created_at", _CONVERSATIONS)
HANDOVER_ROWS = FactQuery(HANDOVERS, "conversation_events", "at", _HANDOVERS)
