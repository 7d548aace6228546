"""What the question finds in each candidate passage, by words, by meaning and by crowding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.core.answers import Passage
from components.core.embeddings import EmbeddedText
from components.retrieval.scoring import (
    Floats,
    Frequencies,
    attainable_bm25,
    best_matches,
    clause_vectors,
    clause_weights,
    clauses,
    cosine_shift,
    density,
    support,
    token_weights,
)
from components.vectors.snapshot import IndexSnapshot
from components.vectors.token_codec import stack


@dataclass(frozen=True)
class Evidence:
    """One value a passage, in the order given: each of shape (passages,).

    maxsim: with rare words weighing more; zero for an embedder without token vectors. cosine: of the pooled
    vectors. lexical: BM25 as a share of what the question could attain, 0..1. crowding: mean cosine to the
    nearest other candidates. support: how well the passage answers, see scoring.support.
    """

    maxsim: Floats
    cosine: Floats
    lexical: Floats
    crowding: Floats
    support: Floats


def gather_evidence(index: IndexSnapshot, embedding: EmbeddedText, passages: Sequence[Passage]) -> Evidence:
    """Reads the passages' vectors from the index; a passage that full text did not find has no BM25 score."""
    identifiers = [passage.chunk_id for passage in passages]
    stored = index.vectors(identifiers)
    vectors = np.stack([stored[identifier] for identifier in identifiers])
    frequencies = Frequencies(index.count(), index.statistics.pieces)
    lexical = np.array([passage.stage_scores.get("text", 0.0) for passage in passages], dtype=np.float32)
    if embedding.pieces:
        lexical = np.minimum(lexical / attainable_bm25(embedding.pieces, frequencies), 1.0)
    elif lexical.max(initial=0.0) > 0:
        lexical = lexical / lexical.max()
    crowding, cosine = density(vectors), vectors @ embedding.vector
    matches = _matches(index, embedding, identifiers)
    if embedding.tokens is None or matches is None:
        supported = support(cosine[None], cosine[None], crowding, 0.0)
        return Evidence(np.zeros(len(identifiers), np.float32), cosine, lexical, crowding, supported)
    parts = clauses(embedding.pieces)
    supported = support(
        clause_weights(embedding.pieces, parts, frequencies) @ matches,
        clause_vectors(embedding.vector, embedding.tokens, parts) @ vectors.T,
        crowding,
        cosine_shift(index.statistics.coherence),
    )
    return Evidence(token_weights(embedding.pieces, frequencies) @ matches, cosine, lexical, crowding, supported)


def _matches(index: IndexSnapshot, embedding: EmbeddedText, identifiers: Sequence[str]) -> Floats | None:
    """Greatest cosine of each token of the question in each passage, (tokens, passages); zero for a passage
    without stored tokens, None where there are no token vectors at all."""
    codec = index.codec
    if embedding.tokens is None or codec is None or not len(embedding.tokens):
        return None
    matrices = index.token_vectors(identifiers)
    held = [place for place, key in enumerate(identifiers) if key in matrices and len(matrices[key].codes)]
    matches = np.zeros((len(embedding.tokens), len(identifiers)), np.float32)
    if held:
        rows, lengths = stack([matrices[identifiers[place]] for place in held])
        matches[:, held] = best_matches(codec.project(embedding.tokens), rows, lengths)
    return matches
