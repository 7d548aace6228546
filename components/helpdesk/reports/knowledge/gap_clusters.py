"""Questions that ask for the same: grouped by meaning, named by the words that tell them from the others."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from components.core.embeddings import Vector
from components.models.word_evidence import STOP_WORDS, content_words, stem

# Cosine distance, on average between two groups, up to which they are one. Of average, complete and Ward's linkage and
# HDBSCAN over mixed customer questions, average linkage at this distance kept purity and completeness apart least.
_DISTANCE = 0.5
LABEL_WORDS = 3
_WORD = re.compile(r"[^\W\d_][\w'’-]+")


def cluster(vectors: Sequence[Vector], distance: float = _DISTANCE) -> NDArray[np.int64]:
    """A number a vector, equal for those of one group; by average linkage on cosine distance (Sokal and Michener,
    1958), so that a chain of neighbours is not one topic. The same vectors give the same groups."""
    if len(vectors) < 2:
        return np.zeros(len(vectors), dtype=np.int64)
    from sklearn.cluster import AgglomerativeClustering

    model = AgglomerativeClustering(n_clusters=None, distance_threshold=distance, metric="cosine", linkage="average")
    return np.asarray(model.fit_predict(np.asarray(vectors, dtype=np.float64)), dtype=np.int64)


def label_of(questions: Sequence[str], others: Sequence[frozenset[str]]) -> str:
    """Up to three words, as they are most often written: those of most of the questions that the fewest others have.
    others: content words of all questions, these among them."""
    held = Counter(word for question in questions for word in content_words(question))
    everywhere = Counter(word for words in others for word in words)

    def weight(word: str) -> float:
        return held[word] * math.log(1 + len(others) / (1 + everywhere[word]))

    written = Counter(
        (stem(word), word.casefold())
        for question in questions
        for word in _WORD.findall(question)
        if word.casefold() not in STOP_WORDS
    )
    spelt: dict[str, str] = {}
    for (root, word), _ in sorted(written.items(), key=lambda each: (-each[1], each[0])):
        spelt.setdefault(root, word)
    best = sorted((word for word in held if word in spelt), key=lambda word: (-weight(word), word))
    # A word that only one of several asks with names them badly.
    shared = [word for word in best if held[word] > 1 or len(questions) == 1] or best
    return ", ".join(spelt[word] for word in shared[:LABEL_WORDS])
