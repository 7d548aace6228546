"""What no customer was given goes once it is old enough: words first, figures later, and nothing of a customer's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from helpdesk_shop import NORWAY, RETURNS, SHIPPING, Shop, evaluation_folder
from sqlalchemy import select, text
from sqlalchemy.exc import DataError, InternalError, ProgrammingError

from components.database.addresses import DatabaseAddresses
from components.database.tables import AnswerRow
from components.helpdesk.evaluation.last_scores import last_scores
from components.helpdesk.evaluation.retention import Forgotten
from components.helpdesk.inside_channels import INSIDE

MakeShop = Callable[..., Shop]
_OLDER = (
    "UPDATE answers SET created_at = created_at - %(days)s * interval '1 day' WHERE tenant_id = %(tenant)s",
    "UPDATE evaluation_runs SET finished_at = finished_at - %(days)s * interval '1 day' WHERE tenant_id = %(tenant)s",
)


@pytest.fixture
def owner_url(postgres: DatabaseAddresses) -> str:
    assert postgres.server is not None
    return postgres.server.url


@pytest.fixture
def shop(make_shop: MakeShop, tmp_path: Path) -> Shop:
    """Measured once, for its first index."""
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.ingest(evaluation_folder(tmp_path / "evaluation", {NORWAY: "help/shipping.md", "Chess?": None}))
    return shop


def pass_days(owner_url: str, shop: Shop, days: int) -> None:
    with psycopg.connect(owner_url) as connection:
        for statement in _OLDER:
            connection.execute(statement, {"days": days, "tenant": shop.tenant.tenant_id})


def sweep(shop: Shop) -> Forgotten:
    return shop.workbench.evaluation_retention.sweep(shop.tenant.context)


def channels(shop: Shop) -> set[str]:
    with shop.workbench.database.tenant(shop.tenant.context) as session:
        return set(session.scalars(select(AnswerRow.channel)))


def test_answers_that_no_customer_got_go_after_their_days_and_customers_stay(
    shop: Shop, make_shop: MakeShop, owner_url: str
) -> None:
    other = make_shop(returns=RETURNS)
    other.ingest()
    for channel in ("web", *INSIDE):
        for each in (shop, other):
            each.workbench.answering.answer(each.tenant.context, NORWAY, channel=channel)
    pass_days(owner_url, other, 100)
    pass_days(owner_url, shop, 80)
    assert not sweep(shop)
    pass_days(owner_url, shop, 20)
    assert sweep(shop).answers == len(INSIDE) + 2, "the two of the evaluation among them"
    assert channels(shop) == {"web"}
    assert channels(other) == {"web", *INSIDE}, "another tenant's are its own affair"
    assert not sweep(shop)


def test_an_evaluation_keeps_its_figures_without_its_words_and_is_measured_again(shop: Shop, owner_url: str) -> None:
    workbench, context = shop.workbench, shop.tenant.context
    (found,) = workbench.evaluation_runs.list(context, "answer")
    results = [{**each, "doubted": ["Elephants fly."]} for each in found.results]
    judged = replace(found, run_id=uuid4(), purpose="trial", fingerprint="judged", results=results)
    workbench.evaluation_runs.store(context, judged)
    pass_days(owner_url, shop, 100)
    assert sweep(shop).texts == 2
    assert not any(each["doubted"] for each in workbench.evaluation_runs.get(context, judged.run_id).results)
    assert sweep(shop).texts == 0
    after = workbench.evaluation_runs.get(context, found.run_id)
    assert after.metrics == found.metrics
    assert [{**each, "text": "", "answer_id": None} for each in found.results] == list(after.results)
    assert any(each["text"] for each in found.results)
    assert not workbench.ingestion.evaluate_answers(shop.tenant).judgement
    assert len(workbench.evaluation_runs.list(context, "answer", purposes=["index"])) == 2, (
        "what was said is asked anew, and not compared"
    )


def test_figures_go_at_last_but_the_last_ones_of_each_kind(shop: Shop, owner_url: str) -> None:
    workbench, context = shop.workbench, shop.tenant.context
    (old,) = workbench.evaluation_runs.list(context, "answer")
    pass_days(owner_url, shop, 1200)
    assert sweep(shop).runs == 0
    workbench.ingestion.evaluate_answers(shop.tenant)
    assert sweep(shop).runs == 1
    (kept,) = workbench.evaluation_runs.list(context, "answer")
    assert kept.run_id != old.run_id
    assert len(workbench.evaluation_runs.list(context, "retrieval")) == 1
    told = {each.kind for each in last_scores(workbench.database) if each.tenant == context}
    assert told == {"answer", "retrieval"}


def test_the_application_can_have_nothing_of_today_forgotten(shop: Shop) -> None:
    asked = text("SELECT * FROM forget_evaluations(now(), now() - interval '3 days')")
    with (
        pytest.raises((DataError, InternalError, ProgrammingError), match="of the last day are kept"),
        shop.workbench.database.tenant(shop.tenant.context) as session,
    ):
        session.execute(asked)
