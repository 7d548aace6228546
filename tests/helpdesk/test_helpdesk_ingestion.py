"""Knowledge on its way in: every stage does what changed and nothing else, and the rest goes through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from helpdesk_shop import NORWAY, RETURNS, SHIPPING, WARRANTY, Shop
from sqlalchemy import update

from components.core.documents import RawDocument, SourceSnapshot
from components.core.errors import IndexUnavailable, InvalidInput, NotFound, Unavailable
from components.core.settings import Settings
from components.core.tenant import Tenant
from components.database.tables import ChunkRow
from components.helpdesk.ingestion.blobs import BlobStore
from components.helpdesk.ingestion.collecting import collect
from components.helpdesk.ingestion.service import IngestReport

MakeShop = Callable[..., Shop]


def diffs(report: IngestReport) -> tuple[tuple[int, ...], ...]:
    """(added, changed, removed, unchanged), (parsed, removed), (cut, added, removed), (embedded, deleted)."""
    collected, parsed, chunked, indexed = report.collected, report.parsed, report.chunked, report.indexed
    return (
        (collected.added, collected.changed, collected.removed, collected.unchanged),
        (parsed.parsed, parsed.removed),
        (chunked.documents, chunked.added, chunked.removed),
        (indexed.embedded, indexed.deleted),
    )


def test_each_stage_does_what_changed_and_nothing_else(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    assert diffs(shop.ingest()) == ((2, 0, 0, 0), (2, 0), (2, 2, 0), (2, 0))
    assert diffs(shop.ingest()) == ((0, 0, 0, 2), (0, 0), (0, 0, 0), (0, 0))
    shop.write(warranty=WARRANTY, shipping=SHIPPING.replace("nine days", "four weeks"))
    assert diffs(shop.ingest()) == ((1, 1, 0, 1), (2, 0), (2, 2, 1), (2, 1))
    shop.remove("returns")
    report = shop.ingest()
    assert diffs(report) == ((0, 0, 1, 2), (0, 1), (0, 0, 0), (0, 1))
    assert report.promoted is not None
    assert shop.workbench.ingestion.counts(shop.tenant) == (2, 2)
    assert report.chunked.tokens > 20
    assert report.parsed.unchanged == 2


def test_a_changed_document_replaces_what_is_told(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.ingest()
    assert "nine days" in shop.ask(NORWAY).text
    shop.write(shipping=SHIPPING.replace("nine days", "four weeks"))
    shop.ingest()
    answer = shop.ask(NORWAY)
    assert "four weeks" in answer.text
    assert not any("nine days" in passage.text for passage in answer.passages)


def test_a_deleted_document_is_never_cited_again_and_its_file_is_gone(
    make_shop: MakeShop, helpdesk_settings: Settings
) -> None:
    """What Lance keeps is the version that served before, for questions under way; it goes with a later prune."""
    marker = f"zanzibar{uuid4().hex}"
    shop = make_shop(returns=RETURNS, shipping=f"{SHIPPING}\nAsk for {marker} at the counter.\n")
    shop.ingest()
    assert any("raw" in path.parts for path in files_with(marker, shop, helpdesk_settings))
    shop.remove("shipping")
    shop.ingest()
    assert shop.found(NORWAY) == shop.found(marker) == {"help/returns.md"}
    assert not any(citation.document_id == "help/shipping.md" for citation in shop.ask(NORWAY).citations)
    served = shop.workbench.ingestion.index(shop.tenant).served()
    assert served is not None
    assert marker not in str(served.rows(["text", "embedding_text"]).to_pylist())
    assert not any("raw" in path.parts for path in files_with(marker, shop, helpdesk_settings))


def test_deleting_every_document_leaves_nothing_to_cite(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.ingest()
    shop.remove("returns")
    shop.remove("shipping")
    report = shop.ingest()
    assert report.promoted is not None
    assert "no readable document" in report.evaluation.reason
    answer = shop.ask(NORWAY)
    assert (answer.answered, answer.passages, answer.citations) == (False, (), ())
    shop.write(shipping=SHIPPING)
    shop.ingest()
    assert shop.found(NORWAY) == {"help/shipping.md"}


def test_a_deleted_document_is_withdrawn_before_anything_that_can_fail(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.ingest()
    shop.remove("shipping")
    shop.write(returns=RETURNS.replace("a week", "a month"), warranty=WARRANTY)
    ingestion = shop.workbench.ingestion
    ingestion.collect(shop.tenant, [shop.source])
    ingestion.parse(shop.tenant)
    ingestion.chunk(shop.tenant)
    ingestion.embed(shop.tenant)  # and here the run is killed
    assert shop.found(NORWAY) == {"help/returns.md"}
    assert "a week" in shop.ask("When does the refund reach my card?").text


def files_with(marker: str, shop: Shop, settings: Settings) -> list[Path]:
    """The tenant's files outside PostgreSQL that hold the marker."""
    folders = [settings.data_dir / name / str(shop.tenant.tenant_id) for name in ("tenants", "vectors")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if marker.encode() in path.read_bytes()]


