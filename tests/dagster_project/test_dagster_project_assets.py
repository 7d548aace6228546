"""A tenant's knowledge from its folder to a cited answer, through Dagster on a real instance."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg
from dagster_shop import RETURNS, SHIPPING, WARRANTY, Shop

from dagster_project.jobs import STAGES

MakeShop = Callable[..., Shop]
QUESTION = "How long does a parcel to Norway take?"


def test_every_asset_materialises_and_the_answer_cites_the_document(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    done = shop.materialise()
    assert done.promoted
    assert "help/shipping.md" in shop.cited(QUESTION)
    assert [shop.figures("raw_documents")[key] for key in ("added", "changed", "removed", "unchanged")] == [2, 0, 0, 0]
    assert shop.figures("documents")["parsed"] == 2
    assert shop.figures("chunks")["tokens"] > 20
    assert "Returns" in shop.figures("documents")["preview"]
    assert shop.figures("embeddings")["passages a second"] > 0
    assert shop.figures("served_index")["chunks"] == shop.figures("chunks")["chunks"]


def test_a_run_is_seen_in_the_interface_with_its_tenant_and_its_checks(
    make_shop: MakeShop, instance: dg.DagsterInstance
) -> None:
    shop = make_shop(returns=RETURNS)
    run = instance.get_run_by_id(shop.materialise().run_id)
    assert run is not None
    assert (run.job_name, run.status, run.tags["dagster/partition"]) == (
        "knowledge",
        dg.DagsterRunStatus.SUCCESS,
        shop.domain,
    )
    events = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    checks = [event.dagster_event.asset_check_evaluation_data for event in events if event.dagster_event]
    assert {check.check_name: (check.passed, check.partition) for check in checks} == dict.fromkeys(
        ("no_empty_document", "no_orphan_chunk", "dimensions_match", "retrieval_quality", "answer_quality"),
        (True, shop.domain),
    )


def test_progress_names_every_asset_once_it_begins_and_ends_complete(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS)
    shop.materialise()
    assert set(dict.fromkeys(step.asset for step in shop.progress)) == set(STAGES)
    finished = [step.finished for step in shop.progress]
    assert finished == sorted(finished)
    assert shop.progress[-1].done == shop.progress[-1].total == 1


def test_an_unchanged_document_is_not_embedded_again(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.materialise()
    shop.write("warranty.md", WARRANTY)
    shop.materialise()
    assert shop.figures("raw_documents")["unchanged"] == 2
    assert (shop.figures("embeddings")["embedded"], shop.figures("embeddings")["deleted"]) == (1, 0)
    shop.materialise()
    assert shop.figures("embeddings")["embedded"] == 0


def test_a_changed_document_replaces_its_passages(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.materialise()
    shop.write("shipping.md", SHIPPING.replace("nine days", "four weeks"))
    shop.materialise()
    assert shop.figures("raw_documents")["changed"] == 1
    assert (shop.figures("embeddings")["embedded"], shop.figures("embeddings")["deleted"]) == (1, 1)
    answer = shop.workbench.answering.answer(shop.tenant.context, QUESTION).answer
    passages = " ".join(passage.text for passage in answer.passages)
    assert "four weeks" in passages
    assert "nine days" not in passages


def test_a_deleted_document_is_gone_from_table_and_index_and_never_cited(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.materialise()
    (shop.knowledge / "shipping.md").unlink()
    shop.materialise()
    ingestion = shop.workbench.ingestion
    assert ingestion.counts(shop.tenant) == (1, 1)
    assert ingestion.index(shop.tenant).latest().count() == 1
    assert shop.found(QUESTION) == {"help/returns.md"}
    assert "help/shipping.md" not in shop.cited(QUESTION)


def test_bad_files_are_reported_with_their_reasons_and_the_others_go_through(
    make_shop: MakeShop, instance: dg.DagsterInstance
) -> None:
    shop = make_shop(returns=RETURNS, copy=RETURNS)
    shop.write("empty.md", "")
    shop.write("broken.pdf", b"%PDF-1.4 and nothing that follows")
    shop.write("evil | name.exe", b"MZ")
    done = shop.materialise()
    assert done.promoted
    reasons = {**problem_rows(shop, "raw_documents"), **problem_rows(shop, "documents")}
    assert reasons["help/returns.md"] == "duplicate"
    assert reasons["help/evil \\| name.exe"] == "unsupported_type"
    assert {"help/empty.md", "help/broken.pdf"} <= reasons.keys()
    warnings = [entry.user_message for entry in instance.all_logs(done.run_id) if entry.level == 30]
    assert any("help/broken.pdf" in line for line in warnings)
    assert shop.figures("chunks")["chunks"] == 1


def problem_rows(shop: Shop, asset: str) -> dict[str, str]:
    lines = shop.figures(asset)["problem table"].splitlines()[2:]
    cells = [line.strip("| ").split(" | ") for line in lines]
    return {row[0]: row[1] for row in cells}


def test_one_tenants_run_never_touches_anothers_rows_or_index(make_shop: MakeShop) -> None:
    ours, theirs = make_shop(returns=RETURNS), make_shop(shipping=SHIPPING)
    ours.materialise()
    before = (ours.workbench.ingestion.index(ours.tenant).version, ours.workbench.ingestion.counts(ours.tenant))
    theirs.materialise()
    (theirs.knowledge / "shipping.md").unlink()
    theirs.write("warranty.md", WARRANTY)
    theirs.materialise()
    assert (ours.workbench.ingestion.index(ours.tenant).version, ours.workbench.ingestion.counts(ours.tenant)) == before
    assert ours.found("warranty of tents") == {"help/returns.md"}
    assert theirs.found("How do I return an item?") == {"help/warranty.md"}
