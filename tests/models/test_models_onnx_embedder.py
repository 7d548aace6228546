"""The bundled embedder: checked weights, sentence-transformers' vectors, no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.embeddings import Embedder
from components.core.errors import ModelUnavailable
from components.models.bundled_weights import SHA256, bundled_weights
from components.models.token_batches import token_batches

TEXTS = [
    "How do I return a tent?",
    "",
    "Boots worn outdoors can be exchanged within 60 days. " * 20,
    "Überweisung € 12,50 – naïve café 😀",
    "مرحبا بالعالم 日本語",
    "refund",
]


def test_vectors_equal_those_of_sentence_transformers(bundled: Embedder) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(bundled_weights().path.parent), device="cpu")
    pooled = model.encode(TEXTS, normalize_embeddings=True)
    tokens = model.encode(TEXTS, output_value="token_embeddings", convert_to_numpy=False)
    for found, vector, rows in zip(bundled.embed_passages(TEXTS), pooled, tokens, strict=True):
        assert np.abs(found.vector - vector).max() < 1e-4
        expected = rows[1:-1].numpy()
        assert found.tokens is not None
        assert np.allclose(found.tokens, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-4)


def test_altered_weights_are_refused_naming_both_hashes(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not the model")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelUnavailable, match=rf"sha256 [0-9a-f]{{64}}.*{SHA256}"):
        bundled_weights(tmp_path)


def test_absent_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"model\.safetensors is absent"):
        bundled_weights(tmp_path)


def test_the_bundled_embedder_needs_neither_torch_nor_transformers() -> None:
    program = (
        "import sys; from pathlib import Path; from components.models.embedder_factory import load_embedder\n"
        "load_embedder('bundled', cache_dir=Path('x'), threads=1).embed_query('a tent')\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"


@given(st.lists(st.integers(1, 300), max_size=60), st.integers(1, 1000))
def test_batches_hold_each_text_once_within_the_budget(lengths: list[int], budget: int) -> None:
    batches = token_batches(lengths, budget=budget)
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[position] for position in batch) <= budget
