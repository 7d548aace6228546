"""Whatever the order of writes, deletions, maintenance and promotions, an index holds what a set would."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from vector_rows import IDENTITY, TENANT, embed, row

from components.vectors.snapshot import IndexSnapshot
from components.vectors.tenant_index import TenantIndex

WORDS = ["boots", "tents", "stoves", "ropes", "maps", "lamps"]
NUMBERS = st.sets(st.integers(0, len(WORDS) - 1), min_size=1)


def texts(snapshot: IndexSnapshot) -> set[str]:
    return {passage.text for passage in snapshot.search_vector(embed("any").vector, 100)}


class IndexAgainstSets(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.index = TenantIndex.open(self.folder, TENANT, IDENTITY)
        self.reader = TenantIndex.open(self.folder, TENANT, IDENTITY)
        self.latest: set[str] = set()
        self.served: set[str] | None = None
        self.held: list[tuple[IndexSnapshot, set[str]]] = []

    @rule(numbers=NUMBERS)
    def write(self, numbers: set[int]) -> None:
        self.index.write([row(WORDS[number]) for number in numbers])
        self.latest |= {WORDS[number] for number in numbers}

    @rule(numbers=NUMBERS)
    def delete(self, numbers: set[int]) -> None:
        self.index.delete([row(WORDS[number])[0].chunk_id for number in numbers])
        self.latest -= {WORDS[number] for number in numbers}

    @rule()
    def maintain(self) -> None:
        self.index.maintain()

    @rule()
    def promote(self) -> None:
        self.index.promote(self.index.version)
        self.served = set(self.latest)

    @rule()
    def open_again(self) -> None:
        self.index = TenantIndex.open(self.folder, TENANT, IDENTITY)

    @rule()
    def hold(self) -> None:
        self.held.append((self.index.latest(), set(self.latest)))

    @invariant()
    def the_latest_version_holds_what_was_written(self) -> None:
        latest = self.index.latest()
        assert texts(latest) == self.latest
        assert set(latest.statistics.pieces) == self.latest
        for word in WORDS:
            assert [passage.text for passage in latest.search_text(word, 9)] == [word] * (word in self.latest)

    @invariant()
    def the_served_version_holds_what_was_promoted(self) -> None:
        served = self.reader.served()
        assert (None if served is None else texts(served)) == self.served

    @invariant()
    def a_snapshot_never_changes(self) -> None:
        for snapshot, expected in self.held:
            assert texts(snapshot) == expected

    def teardown(self) -> None:
        shutil.rmtree(self.folder)


IndexAgainstSets.TestCase.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
TestIndexAgainstSets = IndexAgainstSets.TestCase


def test_text_scores_do_not_depend_on_how_often_the_index_was_refreshed(tmp_path: Path) -> None:
    rows = [row(f"{WORDS[n % 5]} {WORDS[n % 3]} number {n}", f"docs/{n}.md") for n in range(30)]
    at_once, by_steps = (TenantIndex.open(tmp_path / name, TENANT, IDENTITY) for name in ("at once", "by steps"))
    at_once.write(rows)
    at_once.maintain()
    for start in range(0, 30, 10):
        by_steps.write(rows[start : start + 10])
        by_steps.maintain()
    scores = [
        {
            passage.text: pytest.approx(passage.score, rel=1e-4)
            for passage in index.latest().search_text("lamps boots", 50)
        }
        for index in (at_once, by_steps)
    ]
    assert scores[0] == {text: score.expected for text, score in scores[1].items()}


def test_a_vector_index_finds_what_exact_search_does_and_fresh_rows_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.vectors.maintenance.VECTOR_INDEX_FROM_ROWS", 1000)
    index = TenantIndex.open(tmp_path, TENANT, IDENTITY)
    index.write([row(f"{WORDS[n % 6]} number {n}", f"docs/{n}.md") for n in range(1000)])
    questions = [embed(f"{word} number {n}").vector for n, word in enumerate(WORDS)]
    exact = [index.latest().search_vector(question, 10) for question in questions]
    index.maintain()
    assert index.has_vector_index()
    found = [index.latest().search_vector(question, 10) for question in questions]
    hits = [len({p.chunk_id for p in a} & {p.chunk_id for p in b}) for a, b in zip(exact, found, strict=True)]
    assert sum(hits) >= 57
    assert [passages[0].score for passages in found] == pytest.approx([p[0].score for p in exact], abs=1e-5)
    index.write([row("something fresh")])
    assert index.latest().search_vector(embed("something fresh").vector, 1)[0].text == "something fresh"
    index.delete([row("something fresh")[0].chunk_id])
    index.maintain()
    assert index.latest().search_vector(embed("something fresh").vector, 1)[0].text != "something fresh"
