"""From unanswered questions to the topics that the knowledge lacks: kept, so that who looks at them needs no model."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from time import perf_counter

import numpy as np
from sqlalchemy import delete

from components.core.answers import Passage
from components.core.embeddings import Embedder, Vector
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import KnowledgeGapRow
from components.helpdesk.evaluation.personal_data import PersonalDataRemover, RuleBasedRemover
from components.helpdesk.grounded_writer import GroundedWriter
from components.helpdesk.looks import GAPS, store_look
from components.helpdesk.reports.knowledge.gap_clusters import cluster, label_of
from components.helpdesk.reports.knowledge.gap_drafts import draft_article
from components.helpdesk.reports.knowledge.gap_questions import (
    UnansweredQuestion,
    count_unanswered,
    unanswered_questions,
)
from components.models.word_evidence import content_words
from components.vectors.snapshot import IndexSnapshot
from components.vectors.tenant_index import TenantIndex

MOST_QUESTIONS = 2000
MOST_GAPS = 50
FEWEST = 2
DAYS = 30
_EXAMPLES = 5
_NEAREST = 3
_SEARCHED = 8
_BATCH = 64
# Drafts that a language model is asked for a run, of the topics asked most.
_WRITTEN = 10


@dataclass(frozen=True)
class GapSearch:
    """unanswered: questions of the period; read: the newest of them that were grouped. gaps: topics asked at least
    twice, at most 50; alone: questions that no other one is like."""

    unanswered: int
    read: int
    gaps: int
    alone: int
    seconds: float


@dataclass(frozen=True)
class _Topic:
    questions: tuple[UnansweredQuestion, ...]
    middle: Vector


def look_for_gaps(
    database: Database,
    tenant: TenantContext,
    index: TenantIndex,
    embedder: Embedder,
    *,
    writer: GroundedWriter | None = None,
    personal: PersonalDataRemover | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> GapSearch:
    """Groups what customers asked in [since, until), the last 30 days by default, and replaces what was found before.

    writer: has a language model begin the drafts, where the tenant has one. personal: takes personal data
    out of what is kept, by rules by default. Raises ModelUnavailable, ModelMismatch, DatabaseUnavailable.
    """
    started = perf_counter()
    remove = (personal or RuleBasedRemover()).remove
    until = until or datetime.now(UTC)
    since = since or until - timedelta(days=DAYS)
    with database.tenant(tenant) as session:
        total = count_unanswered(session, since, until)
        questions = unanswered_questions(session, since, until, MOST_QUESTIONS)
    topics = _topics(questions, embedder, on_progress)
    gaps = [topic for topic in topics if len(topic.questions) >= FEWEST][:MOST_GAPS]
    served = index.served()
    every = [content_words(each.question) for each in questions]
    rows = [
        _row(tenant, rank, topic, every, served, writer if rank <= _WRITTEN else None, remove, since, until)
        for rank, topic in enumerate(gaps, start=1)
    ]
    alone = sum(len(topic.questions) < FEWEST for topic in topics)
    with database.tenant(tenant) as session:
        session.execute(delete(KnowledgeGapRow))
        session.add_all(rows)
        figures = {"unanswered": total, "read": len(questions), "gaps": len(rows), "alone": alone}
        period = {"since": since.isoformat(), "until": until.isoformat()}
        store_look(session, tenant, GAPS, datetime.now(UTC), {**figures, **period})
    return GapSearch(total, len(questions), len(rows), alone, perf_counter() - started)


def _topics(
    questions: Sequence[UnansweredQuestion], embedder: Embedder, on_progress: Callable[[int, int], None] | None
) -> list[_Topic]:
    """Those asked most first, then the newest. The same words count each time they are asked, and are embedded once."""
    asked: dict[str, list[UnansweredQuestion]] = defaultdict(list)
    for each in questions:
        asked[" ".join(each.question.casefold().split())].append(each)
    texts = list(asked)
    vectors: list[Vector] = []
    for start in range(0, len(texts), _BATCH):
        vectors += [embedder.embed_query(text).vector for text in texts[start : start + _BATCH]]
        if on_progress:
            on_progress(len(vectors), len(texts))
    groups: dict[int, list[int]] = defaultdict(list)
    for place, group in enumerate(cluster(vectors)):
        groups[int(group)].append(place)
    topics = [_topic(places, texts, vectors, asked) for places in groups.values()]
    return sorted(topics, key=lambda topic: (-len(topic.questions), -max(q.at for q in topic.questions).timestamp()))


def _topic(
    places: Sequence[int],
    texts: Sequence[str],
    vectors: Sequence[Vector],
    asked: dict[str, list[UnansweredQuestion]],
) -> _Topic:
    """The questions nearest to its middle in front."""
    weights = np.array([len(asked[texts[place]]) for place in places], dtype=np.float32)
    middle = np.asarray(np.average([vectors[place] for place in places], axis=0, weights=weights), dtype=np.float32)
    order = sorted(places, key=lambda place: (-float(vectors[place] @ middle), place))
    return _Topic(tuple(question for place in order for question in asked[texts[place]]), middle)


def _row(
    tenant: TenantContext,
    rank: int,
    topic: _Topic,
    every: Sequence[frozenset[str]],
    served: IndexSnapshot | None,
    writer: GroundedWriter | None,
    remove: Callable[[str], str],
    since: datetime,
    until: datetime,
) -> KnowledgeGapRow:
    shown = {remove(each.question): each for each in reversed(topic.questions)}
    examples = list(reversed(shown.items()))[:_EXAMPLES]
    nearest = _nearest(served, topic.middle)
    label = label_of([remove(each.question) for each in topic.questions], every) or examples[0][0]
    draft = draft_article(tenant, label, [text for text, _ in examples], nearest, writer)
    return KnowledgeGapRow(
        tenant_id=tenant.tenant_id,
        rank=rank,
        label=label,
        questions=len(topic.questions),
        examples=[
            {"text": text, "answer_id": str(each.answer_id), "at": each.at.isoformat()} for text, each in examples
        ],
        trend=_trend(topic.questions, since, until),
        nearest=[
            {"document_id": each.document_id, "title": each.title, "section": each.section, "similarity": each.score}
            for each in nearest
        ],
        draft=draft.text,
        drafted_by=draft.by,
        since=since,
        until=until,
    )


def _nearest(served: IndexSnapshot | None, middle: Vector) -> list[Passage]:
    """The best passage of each of the nearest documents."""
    found: dict[str, Passage] = {}
    if served is not None and served.count():
        for passage in served.search_vector(middle, _SEARCHED):
            found.setdefault(passage.document_id, passage)
    return list(found.values())[:_NEAREST]


def _trend(questions: Sequence[UnansweredQuestion], since: datetime, until: datetime) -> list[dict[str, object]]:
    """How many a week, named by its Monday (UTC), for every week that [since, until) touches."""
    weeks = Counter(_monday(each.at) for each in questions)
    monday, last = _monday(since), _monday(until - timedelta(microseconds=1))
    told: list[dict[str, object]] = []
    while monday <= last:
        told.append({"week": monday.isoformat(), "questions": weeks[monday]})
        monday += timedelta(days=7)
    return told


def _monday(at: datetime) -> date:
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())
