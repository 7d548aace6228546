"""Only knowledge that answers no worse is promoted; until then the last good index goes on serving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster_shop import RETURNS, SHIPPING, WARRANTY, Shop

from components.core.errors import HelpdeskError
from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses
from dagster_project.assets.served_index import served_index
from dagster_project.resources import Helpdesk
from tests.helpdesk.judging_model import judging_model

MakeShop = Callable[..., Shop]
QUESTION = "How long does a parcel to Norway take?"
QUESTIONS = {
    QUESTION: "help/shipping.md",
    "what do express parcels cost": "help/shipping.md",
    "until when can i return an item": "help/returns.md",
    "when do I get my refund": "help/returns.md",
    "how long is the warranty of a tent": "help/warranty.md",
}
GARBAGE = "# Page {}\n\nlorem ipsum dolor sit amet consectetur adipiscing elit\n"


@pytest.fixture
def measured(make_shop: MakeShop) -> Shop:
    """A shop with an evaluation set and a good index that serves."""
    shop = make_shop(returns=RETURNS, shipping=SHIPPING, warranty=WARRANTY)
    shop.ask_in_evaluation(QUESTIONS)
    assert shop.materialise().promoted
    return shop


def spoil(shop: Shop) -> None:
    """Documents keep their names and lose their content."""
    for number, name in enumerate(("returns", "shipping", "warranty")):
        shop.write(f"{name}.md", GARBAGE.format(number))
    for number in range(12):
        shop.write(f"noise{number}.md", f"# Parcel returns warranty {number}\n\nNorway item refund tent days.\n")


def test_an_evaluation_shows_its_figures(measured: Shop) -> None:
    figures = measured.figures("retrieval_evaluation")
    assert figures["nDCG@10"] == pytest.approx(1.0)
    assert figures["questions"] == 5
    assert 0 <= figures["threshold"] <= 1
    assert measured.figures("evaluation_sets")["answerable"] == 5


def test_a_judges_opinion_is_shown_with_its_interval_and_by_name(
    make_shop: MakeShop, settings: Settings, postgres: DatabaseAddresses, tmp_path: Path
) -> None:
    from components.bootstrap import build_workbench

    shop = make_shop(returns=RETURNS, shipping=SHIPPING, warranty=WARRANTY)
    shop.ask_in_evaluation({QUESTION: "help/shipping.md"})
    config = {"high_accuracy_model": "scripted", "models": [], "evaluation": {"judge": "scripted"}}
    shop.workbench.tenants.update_config(shop.tenant.tenant_id, config)
    with judging_model() as model:
        model.answers = {QUESTION: "A parcel to Norway takes nine days [1]."}
        model.faithful = lambda question: {"statements": ["a", "b"], "statement_scores": [1, 0]}
        models = model.catalogue(tmp_path)
        judging = build_workbench(settings.model_copy(update={"models": models}), postgres)
        try:
            assert replace(shop, workbench=judging).materialise().promoted
        finally:
            judging.close()
    figures = shop.figures("answer_evaluation")
    assert (figures["judge"], figures["faithfulness"], figures["context relevance"]) == ("scripted", 0.5, 1)
    assert figures["faithfulness, low"] < 0.5 < figures["faithfulness, high"]
    assert "scripted judged 1 of 1 answers" in figures["reason"]
    steps = [step for step in shop.progress if step.asset == "answer_evaluation"]
    assert (steps[-1].done, steps[-1].total) == (2, 2)


def test_knowledge_that_answers_worse_is_not_promoted_and_the_last_good_index_serves(measured: Shop) -> None:
    served = measured.figures("served_index")["index version"]
    spoil(measured)
    done = measured.materialise()
    assert not done.promoted
    assert "nDCG@10" in done.reason
    assert measured.figures("served_index")["index version"] == served
    assert "help/shipping.md" in measured.cited(QUESTION)
    figures = measured.figures("retrieval_evaluation")
    assert figures["nDCG@10"] < figures["serving: nDCG@10"]


def test_a_deleted_document_is_not_cited_though_the_rest_is_not_promoted(measured: Shop) -> None:
    spoil(measured)
    (measured.knowledge / "shipping.md").unlink()
    assert not measured.materialise().promoted
    assert "help/shipping.md" not in measured.found(QUESTION)
    assert "help/warranty.md" in measured.found("how long is the warranty of a tent")


def test_deleting_every_document_is_promoted(measured: Shop) -> None:
    for path in measured.knowledge.glob("*.md"):
        path.unlink()
    assert measured.materialise().promoted
    assert measured.found(QUESTION) == set()
    assert measured.figures("served_index")["chunks"] == 0


def test_knowledge_that_got_well_again_is_promoted(measured: Shop) -> None:
    spoil(measured)
    assert not measured.materialise().promoted
    for path in measured.knowledge.glob("noise*"):
        path.unlink()
    for name, text in {"returns": RETURNS, "shipping": SHIPPING, "warranty": WARRANTY}.items():
        measured.write(f"{name}.md", text)
    assert measured.materialise().promoted
    assert "help/shipping.md" in measured.cited(QUESTION)


def test_a_candidate_cannot_be_promoted_past_its_failed_evaluation(measured: Shop) -> None:
    spoil(measured)
    assert not measured.materialise().promoted
    before = measured.figures("served_index")["index version"]
    result = dg.materialize(
        [served_index],
        instance=measured.instance,
        partition_key=measured.domain,
        raise_on_error=False,
        resources={"helpdesk": Helpdesk(measured.workbench.settings, measured.workbench)},
    )
    assert not result.success
    assert measured.figures("served_index")["index version"] == before


def test_a_source_that_cannot_be_listed_deletes_nothing(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS)
    shop.materialise()
    shop.knowledge.rename(shop.folder / "elsewhere")
    with pytest.raises(HelpdeskError, match=r"raw_documents failed: .*'help': folder .* cannot be opened"):
        shop.materialise()
    assert shop.workbench.ingestion.counts(shop.tenant) == (1, 1)
    assert shop.found("return an item") == {"help/returns.md"}


def test_a_tenant_without_a_declared_source_keeps_what_it_has(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS)
    shop.materialise()
    shop.declaration.unlink()
    with pytest.raises(HelpdeskError, match=rf"no source is declared for {shop.domain}: write a defs.yaml"):
        shop.materialise()
    assert shop.workbench.ingestion.counts(shop.tenant) == (1, 1)
