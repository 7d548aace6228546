"""Only an index that answers as well as the one that serves takes its place, with the threshold it taught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from helpdesk_shop import NORWAY, RETURNS, SHIPPING, WARRANTY, Shop, evaluation_folder
from sqlalchemy import select

from components.bootstrap import Workbench
from components.core.embeddings import Embedder, ModelIdentity
from components.core.errors import ModelMismatch, NotFound
from components.core.settings import Settings
from components.database.session import Database
from components.database.tables import IndexEvaluationRow
from components.helpdesk.answering import Answering
from components.helpdesk.ingestion.evaluation_sets import find_evaluation_set, store_evaluation_set
from components.helpdesk.ingestion.service import Ingestion
from components.models.extractive import ExtractiveGenerator
from components.retrieval.answerability import DEFAULT_THRESHOLD

MakeShop = Callable[..., Shop]
QUESTIONS = {
    NORWAY: "help/shipping.md",
    "When do I get the refund for a tent?": "help/returns.md",
    "How many years of warranty do tents have?": "help/warranty.md",
}
UNANSWERABLE = ["Who won the chess cup?", "Do you sell pianos?", "What is the tide today?", "Is tax due?", "Any jobs?"]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return evaluation_folder(tmp_path / "evaluation", dict(QUESTIONS))


def test_knowledge_that_answers_worse_is_not_promoted_and_the_old_index_serves(
    make_shop: MakeShop, questions: Path
) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING, warranty=WARRANTY)
    first = shop.ingest(questions)
    assert first.promoted is not None
    assert first.evaluation.metrics is not None
    assert first.evaluation.metrics.ndcg_at_10 == 1
    # The documents stand, but what they said has gone to one that the questions do not expect.
    shop.write(returns="# Cats\n\nCats sleep.\n", shipping="# Dogs\n\nDogs run.\n", warranty="# Fish\n\nFish swim.\n")
    shop.write(other=RETURNS + SHIPPING + WARRANTY)
    second = shop.ingest(questions)
    assert second.promoted is None
    assert not second.evaluation.acceptable
    assert second.evaluation.baseline == first.evaluation.metrics
    assert "1.000" in second.evaluation.reason
    assert shop.failing_checks() == {"retrieval_quality": second.evaluation.reason}
    assert "nine days" in shop.ask(NORWAY).text
    shop.write(returns=RETURNS, shipping=SHIPPING, warranty=WARRANTY)
    shop.remove("other")
    assert shop.ingest(questions).promoted is not None
    assert shop.failing_checks() == {}


def test_a_deleted_document_is_not_cited_though_the_rest_is_not_promoted(make_shop: MakeShop, questions: Path) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING, warranty=WARRANTY)
    first = shop.ingest(questions)
    for _ in range(2):  # the second time, the newest version is not the one that serves
        shop.write(returns="# Cats\n\nCats sleep.\n", other=RETURNS)
        (shop.folder / "shipping.md").unlink(missing_ok=True)
        second = shop.ingest(questions)
        assert second.promoted is None
        assert "help/shipping.md" not in shop.found(NORWAY)
        refund = shop.ask("When do I get the refund for a tent?")
        assert "a week" in refund.text
        assert refund.threshold == pytest.approx(first.evaluation.threshold)
        assert second.indexed.total == 3
    shop.remove("warranty")
    assert shop.ingest(questions).promoted is None
    assert not any(citation.document_id == "help/warranty.md" for citation in shop.ask("warranty of tents?").citations)
    assert shop.workbench.ingestion.orphan_chunks(shop.tenant) == 0


def test_the_threshold_is_learnt_stored_and_used_at_once(make_shop: MakeShop, tmp_path: Path) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING, warranty=WARRANTY)
    shop.ingest()
    assert shop.ask(NORWAY).threshold == DEFAULT_THRESHOLD
    variants = {f"{question[:-1]}{end}": document for question, document in QUESTIONS.items() for end in ("?", "??")}
    report = shop.ingest(evaluation_folder(tmp_path / "more", {**variants, **dict.fromkeys(UNANSWERABLE)}))
    learnt = report.evaluation
    assert learnt.threshold != DEFAULT_THRESHOLD
    assert learnt.coverage is not None
    assert shop.ask(NORWAY).threshold == pytest.approx(learnt.threshold)
    assert shop.ask(NORWAY).answered
    refused = shop.ask("Who won the chess cup?")
    assert not refused.answered
    assert refused.confidence < refused.threshold
    assert refused.citations == ()


def test_a_question_whose_answer_was_deleted_no_longer_counts(make_shop: MakeShop, questions: Path) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING, warranty=WARRANTY)
    shop.ingest(questions)
    shop.remove("warranty")
    report = shop.ingest(questions)
    assert report.promoted is not None
    assert report.evaluation.metrics is not None
    assert report.evaluation.metrics.queries == 2


def test_several_sets_count_together_each_in_its_last_stored_version(
    make_shop: MakeShop, tmp_path: Path, database: Database
) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING, warranty=WARRANTY)
    context = shop.tenant.context
    shop.ingest()
    for name, text in (("a", NORWAY), ("b", "Refund?")):
        store_evaluation_set(database, context, evaluation_folder(tmp_path / name, {text: "help/returns.md"}))
    newer = store_evaluation_set(database, context, evaluation_folder(tmp_path / "a", {"Newer?": "help/returns.md"}))
    assert texts(database, shop) == {"Newer?", "Refund?"}
    older = store_evaluation_set(database, context, evaluation_folder(tmp_path / "a", {NORWAY: "help/returns.md"}))
    assert texts(database, shop) == {NORWAY, "Refund?"}
    assert newer.name == older.name
    assert newer.version != older.version


def texts(database: Database, shop: Shop) -> set[str]:
    found = find_evaluation_set(database, shop.tenant.context)
    assert found is not None
    assert found.answerable == list(found.queries)
    return set(found.queries.values())


def test_a_run_that_was_overtaken_promotes_nothing_backwards(make_shop: MakeShop, database: Database) -> None:
    shop = make_shop(returns=RETURNS)
    ingestion = shop.workbench.ingestion
    before = shop.ingest().evaluation.index_version
    shop.write(shipping=SHIPPING)
    after = shop.ingest().evaluation.index_version
    late = ingestion.promote(shop.tenant, before)
    assert (late.index_version, late.previous) == (after, after)
    with pytest.raises(NotFound, match="9999"):
        ingestion.promote(shop.tenant, 9999)
    assert "help/shipping.md" in shop.found(NORWAY)
    with database.tenant(shop.tenant.context) as session:
        promoted = set(session.scalars(select(IndexEvaluationRow.index_version).where(IndexEvaluationRow.promoted)))
    assert promoted == {before, after}


class Renamed:
    """The same embedder under another identity, as after a change of the setting."""

    def __init__(self, embedder: Embedder) -> None:
        self.token_spans = embedder.token_spans
        self.embed_passages = embedder.embed_passages
        self.embed_query = embedder.embed_query
        self._identity = replace(embedder.identity, name="other", fingerprint="f" * 64)

    @property
    def identity(self) -> ModelIdentity:
        return self._identity


def test_another_embedder_is_refused_before_anything_changes_and_told_the_way(
    make_shop: MakeShop, workbench: Workbench, helpdesk_settings: Settings
) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.ingest()
    shop.remove("returns")
    other = Renamed(workbench.embedder)
    ingestion = Ingestion(workbench.database, other, helpdesk_settings)
    answering = Answering(workbench.database, other, lambda _: ExtractiveGenerator(other), helpdesk_settings)
    for attempt in (
        lambda: ingestion.ingest(shop.tenant, [shop.source]),
        lambda: answering.answer(shop.tenant.context, NORWAY),
    ):
        with pytest.raises(ModelMismatch, match="helpdesk ingest --rebuild"):
            attempt()
    assert shop.workbench.ingestion.counts(shop.tenant) == (2, 2)

    ingestion.drop_index(shop.tenant)
    report = ingestion.ingest(shop.tenant, [shop.source])
    assert (report.indexed.embedded, report.indexed.total) == (1, 1)
    assert answering.answer(shop.tenant.context, NORWAY).answer.answered
    # The process that has not been started anew must not mix its own vectors with those of the other model.
    with pytest.raises(ModelMismatch, match="helpdesk ingest --rebuild"):
        shop.ask(NORWAY)


def test_a_rebuilt_index_serves_though_its_version_numbers_were_there_before(
    make_shop: MakeShop, questions: Path
) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING, warranty=WARRANTY)
    before = shop.ingest(questions).evaluation.index_version
    assert shop.ask(NORWAY).answered
    shop.workbench.ingestion.drop_index(shop.tenant)
    shop.write(shipping=SHIPPING.replace("nine days", "four weeks"))
    assert shop.ingest().evaluation.index_version == before
    assert "four weeks" in shop.ask(NORWAY).text
