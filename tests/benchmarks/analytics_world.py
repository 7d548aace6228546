"""A year of one tenant's conversations, made by PostgreSQL itself: what a benchmark of analytics stands on."""

from __future__ import annotations

from uuid import UUID

import psutil
import psycopg

# A conversation has 3, 5, 7, 9 or 11 messages: a greeting, then question and reply in turn; two replies of three are
# from the knowledge, a tenth is handed over and answered by an agent.
_FILL = """
SET session_replication_role = replica;
CREATE TEMP TABLE made AS
SELECT n, md5('conversation' || n)::uuid AS id, 3 + 2 * (n * 7 % 5) AS messages, n % 10 = 3 AS asked,
    timestamptz '2025-12-01 00:00+00' + n * interval '364 days' / %(count)s AS at,
    (ARRAY['web', 'web', 'web', 'email', 'whatsapp', 'slack'])[1 + n % 6] AS channel,
    (ARRAY['return_item', 'order_status', 'refund', 'shipping', 'opening_hours', 'warranty'])[1 + n * 5 % 6] AS intent
FROM generate_series(1, %(count)s) AS n;

INSERT INTO conversations (conversation_id, tenant_id, channel, customer, status, flow_version, language, versions,
    last_sequence, created_at, updated_at, changes)
SELECT id, %(tenant)s, channel, CASE WHEN n % 50 = 3 THEN '{"vip": "true"}' ELSE '{}' END::jsonb, 'closed', 1, 'en',
    '{"prompt": {"id": "answer", "version": 3}, "model": "qwen3", "index": 12, "flows": 1}', messages, at,
    at + messages * interval '40 s', 2
FROM made;

INSERT INTO conversation_outcomes (tenant_id, conversation_id, result, handover_reason, handovers, wait_seconds,
    first_response_seconds, resolution_seconds, rating, details, started_at, ended_at, updated_at)
SELECT %(tenant)s, id, CASE WHEN asked THEN 'handed_over' WHEN n % 4 = 0 THEN 'verified' WHEN n % 9 = 0 THEN 'abandoned'
    ELSE 'contained' END, CASE WHEN asked THEN 'asked_for_a_person' END, asked::int,
    CASE WHEN asked THEN n % 900 END, CASE WHEN asked THEN n % 900 + 20 END, messages * 40,
    CASE WHEN n % 7 = 0 THEN 1 + n % 5 END,
    jsonb_build_object('answered', true, 'ended_in', 'bot')
        || CASE WHEN asked THEN '{"helped": true}' ELSE '{}' END::jsonb
        || CASE WHEN n % 4 = 0 THEN '{"settled": true, "verified": true}' ELSE '{}' END::jsonb,
    at, at + messages * interval '40 s', at
FROM made;

INSERT INTO conversation_events (tenant_id, conversation_id, number, kind, actor, agent_id, status_before, status_after,
    details, at)
SELECT %(tenant)s, id, number, kind, 'bot', CASE WHEN kind <> 'request' THEN md5('agent' || n % 8)::uuid END,
    before, after, CASE WHEN kind = 'request' THEN '{"reason": "asked_for_a_person", "node": "main/human"}' ELSE '{}'
    END::jsonb, at + messages * interval '35 s' + number * interval '60 s'
FROM made JOIN (VALUES (true, 1, 'request', 'bot', 'waiting'), (true, 2, 'claim', 'waiting', 'agent'),
    (true, 3, 'resolve', 'agent', 'closed'), (false, 1, 'expire', 'bot', 'closed'))
    AS event (asked, number, kind, before, after) USING (asked);

INSERT INTO messages (tenant_id, conversation_id, sequence, author, text, client_message_id, reply_to, details,
    handled_at, created_at)
SELECT %(tenant)s, id, s, author, repeat('Where is my parcel, please? ', 3),
    CASE WHEN author = 'customer' THEN 'c' || s END,
    CASE WHEN author = 'bot' AND s > 1 THEN s - 1 END,
    CASE WHEN author <> 'bot' THEN '{}' WHEN s = 1 THEN '{"lineage": {"node": "main/hello"}}'::jsonb
    ELSE jsonb_build_object('lineage', jsonb_build_object(
        'node', 'main/answer', 'trace_id', md5(n || '/' || s), 'language', 'en',
        'steps', jsonb_build_array(
            jsonb_build_object('node', 'main/listen', 'type', 'listen', 'what', 'understood ' || intent),
            jsonb_build_object('node', 'main/answer', 'type', 'answer', 'what', 'answered from the knowledge')),
        'seconds', jsonb_build_object('nlu', 0.012, 'answer', 0.1 + n % 100 / 100.0, 'work', 0, 'store', 0.002),
        'understanding', jsonb_build_object('intent', intent, 'confidence', 0.4 + n % 60 / 100.0, 'threshold', 0.5,
            'engine', 'rasa', 'fallback', NULL, 'response', NULL, 'entities', '[]'::jsonb, 'seconds', 0.012)))
    || CASE WHEN s % 6 = 1 THEN '{}'::jsonb ELSE jsonb_build_object('answer_id', md5('answer' || n || '/' || s)::uuid,
        'citations', jsonb_build_array(jsonb_build_object('number', 1, 'chunk_id', md5('k' || n % 4000), 'document_id',
            'help/' || n % 800 || '.md', 'title', 'Returns and refunds', 'section', 'Returns', 'passage',
            repeat(md5('p' || n % 4000), 14), 'quote', repeat(md5('p' || n % 4000), 3), 'start', 0, 'end', 96,
            'score', 0.7)))
        END END,
    CASE WHEN author = 'customer' THEN at + s * interval '40 s' + interval '2 s' END,
    at + s * interval '40 s' - CASE WHEN author = 'bot' THEN interval '38 s' ELSE interval '0 s' END
FROM made CROSS JOIN LATERAL generate_series(1, messages) AS s
CROSS JOIN LATERAL (
    SELECT CASE WHEN s % 2 = 0 THEN 'customer' WHEN asked AND s = messages THEN 'agent' ELSE 'bot' END
) AS by (author)
ORDER BY n, s;

INSERT INTO answers (answer_id, tenant_id, question, text, answered, confidence, threshold, model, pipeline,
    index_version, citations, passages, seconds, channel, created_at, top_k, reason, prompt_id, prompt_version,
    provider, input_tokens, output_tokens, cost, currency)
SELECT (details->>'answer_id')::uuid, %(tenant)s, text, repeat('Parcels arrive in three days. ', 5), n % 8 <> 0,
    0.2 + n % 80 / 100.0, 0.35, (ARRAY['qwen3', 'llama3', 'extractive'])[1 + n % 3], 'late_interaction', 12,
    details->'citations', (SELECT jsonb_agg(jsonb_build_object('chunk_id', md5('k' || i), 'document_id', 'help/' || i,
        'scores', jsonb_build_object('vector', 0.1 * i, 'text', 0.2 * i, 'late', 0.3 * i)))
        FROM generate_series(1, 8) AS i),
    '{"retrieve": 0.03, "generate": 0.4, "total": 0.43}', channel, m.created_at - interval '1 s', 5,
    CASE WHEN n % 8 = 0 THEN 'not_in_knowledge' END, 'answer', 3, 'tgi', 900, 120, 0.0004, 'EUR'
FROM messages AS m JOIN made ON m.conversation_id = id WHERE tenant_id = %(tenant)s AND details ? 'answer_id'
ORDER BY n, sequence;

INSERT INTO feedback (feedback_id, tenant_id, answer_id, rating, created_at)
SELECT gen_random_uuid(), tenant_id, answer_id, CASE WHEN confidence > 0.5 THEN 1 ELSE -1 END,
    created_at + interval '20 s'
FROM answers WHERE tenant_id = %(tenant)s AND hashtext(answer_id::text) % 10 = 0;

INSERT INTO model_calls (call_id, tenant_id, model, provider, input_tokens, output_tokens, estimated, cost, currency,
    seconds, created_at, purpose, channel, conversation_id)
SELECT gen_random_uuid(), a.tenant_id, model, 'tgi', input_tokens, output_tokens, false, cost, currency, 0.4,
    a.created_at, 'customer', channel, conversation_id
FROM answers AS a JOIN messages AS m ON (m.details->>'answer_id')::uuid = a.answer_id
WHERE a.tenant_id = %(tenant)s AND m.tenant_id = %(tenant)s AND model <> 'extractive';

INSERT INTO model_calls (call_id, tenant_id, model, provider, input_tokens, output_tokens, estimated, cost, currency,
    seconds, created_at, purpose)
SELECT gen_random_uuid(), %(tenant)s, 'small', 'tgi', 800, 90, false, 0.0003, 'EUR', 0.4, at,
    CASE WHEN n % 20 = 0 THEN 'unknown' ELSE 'evaluation' END
FROM made WHERE n % 10 = 0;

INSERT INTO tickets (ticket_id, tenant_id, session_id, status, created_at, updated_at, number, channel,
    first_response_minutes, first_response_due, first_response_at, resolution_minutes, resolution_due)
SELECT gen_random_uuid(), %(tenant)s, id, 'open', at AT TIME ZONE 'UTC', at AT TIME ZONE 'UTC', n, channel, 60,
    at + interval '1 hour', CASE WHEN n % 2 = 0 THEN at + n % 5 * interval '20 min' END, 600, at + interval '10 hours'
FROM made WHERE n % 30 = 0;
SET session_replication_role = origin;
"""
# What the statements of a turn do to the rows, one turn after the other in conversations that are there.
_TURNS = """
DO $$
DECLARE
    talk record;
BEGIN
    FOR talk IN SELECT * FROM conversations WHERE tenant_id = %(tenant)s ORDER BY created_at DESC LIMIT %(turns)s LOOP
        INSERT INTO messages (tenant_id, conversation_id, sequence, author, text, client_message_id, created_at)
        VALUES (talk.tenant_id, talk.conversation_id, talk.last_sequence + 101, 'customer', '?', 'x',
            clock_timestamp());
        UPDATE conversations SET last_sequence = last_sequence + 1, updated_at = clock_timestamp(),
            turn_until = clock_timestamp() WHERE conversation_id = talk.conversation_id;
        UPDATE conversations SET state = '{"frames": [{"flow": "main", "node": "listen"}]}', turn_until = NULL,
            last_sequence = last_sequence + 1, updated_at = clock_timestamp()
        WHERE conversation_id = talk.conversation_id;
        UPDATE messages SET handled_at = clock_timestamp() WHERE tenant_id = talk.tenant_id
            AND conversation_id = talk.conversation_id AND sequence = talk.last_sequence + 101;
        INSERT INTO messages (tenant_id, conversation_id, sequence, author, text, reply_to, details, created_at)
        VALUES (talk.tenant_id, talk.conversation_id, talk.last_sequence + 102, 'bot', '!', talk.last_sequence + 101,
            jsonb_build_object('lineage', repeat('x', 700)), clock_timestamp());
    END LOOP;
END $$
"""
_UNFOLLOWED = """
ALTER TABLE messages DISABLE TRIGGER USER;
ALTER TABLE conversations DISABLE TRIGGER USER;
DROP INDEX ix_messages_changed_in, ix_messages_created_at, ix_conversations_changed_in, ix_conversations_created_at;
ALTER TABLE messages ALTER changed_in SET DEFAULT 1;
"""
TABLES = (
    "conversations", "conversation_outcomes", "conversation_events", "messages", "answers", "feedback", "model_calls",
    "tickets",
)  # fmt: skip


