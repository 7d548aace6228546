"""What the question finds in each candidate passage, by words, by meaning and by crowding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from components.core.answers import Passage
from components.core.embeddings import EmbeddedText
from components.retrieval.scoring import (
    Floats,
    Frequencies,
    attainable_bm25,
    best_matches,
    density,
    token_weights,
)
from components.vectors.snapshot import IndexSnapshot
from components.vectors.token_codec import TokenCodec, TokenMatrix, stack


@dataclass(frozen=True)
class Evidence:
    """One value a passage, in the order given: each of shape (passages,).

    weighted: MaxSim with rare words weighing more. plain: MaxSim with all words alike; both None for an
    embedder without token vectors. cosine: of the pooled vectors. lexical: BM25 as a share of what the
    question could attain, 0..1. crowding: mean cosine to the nearest other candidates.
    """

    weighted: Floats | None
    plain: Floats | None
    cosine: Floats
    lexical: Floats
    crowding: Floats


def gather_evidence(index: IndexSnapshot, embedding: EmbeddedText, passages: Sequence[Passage]) -> Evidence:
    """Reads the passages' vectors from the index; a passage that full text did not find has no BM25 score."""
    identifiers = [passage.chunk_id for passage in passages]
    stored, matrices = index.vectors(identifiers), index.token_vectors(identifiers)
    vectors = np.stack([stored[identifier] for identifier in identifiers])
    frequencies = Frequencies(index.count(), index.piece_frequencies())
    lexical = np.array([passage.stage_scores.get("text", 0.0) for passage in passages], dtype=np.float32)
    if embedding.pieces:
        lexical = np.minimum(lexical / attainable_bm25(embedding.pieces, frequencies), 1.0)
    elif lexical.max(initial=0.0) > 0:
        lexical = lexical / lexical.max()
    weighted, plain = _maxsim(index.codec, embedding, identifiers, matrices, frequencies)
    return Evidence(weighted, plain, vectors @ embedding.vector, lexical, density(vectors))


def _maxsim(
    codec: TokenCodec | None,
    embedding: EmbeddedText,
    identifiers: Sequence[str],
    matrices: Mapping[str, TokenMatrix],
    frequencies: Frequencies,
) -> tuple[Floats | None, Floats | None]:
    if embedding.tokens is None or codec is None or not len(embedding.tokens):
        return None, None
    held = [place for place, key in enumerate(identifiers) if key in matrices and len(matrices[key].codes)]
    weighted, plain = np.zeros(len(identifiers), np.float32), np.zeros(len(identifiers), np.float32)
    if held:
        rows, lengths = stack([matrices[identifiers[place]] for place in held])
        matches = best_matches(codec.project(embedding.tokens), rows, lengths)
        weighted[held] = token_weights(embedding.pieces, frequencies) @ matches
        plain[held] = token_weights(embedding.pieces, frequencies, power=0.0) @ matches
    return weighted, plain
