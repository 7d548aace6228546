"""A packed row is read back whole, and the cache keeps what is in demand."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.answers import Passage
from components.vectors.stored_rows import RowCache, StoredRow, pack, unpack

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)


@settings(max_examples=50, deadline=None)
@given(
    fields=st.lists(TEXT, min_size=5, max_size=5),
    vector=st.none() | st.lists(st.floats(width=32, allow_nan=False), max_size=4),
    tokens=st.none() | st.binary(max_size=20),
)
def test_a_packed_row_is_read_back_whole(fields: list[str], vector: list[float] | None, tokens: bytes | None) -> None:
    stored = StoredRow(Passage(*fields, score=0.0), None if vector is None else np.array(vector, np.float32), tokens)
    again = unpack(pack(stored))
    assert (again.passage, again.tokens) == (stored.passage, stored.tokens)
    assert (None if again.vector is None else again.vector.tolist()) == vector


def stored(name: str) -> StoredRow:
    return StoredRow(Passage(name, "", "", "", "", 0.0), None, None)


def test_the_cache_forgets_what_was_longest_out_of_demand() -> None:
    cache = RowCache(capacity=2)
    cache.put({1: stored("a"), 2: stored("b")})
    assert list(cache.by_chunk_id(["a"])) == ["a"]
    cache.put({3: stored("c")})
    assert list(cache.by_row_id([1, 2, 3])) == [1, 3]
    assert list(cache.by_chunk_id(["a", "b", "c"])) == ["a", "c"]
