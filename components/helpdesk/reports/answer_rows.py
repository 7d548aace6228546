"""Facts of answers, of the passages that they quote and of calls of language models, told from the tables."""

from __future__ import annotations

from components.helpdesk.inside_channels import INSIDE
from components.helpdesk.reports.fact_query import FactQuery, day, utc
from components.helpdesk.reports.facts import ANSWERS, CITATIONS, MODEL_CALLS

_OF_CUSTOMERS = f"a.channel NOT IN ({', '.join(map(repr, INSIDE))})"
# A conversation's answer is told in it within a day, by one message.
_ANSWERS = f"""
WITH telling AS (
    SELECT DISTINCT ON (answer_id) answer_id, conversation_id
    FROM (
        SELECT conversation_id, sequence, (details->>'answer_id')::uuid AS answer_id FROM messages
        WHERE tenant_id = %(tenant)s AND author = 'bot' AND created_at >= %(since)s::timestamptz - interval '1 day'
            AND created_at < %(until)s::timestamptz + interval '1 day'
    ) AS replies
    WHERE answer_id IS NOT NULL ORDER BY answer_id, conversation_id, sequence
)
SELECT a.answer_id, telling.conversation_id, {utc("a.created_at")}, {day("a.created_at")}, a.channel, a.answered,
    a.reason, a.confidence, a.threshold, a.model, a.provider, a.pipeline, a.index_version, a.prompt_id,
    a.prompt_version, a.input_tokens, a.output_tokens, a.cost, a.currency, a.cache_hit, a.retries,
    (a.seconds->>'total')::float, f.rating, jsonb_array_length(a.citations)
FROM answers AS a
LEFT JOIN feedback AS f ON f.tenant_id = %(tenant)s AND f.answer_id = a.answer_id
LEFT JOIN telling ON telling.answer_id = a.answer_id
WHERE a.tenant_id = %(tenant)s AND a.created_at >= %(since)s AND a.created_at < %(until)s AND {_OF_CUSTOMERS}
ORDER BY a.created_at, a.answer_id
"""  # noqa: S608 - all of it is written here
_CITATIONS = f"""
SELECT a.answer_id, quoted.value->>'number', {utc("a.created_at")}, {day("a.created_at")}, a.channel,
    quoted.value->>'document_id', quoted.value->>'chunk_id'
FROM answers AS a CROSS JOIN LATERAL jsonb_array_elements(a.citations) AS quoted
WHERE a.tenant_id = %(tenant)s AND a.created_at >= %(since)s AND a.created_at < %(until)s AND {_OF_CUSTOMERS}
ORDER BY a.created_at, a.answer_id, (quoted.value->>'number')::int
"""  # noqa: S608 - all of it is written here
_MODEL_CALLS = f"""
SELECT call_id, {utc("created_at")}, {day("created_at")}, model, provider, input_tokens, output_tokens, cost, currency,
    error, seconds, purpose, channel, conversation_id
FROM model_calls
WHERE tenant_id = %(tenant)s AND created_at >= %(since)s AND created_at < %(until)s
ORDER BY created_at, call_id
"""  # noqa: S608 - all of it is written here

ANSWER_ROWS = FactQuery(ANSWERS, "answers", "created_at", _ANSWERS)
CITATION_ROWS = FactQuery(CITATIONS, "answers", "created_at", _CITATIONS)
MODEL_CALL_ROWS = FactQuery(MODEL_CALLS, "model_calls", "created_at", _MODEL_CALLS)