def test_bad_documents_are_reported_with_their_reasons_and_the_others_go_through(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS, copy=RETURNS, empty="", broken=b"# Caf\xe9 \xff\n", shipping=SHIPPING)
    (shop.folder / "fake.pdf").write_bytes(b"GIF89a")
    (shop.folder / "outside.md").symlink_to("/etc/hostname")
    (shop.folder / "away.md").symlink_to(b"/nowhere/\xff\xfe".decode(errors="surrogateescape"))
    report = shop.ingest()
    reasons = {problem.document_id: problem.reason for problem in shop.workbench.ingestion.problems(shop.tenant)}
    assert reasons == {
        "help/returns.md": "duplicate",
        "help/empty.md": "empty",
        "help/broken.md": "not_utf8",
        "help/fake.pdf": "wrong_type",
        "help/outside.md": "outside_folder",
        "help/away.md": "unreadable",
    }
    assert {problem.document_id for problem in report.parsed.problems} == reasons.keys()
    assert "help/shipping.md" in shop.found(NORWAY)


def test_a_problem_stands_until_the_document_is_good_or_gone(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS, shipping=b"\xff", empty="")
    problems = shop.workbench.ingestion.problems
    shop.ingest()
    assert {problem.document_id for problem in problems(shop.tenant)} == {"help/shipping.md", "help/empty.md"}
    report = shop.ingest()
    assert (report.parsed.parsed, len(report.parsed.problems)) == (0, 2)
    shop.write(shipping=SHIPPING)
    shop.remove("empty")
    shop.ingest()
    assert problems(shop.tenant) == []
    assert "help/shipping.md" in shop.found(NORWAY)


