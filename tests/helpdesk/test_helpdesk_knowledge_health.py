"""What contradicts itself, what is missing, what fails and what is quoted: found in the real index, kept, and told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from helpdesk_shop import RETURNS, SHIPPING, WARRANTY, Shop
from sqlalchemy import update

from components.core.errors import IndexUnavailable, NotFound
from components.core.settings import Settings
from components.database.tables import AnswerRow
from components.helpdesk.reports.facts import ANSWERS, CITATIONS
from components.helpdesk.reports.filters import last_days
from components.helpdesk.reports.knowledge.checks import CheckResult, store_check
from components.helpdesk.reports.knowledge.conflict_search import ConflictSearch, look_for_conflicts
from components.helpdesk.reports.knowledge.contradiction import differing_words
from components.helpdesk.reports.knowledge.gap_search import GapSearch, look_for_gaps
from components.helpdesk.reports.knowledge.health import KnowledgeHealth
from components.helpdesk.reports.reports import Reports
from components.warehouse.manifest import Manifest
from components.warehouse.warehouse import Warehouse

MakeShop = Callable[..., Shop]
NOW = datetime.now(UTC)
TODAY = last_days((NOW + timedelta(days=1)).date(), 3)
OTHER_RETURNS = "# Sending things back\n\nUnused tents can be returned within 30 days of delivery.\n"
SAME_RETURNS = "# Bringing it back\n\nYou can return unused tents within 45 days of their delivery.\n"
NO_WARRANTY = "# Tents\n\nTents do not carry a warranty for years.\n"


@pytest.fixture(scope="module")
def health(workbench: object, helpdesk_settings: Settings) -> KnowledgeHealth:
    return KnowledgeHealth(workbench.database, Reports(Warehouse(helpdesk_settings.data_dir)))  # type: ignore[attr-defined]


def look(shop: Shop, most: int = 100) -> ConflictSearch:
    bench = shop.workbench
    index = bench.ingestion.index(shop.tenant)
    return look_for_conflicts(bench.database, shop.tenant.context, index, bench.embedder, most=most)


def test_another_number_and_a_no_for_a_yes_are_found_and_the_same_in_other_words_is_not(
    make_shop: MakeShop, health: KnowledgeHealth
) -> None:
    shop = make_shop(returns=RETURNS, other=OTHER_RETURNS, same=SAME_RETURNS, never=NO_WARRANTY, warranty=WARRANTY)
    with pytest.raises(IndexUnavailable, match="nothing was promoted"):
        look(shop)
    assert health.conflicts_look(shop.tenant) is None
    shop.ingest()
    assert look(shop).compared == 5
    conflicts = health.conflicts(shop.tenant)
    found = {frozenset((each.first.document_id, each.second.document_id)): each.kind for each in conflicts}
    assert found[frozenset(("help/other.md", "help/returns.md"))] == "number"
    assert found[frozenset(("help/never.md", "help/warranty.md"))] == "denial"
    assert frozenset(("help/returns.md", "help/same.md")) not in found
    assert not [pair for pair in found if pair >= {"help/returns.md", "help/warranty.md"}]


def test_only_what_is_new_is_compared_and_what_is_gone_is_told_no_longer(
    make_shop: MakeShop, health: KnowledgeHealth
) -> None:
    shop = make_shop(returns=RETURNS, other=OTHER_RETURNS, shipping=SHIPPING)
    shop.ingest()
    assert [look(shop, most=2).left, look(shop, most=2).compared, look(shop).compared] == [1, 1, 0]
    (conflict,) = health.conflicts(shop.tenant)
    shop.write(warranty=WARRANTY)
    shop.ingest()
    again = look(shop)
    assert (again.compared, again.found, again.new) == (1, 1, 0)
    assert health.conflicts(shop.tenant)[0].first_seen == conflict.first_seen
    shop.write(other=OTHER_RETURNS.replace("30", "45"))
    shop.ingest()
    assert health.conflicts(shop.tenant) == ()
    assert look(shop).found == 0


def test_a_dismissed_conflict_stays_so_while_its_sentences_stay(make_shop: MakeShop, health: KnowledgeHealth) -> None:
    shop, theirs = make_shop(returns=RETURNS, other=OTHER_RETURNS), make_shop(shipping=SHIPPING)
    shop.ingest()
    look(shop)
    (conflict,) = health.conflicts(shop.tenant)
    with pytest.raises(NotFound):
        health.dismiss_conflict(theirs.tenant, conflict.conflict_id, "Eve")
    health.dismiss_conflict(shop.tenant, conflict.conflict_id, "Ada")
    shop.write(other=OTHER_RETURNS.replace("# Sending things back", "# Sending it back"))
    shop.ingest()
    look(shop)
    assert health.conflicts(shop.tenant) == ()
    assert [each.dismissed_by for each in health.conflicts(shop.tenant, dismissed=True)] == ["Ada"]
    shop.write(other=OTHER_RETURNS.replace("30", "20"))
    shop.ingest()
    assert look(shop).new == 1


def test_the_differing_words_are_marked() -> None:
    first, second = "Returned within 30 days, free.", "Returned within 45 days."
    mine, theirs = differing_words(first, second)
    assert [first[start:end] for start, end in mine] == ["30", "free"]
    assert [second[start:end] for start, end in theirs] == ["45"]


def search(shop: Shop) -> GapSearch:
    bench = shop.workbench
    index = bench.ingestion.index(shop.tenant)
    until = datetime.now(UTC) + timedelta(seconds=1)
    return look_for_gaps(bench.database, shop.tenant.context, index, bench.embedder, writer=bench.writer, until=until)


def test_unanswered_questions_become_topics_with_examples_and_a_draft(
    make_shop: MakeShop, health: KnowledgeHealth
) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.ingest()
    nothing = search(shop)
    assert (nothing.unanswered, nothing.gaps, nothing.alone) == (0, 0, 0)
    assert health.gaps(shop.tenant).gaps == ()
    asked = [
        "Can I pay with a gift voucher?",
        "Do you take gift vouchers for payment, eva@shop.example asks",
        "is it possible to pay by gift voucher",
        "Can I pay with a gift voucher?",
        "Where can I park my helicopter?",
    ]
    for question in asked:
        refuse(shop, question)
    shop.workbench.answering.answer(shop.tenant.context, asked[0], channel="console")
    found = search(shop)
    assert (found.unanswered, found.gaps, found.alone) == (5, 1, 1)
    told = health.gaps(shop.tenant)
    (gap,) = told.gaps
    assert gap.questions == 4
    assert "voucher" in gap.label
    texts = [example.text for example in gap.examples]
    assert len(texts) == 3
    assert not [text for text in texts if "eva@" in text]
    assert sum(count for _, count in gap.trend) == 4
    assert {each.document_id for each in gap.nearest} <= {"help/returns.md", "help/shipping.md"}
    assert gap.drafted_by == "outline"
    assert "DRAFT" in gap.draft
    assert "[e-mail]" in gap.draft
    assert told.looked_at is not None


def test_a_trend_counts_the_questions_of_each_day_of_the_week_and_no_week_is_left_out(
    make_shop: MakeShop, health: KnowledgeHealth
) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    bench = shop.workbench
    shop.ingest()
    for question in ("Can I pay with a gift voucher?", "is it possible to pay by gift voucher"):
        refuse(shop, question)
    index = bench.ingestion.index(shop.tenant)
    monday = datetime(2026, 11, 30, 9, tzinfo=UTC)
    for day in range(7):
        asked = monday + timedelta(days=day)
        with bench.database.tenant(shop.tenant.context) as session:
            session.execute(update(AnswerRow).values(created_at=asked))
        period = {"since": monday - timedelta(days=10), "until": asked + timedelta(minutes=1)}
        look_for_gaps(bench.database, shop.tenant.context, index, bench.embedder, **period)
        (gap,) = health.gaps(shop.tenant).gaps
        weeks = [date(2026, 11, 16), date(2026, 11, 23), date(2026, 11, 30)]
        assert gap.trend == tuple(zip(weeks, (0, 0, 2), strict=True)), asked
    ends_before_monday = datetime(2026, 12, 7, tzinfo=UTC)
    look_for_gaps(bench.database, shop.tenant.context, index, bench.embedder, since=monday, until=ends_before_monday)
    assert [week for week, _ in health.gaps(shop.tenant).gaps[0].trend] == [date(2026, 11, 30)]


def refuse(shop: Shop, question: str) -> None:
    """Asked through the real engine, with a threshold that nothing here reaches."""
    answered = shop.workbench.answering.answer(shop.tenant.context, question, channel="web")
    if answered.answer.answered:
        with shop.workbench.database.tenant(shop.tenant.context) as session:
            own = AnswerRow.answer_id == answered.answer_id
            session.execute(update(AnswerRow).where(own).values(answered=False, reason="low_confidence"))


def test_a_check_says_since_when_it_fails_and_what_it_said_before(make_shop: MakeShop, health: KnowledgeHealth) -> None:
    shop = make_shop()
    outcomes = [True, False, False, True, False, False, False]
    for day, passed in enumerate(outcomes):
        result = CheckResult("no_empty_document", "chunks", passed, "warning", f"day {day}", {"empty": int(not passed)})
        with shop.workbench.database.tenant(shop.tenant.context) as session:
            store_check(session, shop.tenant.context, result, NOW - timedelta(days=len(outcomes) - day))
            store_check(
                session,
                shop.tenant.context,
                CheckResult("dimensions_match", "embeddings", True, "error", "", {}),
                NOW - timedelta(days=len(outcomes) - day),
            )
    failing, passing = health.checks(shop.tenant)
    assert (failing.result.name, failing.since, failing.times) == ("no_empty_document", NOW - timedelta(days=3), 3)
    assert (failing.result.description, failing.result.figures) == ("day 6", {"empty": 1})
    assert (passing.result.passed, passing.times) == (True, 7)
    history = health.check_history(shop.tenant, "no_empty_document", last_days(TODAY.until, 30))
    assert [(spell.result.passed, spell.times) for spell in history] == [(False, 3), (True, 1), (False, 2), (True, 1)]


def test_documents_that_no_answer_quotes_are_told_once_there_are_enough_answers(
    make_shop: MakeShop, health: KnowledgeHealth, helpdesk_settings: Settings
) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.ingest()
    none = health.citations(shop.tenant, TODAY)
    assert (none.answers, none.enough, none.at_most, none.refreshed_at) == (0, False, None, None)
    publish(Warehouse(helpdesk_settings.data_dir), shop, answers=40)
    found = health.citations(shop.tenant, TODAY)
    assert (found.answers, found.documents, found.enough) == (40, 2, True)
    assert found.at_most == pytest.approx(3 / 40)
    assert [each.document_id for each in found.uncited] == ["help/shipping.md"]
    assert [(each.document_id, each.answers, each.thumbs_up) for each in found.cited] == [("help/returns.md", 40, 40)]
    assert found.titles["help/returns.md"] == "Returns"


def publish(warehouse: Warehouse, shop: Shop, answers: int) -> None:
    """Facts as the analytics store keeps them."""
    import pyarrow as pa

    context, at = shop.tenant.context, NOW.replace(tzinfo=None)
    shared = {"tenant_id": str(context.tenant_id), "at": at, "day": NOW.date(), "channel": "web"}
    ids = [f"a{number}" for number in range(answers)]
    quoted = {**shared, "number": 1, "document_id": "help/returns.md", "chunk_id": "c"}
    rows = {
        ANSWERS: [{**shared, "answer_id": each, "thumb": 1} for each in ids],
        CITATIONS: [{**quoted, "answer_id": each} for each in ids],
    }
    months = {
        dataset: {f"{NOW:%Y-%m}": pa.Table.from_pylist(listed, schema=dataset.schema)}
        for dataset, listed in rows.items()
    }
    warehouse.publish(context, Manifest(), months, {}, NOW)
