"""A question on its way through: checked, answered from its own tenant's knowledge, stored."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from helpdesk_shop import NORWAY, RETURNS, SHIPPING, WARRANTY, Shop

from components.bootstrap import Workbench
from components.core.errors import IndexUnavailable, InvalidInput, ModelUnavailable
from components.core.settings import Settings
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import AnswerRow
from components.helpdesk import served_pipelines
from components.helpdesk.answering import Answering
from components.models.extractive import ExtractiveGenerator

MakeShop = Callable[..., Shop]


@pytest.fixture
def answering(workbench: Workbench, helpdesk_settings: Settings) -> Answering:
    """One of its own, as a process that has just started has it."""
    embedder = workbench.embedder
    return Answering(workbench.database, embedder, lambda _: ExtractiveGenerator(embedder), helpdesk_settings)


@pytest.mark.parametrize("question", ["", " \n\t ", "x" * 4001, "a\0b", "\ud800"])
def test_a_bad_question_is_refused_by_its_field(workbench: Workbench, question: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        workbench.answering.answer(TenantContext(uuid4()), question)
    assert raised.value.field == "question"


@pytest.mark.parametrize("top_k", [0, -1, 51])
def test_a_top_k_out_of_bounds_is_refused_by_its_field(workbench: Workbench, top_k: int) -> None:
    with pytest.raises(InvalidInput, match=rf"top_k={top_k}.*1 to 50") as raised:
        workbench.answering.answer(TenantContext(uuid4()), "How?", top_k=top_k)
    assert raised.value.field == "top_k"


def test_before_the_first_promotion_there_is_no_index_and_asking_makes_none(
    make_shop: MakeShop, helpdesk_settings: Settings
) -> None:
    shop = make_shop()
    for tenant in (shop.tenant.context, TenantContext(uuid4())):
        with pytest.raises(IndexUnavailable, match="helpdesk ingest"):
            shop.workbench.answering.answer(tenant, NORWAY)
        assert not (helpdesk_settings.data_dir / "vectors" / str(tenant.tenant_id)).exists()


def test_an_answer_is_stored_with_all_that_it_stands_on(make_shop: MakeShop, database: Database) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.ingest()
    pieces: list[str] = []
    given = shop.workbench.answering.answer(shop.tenant.context, f"  {NORWAY}\n", channel="chat", on_text=pieces.append)
    with database.tenant(shop.tenant.context) as session:
        row = session.get(AnswerRow, given.answer_id)
    assert row is not None
    assert (row.question, row.text, row.channel, row.answered) == (NORWAY, "".join(pieces), "chat", True)
    assert (row.index_version, row.pipeline, row.model) == (given.index_version, "hybrid", "extractive")
    assert [each["chunk_id"] for each in row.passages] == [each.chunk_id for each in given.answer.passages]
    assert row.seconds["total"] > 0
    (citation, *_) = row.citations
    assert citation["document_id"] == "help/shipping.md"
    for each in given.answer.citations:
        assert each.quote == each.passage[each.start : each.end]
        assert each.passage in SHIPPING


def test_the_tenants_own_words_for_not_knowing_are_used_and_stored(make_shop: MakeShop, database: Database) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.ingest()
    given = shop.workbench.answering.answer(shop.tenant.context, "Do you sell grand pianos?", refusal="Ring us.")
    assert (given.answer.text, given.answer.answered, given.answer.citations) == ("Ring us.", False, ())
    with database.tenant(shop.tenant.context) as session:
        row = session.get(AnswerRow, given.answer_id)
    assert row is not None
    assert (row.text, row.citations) == ("Ring us.", [])


def test_no_time_left_means_no_answer(make_shop: MakeShop) -> None:
    shop = make_shop(shipping=SHIPPING)
    shop.ingest()
    with pytest.raises(ModelUnavailable):
        shop.workbench.answering.answer(shop.tenant.context, NORWAY, deadline=0.0)


@pytest.mark.parametrize("question", ["?", "😀", "the", "\u200b", "'; DROP TABLE answers; --", "x" * 4000])
def test_an_odd_question_is_answered_or_refused_but_never_fails(make_shop: MakeShop, question: str) -> None:
    shop = make_shop(shipping=SHIPPING)
    shop.ingest()
    assert shop.ask(question, top_k=50).text


def test_a_promotion_shows_in_the_next_answer_of_a_process_that_runs_on(
    make_shop: MakeShop, answering: Answering
) -> None:
    shop = make_shop(returns=RETURNS)
    shop.ingest()
    before = answering.answer(shop.tenant.context, NORWAY)
    shop.write(shipping=SHIPPING)
    shop.ingest()
    after = answering.answer(shop.tenant.context, NORWAY)
    assert after.index_version > before.index_version
    assert after.answer.citations[0].document_id == "help/shipping.md"


def test_two_tenants_with_the_same_topic_are_answered_each_from_its_own(make_shop: MakeShop) -> None:
    ours = make_shop(shipping=SHIPPING, returns=RETURNS)
    theirs = make_shop(shipping=SHIPPING.replace("nine days", "four weeks"), warranty=WARRANTY)
    shops = [ours, theirs]
    for shop in shops:
        shop.ingest()

    def asked(number: int) -> tuple[int, str]:
        return number % 2, " ".join(passage.text for passage in shops[number % 2].ask(NORWAY).passages)

    with ThreadPoolExecutor(8) as pool:
        for number, told in pool.map(asked, range(24)):
            assert ("nine days" in told, "four weeks" in told) == ((True, False), (False, True))[number]
            assert ("45 days" in told, "seven years" in told) == ((True, False), (False, True))[number]


def test_the_tenants_held_are_bounded_and_those_let_go_come_back(
    make_shop: MakeShop, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served_pipelines, "TENANTS_HELD", 2)
    shops = [make_shop(shipping=SHIPPING, returns=f"{RETURNS}\nShop {number}.\n") for number in range(4)]
    for shop in shops:
        shop.ingest()
    order = [shops[number % 4] for number in range(16)]
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda shop: answering.answer(shop.tenant.context, NORWAY).answer.text, order))
    assert all("nine days" in text for text in texts)
    held: list[UUID] = list(answering._serving._serving)
    assert len(held) == 2
