"""What every embedder keeps, run over all three."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from components.core.embeddings import EmbeddedText, Embedder
from components.core.errors import InvalidInput

TEXTS = ["a tent", "how do i return boots that i wore once", "", "x", "refund: 5 days. a refund goes to the card."]
ODD_TEXTS = ["😀 👨‍👩‍👧 ok", "שלום עולם", "مرحبا", "e\u0301a\u0300", "\u0000\u200b", "日本語", " \n\t "]


def same(first: EmbeddedText, second: EmbeddedText) -> bool:
    if first.pieces != second.pieces or (first.tokens is None) != (second.tokens is None):
        return False
    pairs = [(first.vector, second.vector)]
    if first.tokens is not None and second.tokens is not None:
        pairs.append((first.tokens, second.tokens))
    return all(np.allclose(one, other, atol=1e-5) for one, other in pairs)


def unit_token(embedder: Embedder) -> str:
    """A string that is one token however often it is repeated."""
    return "a" if len(embedder.token_spans("a ")) == 2 else "a "


def test_embeddings_come_in_the_order_of_the_texts(embedder: Embedder) -> None:
    forwards, backwards = embedder.embed_passages(TEXTS), embedder.embed_passages(TEXTS[::-1])
    assert len(forwards) == len(TEXTS)
    assert all(same(one, other) for one, other in zip(forwards, backwards[::-1], strict=True))


def test_a_text_has_the_same_vectors_in_any_batch(embedder: Embedder) -> None:
    together = embedder.embed_passages(TEXTS * 3)
    alone = [embedder.embed_passages([text])[0] for text in TEXTS * 3]
    assert all(same(one, other) for one, other in zip(together, alone, strict=True))


@pytest.mark.parametrize("text", TEXTS + ODD_TEXTS)
def test_vectors_are_float32_of_length_one(embedder: Embedder, text: str) -> None:
    identity = embedder.identity
    for embedded in (*embedder.embed_passages([text]), embedder.embed_query(text)):
        assert embedded.vector.shape == (identity.dimensions,)
        assert embedded.vector.dtype == np.float32
        assert np.linalg.norm(embedded.vector) == pytest.approx(1, abs=1e-5)
        assert (embedded.tokens is not None) == identity.has_tokens
        if embedded.tokens is not None:
            assert embedded.tokens.shape == (len(embedded.pieces), identity.dimensions)
            assert embedded.tokens.dtype == np.float32
            assert np.allclose(np.linalg.norm(embedded.tokens, axis=1), 1, atol=1e-5)
            assert len(embedded.pieces) == len(embedder.token_spans(text))


@pytest.mark.parametrize("text", TEXTS + ODD_TEXTS)
def test_token_spans_lie_in_the_text_in_order(embedder: Embedder, text: str) -> None:
    spans = embedder.token_spans(text)
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


def test_no_texts_give_no_embeddings(embedder: Embedder) -> None:
    assert embedder.embed_passages([]) == []


def test_a_passage_of_exactly_max_tokens_is_read_and_one_more_is_refused(embedder: Embedder) -> None:
    limit = embedder.identity.max_tokens
    fits = (unit_token(embedder) * limit).strip()
    assert len(embedder.token_spans(fits)) == limit
    assert len(embedder.embed_passages([fits])) == 1
    with pytest.raises(InvalidInput, match=rf"passage 1 has {limit + 1} tokens.*at most {limit}"):
        embedder.embed_passages(["a", unit_token(embedder) * (limit + 1)])


def test_a_long_question_is_read_up_to_the_limit(embedder: Embedder) -> None:
    limit = embedder.identity.max_tokens
    unit = unit_token(embedder)
    cut, long = embedder.embed_query((unit * limit).strip()), embedder.embed_query(unit * limit * 20)
    assert same(cut, long)


def test_token_spans_are_not_cut_off(embedder: Embedder) -> None:
    text = "tent " * 20_000
    assert embedder.token_spans(text)[-1][1] >= len(text.rstrip())


def test_many_threads_get_what_one_gets(embedder: Embedder) -> None:
    expected = [embedder.embed_query(text) for text in TEXTS]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(embedder.embed_query, TEXTS * 6))
        batches = list(pool.map(embedder.embed_passages, [TEXTS] * 6))
    assert all(same(one, other) for one, other in zip(found, expected * 6, strict=True))
    assert all(same(one, other) for batch in batches for one, other in zip(batch, batches[0], strict=True))


def test_the_identity_stays_the_same(embedder: Embedder) -> None:
    before = embedder.identity
    embedder.embed_query("a tent")
    assert embedder.identity == before
    assert before.fingerprint
    assert before.max_tokens > 0
