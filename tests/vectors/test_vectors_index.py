"""Writing, searching, promoting: what a tenant's index promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vector_rows import DIMENSIONS, IDENTITY, TENANT, embed, row

from components.core.embeddings import EmbeddedText
from components.core.errors import IndexUnavailable, InvalidInput, ModelMismatch, NotFound
from components.vectors.tenant_index import TenantIndex, delete_index

TEXTS = ["boots may be returned within thirty days", "tents are repaired for ten years", "invoices arrive by mail"]
ROWS = [row(text, f"docs/{number}.md") for number, text in enumerate(TEXTS)]


def test_a_written_chunk_is_found_by_vector_with_its_cosine(index: TenantIndex) -> None:
    index.write(ROWS)
    question = embed("tents repaired").vector
    found = index.latest().search_vector(question, 3)
    assert found[0].text == TEXTS[1]
    assert (found[0].title, found[0].section, found[0].document_id) == ("Shop", "Returns > Exceptions", "docs/1.md")
    expected = sorted((float(question @ embedded.vector) for _, embedded in ROWS), reverse=True)
    assert [passage.score for passage in found] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("maintained", [False, True])
def test_a_written_chunk_is_found_by_its_words_whatever_their_form(index: TenantIndex, maintained: bool) -> None:
    index.write(ROWS)
    if maintained:
        index.maintain()
    assert [passage.text for passage in index.latest().search_text("repairing a tent", 3)] == [TEXTS[1]]


@pytest.mark.parametrize("words", ["tents repaired", "", "the of"])
def test_both_searches_at_once_find_what_they_find_alone(index: TenantIndex, words: str) -> None:
    index.write(ROWS)
    latest, question = index.latest(), embed("tents repaired").vector
    where = "document_id <> 'docs/0.md'"
    alone = latest.search_vector(question, 2, where), latest.search_text(words, 2, where)
    assert latest.search(question, words, 2, where) == alone


def test_rows_written_after_the_text_index_are_found_too(index: TenantIndex) -> None:
    index.write(ROWS[:1])
    index.maintain()
    index.write(ROWS[1:])
    assert [passage.text for passage in index.latest().search_text("repair", 3)] == [TEXTS[1]]


def test_a_repeated_write_changes_nothing(index: TenantIndex) -> None:
    index.write(ROWS)
    index.write([*ROWS, ROWS[0]])
    assert index.latest().count() == len(ROWS)
    assert index.chunk_ids() == {chunk.chunk_id for chunk, _ in ROWS}


def test_a_deleted_chunk_is_found_by_nothing(index: TenantIndex) -> None:
    index.write(ROWS)
    index.maintain()
    gone = ROWS[1][0].chunk_id
    index.delete([gone, "never-there", "it's"])
    for maintained in (False, True):
        if maintained:
            index.maintain()
        latest = index.latest()
        assert index.chunk_ids() == {chunk.chunk_id for chunk, _ in ROWS} - {gone}
        assert latest.search_text("tents repaired", 3) == []
        assert gone not in [passage.chunk_id for passage in latest.search_vector(embed(TEXTS[1]).vector, 3)]
        assert latest.token_vectors([gone]) == {}


def test_nothing_answers_before_the_first_promotion(index: TenantIndex) -> None:
    index.write(ROWS)
    assert index.served() is None


def test_writers_do_not_disturb_the_served_version(index: TenantIndex) -> None:
    index.write(ROWS[:2])
    index.maintain()
    index.promote(index.version)
    served = index.served()
    index.write(ROWS[2:])
    index.delete([ROWS[0][0].chunk_id])
    index.maintain()
    assert served is not None
    assert index.served() is served
    assert {passage.text for passage in served.search_vector(embed("x").vector, 9)} == set(TEXTS[:2])
    assert [passage.text for passage in served.search_text("boots", 9)] == [TEXTS[0]]


@pytest.mark.parametrize("written", [0, 1])
def test_a_withdrawal_touches_what_serves_and_leaves_what_was_written(index: TenantIndex, written: int) -> None:
    index.write(ROWS[:2])
    index.maintain()
    index.promote(index.version)
    index.write(ROWS[2 : 2 + written])
    newest = index.chunk_ids()
    index.promote(index.withdraw([ROWS[0][0].chunk_id, "never-there"]))
    served = index.served()
    assert served is not None
    assert [passage.text for passage in served.search_vector(embed("x").vector, 9)] == [TEXTS[1]]
    assert served.search_text("boots", 9) == []
    assert index.chunk_ids() == (newest if written else {ROWS[1][0].chunk_id})


def test_nothing_can_be_withdrawn_before_the_first_promotion(index: TenantIndex) -> None:
    with pytest.raises(IndexUnavailable, match="nothing was promoted"):
        index.withdraw(["a"])


def test_another_process_sees_a_promotion_with_its_next_question(
    index: TenantIndex, open_again: Callable[[], TenantIndex]
) -> None:
    reader = open_again()
    index.write(ROWS[:1])
    index.promote(index.version)
    first = reader.served()
    index.write(ROWS[1:])
    index.promote(index.version)
    second = reader.served()
    assert first is not None
    assert second is not None
    assert (first.count(), second.count()) == (1, 3)


def test_pruning_keeps_the_served_version_and_the_one_before_it(
    index: TenantIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    monkeypatch.setattr("components.vectors.maintenance._AGE_MARGIN", timedelta(0))
    held = []
    for item in ROWS:
        index.write([item])
        index.maintain()
        index.promote(index.version)
        held.append(index.served())
    index.write([row("a fourth text")])
    index.maintain()
    for snapshot, count in zip(held[1:], (2, 3), strict=True):
        assert snapshot is not None
        assert len(snapshot.search_vector(embed("x").vector, 9)) == count
    assert held[0] is not None
    with pytest.raises(NotFound, match=f"version {held[0].version}"):
        index.promote(held[0].version)


def test_a_version_that_never_was_cannot_be_promoted(index: TenantIndex) -> None:
    with pytest.raises(NotFound, match="version 99"):
        index.promote(99)


def test_token_vectors_come_back_by_chunk_and_match_the_question_best(index: TenantIndex) -> None:
    index.write(ROWS)
    latest = index.latest()
    assert latest.codec is not None
    matrices = latest.token_vectors([*[chunk.chunk_id for chunk, _ in ROWS], "absent"])
    assert list(matrices) == [chunk.chunk_id for chunk, _ in ROWS]
    question = embed("tents repaired")
    assert question.tokens is not None
    projected = latest.codec.project(question.tokens)
    best = {key: float((projected @ matrix.dense().T).max(axis=1).mean()) for key, matrix in matrices.items()}
    assert max(best, key=best.__getitem__) == ROWS[1][0].chunk_id
    assert best[ROWS[1][0].chunk_id] > 0.99


def test_the_codec_stays_the_one_the_index_was_begun_with(
    index: TenantIndex, open_again: Callable[[], TenantIndex]
) -> None:
    index.write(ROWS[:1])
    begun = index.codec()
    open_again().write([row(f"quite other words {number}") for number in range(50)])
    now = open_again().codec()
    assert begun is not None
    assert now is not None
    assert now.fingerprint == begun.fingerprint


def test_vectors_and_passages_come_back_by_chunk(index: TenantIndex) -> None:
    index.write(ROWS)
    latest, wanted = index.latest(), [ROWS[2][0].chunk_id, "absent", ROWS[0][0].chunk_id]
    assert [passage.text for passage in latest.passages(wanted).values()] == [TEXTS[2], TEXTS[0]]
    assert np.allclose(latest.vectors(wanted)[ROWS[2][0].chunk_id], ROWS[2][1].vector)
    assert latest.passages([]) == {}


@pytest.mark.parametrize("maintained", [False, True])
def test_piece_frequencies_count_passages_not_occurrences(index: TenantIndex, maintained: bool) -> None:
    index.write([row("the boot the tent"), row("the bill")])
    if maintained:
        index.maintain()
    assert index.latest().statistics.pieces == {"the": 2, "boot": 1, "tent": 1, "bill": 1}


def test_an_index_of_another_model_is_refused_with_what_to_do(index: TenantIndex, tmp_path: Path) -> None:
    other = replace(IDENTITY, name="mpnet", fingerprint="e" * 64)
    with pytest.raises(ModelMismatch, match=r"'letters'.*'mpnet'.*helpdesk ingest --rebuild"):
        TenantIndex.open(tmp_path, TENANT, other)


def test_a_deleted_index_starts_empty_with_any_model(index: TenantIndex, tmp_path: Path) -> None:
    index.write(ROWS)
    index.promote(index.version)
    delete_index(tmp_path, TENANT)
    delete_index(tmp_path, TENANT)
    again = TenantIndex.open(tmp_path, TENANT, replace(IDENTITY, name="mpnet"))
    assert again.chunk_ids() == set()
    assert again.served() is None


def test_a_reader_follows_an_index_that_was_deleted_and_built_anew(
    index: TenantIndex, open_again: Callable[[], TenantIndex], tmp_path: Path
) -> None:
    reader = open_again()
    for texts in (["the first life"], ["the second life", "of the index"]):
        writer = open_again()
        writer.write([row(text) for text in texts])
        writer.maintain()
        writer.promote(writer.version)
        served = reader.served()
        assert served is not None
        assert {passage.text for passage in served.search_vector(embed("x").vector, 9)} == set(texts)
        assert [passage.text for passage in served.search_text("life", 9)] == texts[:1]
        delete_index(tmp_path, TENANT)
        assert reader.served() is None
    other = TenantIndex.open(tmp_path, TENANT, replace(IDENTITY, name="mpnet"))
    other.write(ROWS)
    other.promote(other.version)
    with pytest.raises(ModelMismatch):
        reader.served()


def test_an_empty_index_answers_with_nothing(index: TenantIndex) -> None:
    index.maintain()
    latest = index.latest()
    assert latest.search_vector(embed("x").vector, 5) == []
    assert latest.search_text("x", 5) == []
    assert latest.statistics.pieces == {}
    index.write([])
    assert index.chunk_ids() == set()


@pytest.mark.parametrize("k", [0, -1, 1001])
def test_a_k_out_of_range_is_refused(index: TenantIndex, k: int) -> None:
    with pytest.raises(InvalidInput, match=f"k={k}: allowed is 1 to 1000"):
        index.latest().search_text("boots", k)


@pytest.mark.parametrize("vector", [np.ones(3, np.float32), np.full(DIMENSIONS, np.nan, np.float32)])
def test_vectors_that_do_not_fit_are_refused_both_ways(index: TenantIndex, vector: np.ndarray) -> None:
    with pytest.raises(InvalidInput, match="query vector"):
        index.latest().search_vector(vector, 1)
    chunk, embedded = ROWS[0]
    with pytest.raises(InvalidInput, match=chunk.chunk_id):
        index.write([(chunk, EmbeddedText(vector, embedded.tokens, embedded.pieces))])


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> TenantIndex:
    index = TenantIndex.open(tmp_path_factory.mktemp("searched"), TENANT, IDENTITY)
    index.write(ROWS)
    index.maintain()
    index.write([row("an unindexed row")])
    return index


AWKWARD = [
    "",
    " ",
    '"',
    "boots AND (",
    '"boots',
    "text:boots +x -y",
    "the of",
    "b" * 4000,
    "\x00",
    "\ud800 boots",
    "🥾",
    "'; --",
]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.one_of(st.sampled_from(AWKWARD), st.text(st.characters(codec=None), max_size=80)))
def test_any_text_is_a_safe_query(searched: TenantIndex, query: str) -> None:
    found = searched.latest().search_text(query, 5)
    assert [passage.score for passage in found] == sorted((passage.score for passage in found), reverse=True)