def fill(connection: psycopg.Connection[tuple[object, ...]], tenant_id: UUID, conversations: int) -> None:
    """connection: a superuser's, committing by itself. Seven messages a conversation on average."""
    values = {"tenant": tenant_id, "count": conversations}
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute(_FILL.replace(" % ", " %% "), values)
    connection.execute(f"VACUUM ANALYZE {', '.join(TABLES)}")


def more_messages(connection: psycopg.Connection[tuple[object, ...]], tenant_id: UUID, count: int) -> None:
    """Questions that nobody has answered yet, in the last conversations."""
    connection.execute(
        "INSERT INTO messages (tenant_id, conversation_id, sequence, author, text, created_at) "
        "SELECT tenant_id, conversation_id, 50, 'customer', '?', updated_at FROM conversations WHERE tenant_id = %s "
        "ORDER BY created_at DESC LIMIT %s",
        [tenant_id, count],
    )


def write_turns(
    connection: psycopg.Connection[tuple[object, ...]], tenant_id: UUID, turns: int, *, followed: bool
) -> float:
    """CPU seconds that the rows of so many turns take within PostgreSQL; nothing of it stays. followed: with all that
    following changes takes."""
    backend = psutil.Process(connection.info.backend_pid)
    with connection.transaction(force_rollback=True), psycopg.ClientCursor(connection) as cursor:
        if not followed:
            cursor.execute(_UNFOLLOWED)
        began = sum(backend.cpu_times()[:2])
        cursor.execute(_TURNS, {"tenant": tenant_id, "turns": turns})
        return float(sum(backend.cpu_times()[:2]) - began)
