"""Any sentence-transformers model: its own limits, prompts and fingerprint."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from components.core.embeddings import Embedder
from components.core.errors import ModelUnavailable
from components.models.embedder_factory import load_embedder
from tests.models.tiny_bert import MAX_SEQUENCE, save_tiny_bert


def test_limits_come_from_the_model(from_folder: Embedder) -> None:
    assert from_folder.identity.max_tokens == MAX_SEQUENCE - 2
    assert from_folder.identity.dimensions == 16
    assert from_folder.identity.has_tokens


def test_vectors_equal_those_of_encode(from_folder: Embedder, tiny_bert: Path) -> None:
    from sentence_transformers import SentenceTransformer

    texts = ["a tent", "how long does a refund take"]
    expected = SentenceTransformer(str(tiny_bert), device="cpu").encode(texts, normalize_embeddings=True)
    found = np.stack([each.vector for each in from_folder.embed_passages(texts)])
    assert np.allclose(found, expected, atol=1e-5)


def test_prompts_steer_the_vector_and_are_not_among_its_tokens(tmp_path: Path) -> None:
    saved = save_tiny_bert(tmp_path, prompts={"query": "query: ", "document": "passage: "})
    embedder = load_embedder(str(saved), cache_dir=tmp_path, threads=1)
    query, passage = embedder.embed_query("tent"), embedder.embed_passages(["tent"])[0]
    assert query.pieces == passage.pieces == ("t", "##e", "##n", "##t")
    assert not np.allclose(query.vector, passage.vector, atol=1e-3)
    assert embedder.identity.max_tokens == MAX_SEQUENCE - 2 - len("passage:")


def test_the_fingerprint_follows_the_weights(from_folder: Embedder, tiny_bert: Path, tmp_path: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer

    again = load_embedder(str(tiny_bert), cache_dir=tmp_path, threads=1)
    model = SentenceTransformer(str(tiny_bert), device="cpu")
    with torch.no_grad():
        next(model.parameters())[0, 0] += 1
    model.save(str(tmp_path / "changed"))
    changed = load_embedder(str(tmp_path / "changed"), cache_dir=tmp_path, threads=1)
    assert again.identity.fingerprint == from_folder.identity.fingerprint
    assert changed.identity.fingerprint != from_folder.identity.fingerprint


def test_a_folder_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"cannot be loaded.*give its path"):
        load_embedder(str(tmp_path), cache_dir=tmp_path, threads=1)


def test_a_hub_that_is_out_of_reach_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub
    import huggingface_hub.constants
    import transformers.utils.hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(transformers.utils.hub, "_is_offline_mode", True)
    huggingface_hub.utils.reset_sessions()
    with pytest.raises(ModelUnavailable, match=r"nobody/no-such-model.*no model hub can be reached"):
        load_embedder("nobody/no-such-model", cache_dir=tmp_path, threads=1)
