"""The embedder that remembers what it was asked last."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from components.core.embeddings import EmbeddedText, ModelIdentity
from components.models.recent_embedder import MOST_AT_ONCE, MOST_TEXTS, RecentEmbedder


class CountingEmbedder:
    """Keeps core's Embedder; a text's vector is its length. Counts what it is asked."""

    identity = ModelIdentity("counting", "0", 1, 512, False)

    def __init__(self) -> None:
        self.asked: list[str] = []

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]

    def embed_passages(self, texts: Sequence[str]) -> list[EmbeddedText]:
        self.asked += texts
        return [EmbeddedText(np.array([len(text)], np.float32)) for text in texts]

    def embed_query(self, text: str) -> EmbeddedText:
        self.asked.append(text)
        return EmbeddedText(np.array([-len(text)], np.float32))


@pytest.fixture
def counting() -> CountingEmbedder:
    return CountingEmbedder()


def test_a_text_is_embedded_once_and_comes_back_in_its_place(counting: CountingEmbedder) -> None:
    recent = RecentEmbedder(counting)
    first = recent.embed_passages(["a", "bb", "a"])
    again = recent.embed_passages(["bb", "ccc", "a"])
    assert [each.vector[0] for each in (*first, *again)] == [1, 2, 1, 2, 3, 1]
    assert counting.asked == ["a", "bb", "ccc"]


def test_a_question_is_no_passage(counting: CountingEmbedder) -> None:
    recent = RecentEmbedder(counting)
    assert recent.embed_passages(["a"])[0].vector[0] == 1
    assert [recent.embed_query("a").vector[0] for _ in range(2)] == [-1, -1]
    assert counting.asked == ["a", "a"]


def test_what_was_used_longest_ago_is_forgotten(counting: CountingEmbedder) -> None:
    recent = RecentEmbedder(counting)
    recent.embed_query("first")
    for number in range(MOST_TEXTS):
        recent.embed_query(f"text {number}")
        recent.embed_query("text 0")
    recent.embed_query("text 0")
    assert counting.asked.count("text 0") == 1
    recent.embed_query("first")
    assert counting.asked.count("first") == 2


def test_long_texts_and_large_batches_push_nothing_out(counting: CountingEmbedder) -> None:
    recent = RecentEmbedder(counting)
    recent.embed_query("kept")
    recent.embed_passages([f"passage {number}" for number in range(MOST_AT_ONCE + 1)])
    for _ in range(2):
        recent.embed_query("x" * 10_000)
    recent.embed_query("kept")
    assert counting.asked.count("kept") == 1
    assert counting.asked.count("x" * 10_000) == 2