def test_a_document_that_becomes_unreadable_is_withdrawn(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.ingest()
    shop.write(shipping=b"\xff")
    shop.ingest()
    assert shop.found(NORWAY) == {"help/returns.md"}
    assert [problem.reason for problem in shop.workbench.ingestion.problems(shop.tenant)] == ["not_utf8"]


@dataclass
class MadeSource:
    """A source that holds what it is told to, or cannot be listed."""

    name: str
    documents: tuple[RawDocument, ...] = ()
    listed: bool = True

    def fingerprint(self) -> str:
        return str(hash(self.documents))

    def snapshot(self) -> SourceSnapshot:
        if not self.listed:
            raise Unavailable(f"{self.name} cannot be listed")
        return SourceSnapshot(self.documents)


def test_a_source_that_fails_deletes_nothing(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS)
    shop.ingest()
    for sources in ([shop.source, MadeSource("wiki", listed=False)], [MadeSource("wiki", listed=False), shop.source]):
        with pytest.raises(Unavailable, match="wiki"):
            shop.workbench.ingestion.ingest(shop.tenant, sources)
    assert shop.workbench.ingestion.counts(shop.tenant) == (1, 1)
    assert diffs(shop.ingest())[0] == (0, 0, 0, 1)


def test_two_sources_of_one_name_are_refused(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS)
    with pytest.raises(InvalidInput, match="'help'"):
        shop.workbench.ingestion.collect(shop.tenant, [shop.source, MadeSource("help")])


def test_more_documents_than_a_statement_has_parameters_come_and_go(make_shop: MakeShop, tmp_path: Path) -> None:
    """PostgreSQL takes 65,535. The bytes are one file, since all are the same."""
    shop = make_shop()
    raw = [RawDocument(f"wiki/{n}", "wiki", str(n), "text/plain", b"x", "0" * 64) for n in range(66_000)]
    database, blobs = shop.workbench.database, BlobStore(tmp_path)
    for documents, expected in ((raw, (66_000, 0)), ([], (0, 66_000))):
        report = collect(database, blobs, shop.tenant.context, [MadeSource("wiki", tuple(documents))])
        assert (report.added, report.removed) == expected


def test_lost_or_damaged_bytes_are_fetched_again_by_the_next_run(
    make_shop: MakeShop, helpdesk_settings: Settings
) -> None:
    shop = make_shop(returns=RETURNS)
    ingestion = shop.workbench.ingestion
    ingestion.collect(shop.tenant, [shop.source])
    raw = helpdesk_settings.data_dir / "tenants" / str(shop.tenant.tenant_id) / "raw"
    (stored,) = raw.iterdir()
    for damage in (lambda: stored.write_bytes(b""), stored.unlink):
        damage()
        with pytest.raises(NotFound, match=stored.name):
            ingestion.parse(shop.tenant)
        ingestion.collect(shop.tenant, [shop.source])
    assert ingestion.parse(shop.tenant).parsed == 1


def test_no_readable_document_means_no_index_and_a_clear_word(make_shop: MakeShop) -> None:
    shop = make_shop(empty="")
    with pytest.raises(IndexUnavailable, match="at least one readable document"):
        shop.ingest()


def test_the_checks_find_orphans_and_empty_documents(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.ingest()
    ingestion = shop.workbench.ingestion
    assert ingestion.orphan_chunks(shop.tenant) == 0
    shop.remove("shipping")
    ingestion.collect(shop.tenant, [shop.source])
    ingestion.parse(shop.tenant)
    assert ingestion.orphan_chunks(shop.tenant) == 1
    assert not ingestion.check_passages(shop.tenant).passed
    assert shop.failing_checks() == {"no_orphan_chunk": "1 passages without a document"}
    ingestion.embed(shop.tenant)
    assert ingestion.check_passages(shop.tenant).passed
    assert ingestion.orphan_chunks(shop.tenant) == 0
    assert ingestion.empty_documents(shop.tenant) == []
    assert shop.failing_checks() == {}


def test_what_the_checks_of_an_ingestion_say_is_kept_for_the_tenants_page(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS)
    report = shop.ingest()
    kept = {each.name: each for each in shop.checks()}
    assert {name: (each.asset, each.passed) for name, each in kept.items()} == {
        "no_empty_document": ("chunks", True),
        "no_orphan_chunk": ("embeddings", True),
        "dimensions_match": ("embeddings", True),
        "retrieval_quality": ("retrieval_evaluation", True),
        "answer_quality": ("answer_evaluation", True),
    }
    assert [kept[each.name] for each in report.checks] == list(report.checks)


def test_progress_counts_up_to_the_total_of_each_stage(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    seen: dict[str, list[tuple[int, int]]] = {}
    shop.workbench.ingestion.ingest(
        shop.tenant, [shop.source], on_progress=lambda stage, *counts: seen.setdefault(stage, []).append(counts)
    )
    assert seen == {"documents": [(1, 2), (2, 2)], "chunks": [(1, 2), (2, 2)], "embeddings": [(2, 2)]}


def test_two_tenants_with_the_same_documents_share_nothing(make_shop: MakeShop) -> None:
    ours, theirs = make_shop(shipping=SHIPPING), make_shop(shipping=SHIPPING)
    ours.ingest()
    before = tenant_state(ours, ours.tenant)
    theirs.ingest()
    theirs.remove("shipping")
    theirs.write(returns=RETURNS)
    theirs.ingest()
    assert tenant_state(ours, ours.tenant) == before
    assert (ours.found(NORWAY), theirs.found(NORWAY)) == ({"help/shipping.md"}, {"help/returns.md"})


def tenant_state(shop: Shop, tenant: Tenant) -> tuple[object, ...]:
    ingestion = shop.workbench.ingestion
    return ingestion.counts(tenant), ingestion.index(tenant).version, ingestion.index(tenant).chunk_ids()


def test_a_passage_cut_for_a_longer_model_is_refused_by_its_document(make_shop: MakeShop) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    ingestion = shop.workbench.ingestion
    shop.ingest()
    shop.write(shipping=SHIPPING * 2)
    ingestion.collect(shop.tenant, [shop.source])
    ingestion.parse(shop.tenant)
    ingestion.chunk(shop.tenant)
    with shop.workbench.database.tenant(shop.tenant.context) as session:
        session.execute(update(ChunkRow).where(ChunkRow.document_id == "help/shipping.md").values(tokens=255))
    with pytest.raises(InvalidInput, match=r"help/shipping\.md.*255 tokens"):
        ingestion.embed(shop.tenant)
    assert "nine days" in shop.ask(NORWAY).text
