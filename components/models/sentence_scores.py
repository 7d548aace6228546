"""How well each candidate sentence answers the question, by the embedder and by the words they share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.core.embeddings import EmbeddedText, Embedder

_WORD = re.compile(r"\w+")
_STOP = frozenset(
    _WORD.findall(
        "a an the of to in on at for from with by and or but is are was were be been am do does did can could will "
        "would shall should may might must i me my we us our you your it its this that these those what which who whom "
        "how when where why if as have has had not no so there they them their he she his her get got please"
    )
)
_ENDING = re.compile(r"(?<=\w{3})(?:ing|ed|es|s|'s|ly)$")


@dataclass(frozen=True)
class Scored:
    """score: how well the sentence answers, higher is better. found: what it finds of each part of
    the question (its tokens' greatest cosines, or 0/1 a word), shape (n_parts,)."""

    score: float
    found: NDArray[np.float32]


def content_words(text: str) -> frozenset[str]:
    """The words that carry meaning, lower case, common English endings cut off."""
    words = (_ENDING.sub("", word) for word in _WORD.findall(text.casefold()) if word not in _STOP)
    return frozenset(words)


def overlap(question: frozenset[str], words: frozenset[str]) -> float:
    """Share of the question's words that are among `words`, 0 to 1."""
    return len(question & words) / len(question) if question else 0.0


def score_sentences(question: str, sentences: Sequence[str], embedder: Embedder) -> list[Scored]:
    """One Scored a sentence, in order: mean over the question's tokens of the greatest cosine with
    any of the sentence's tokens (MaxSim; Khattab and Zaharia 2020) + 0.5 x the pooled vectors'
    cosine + 0.15 x the share of the question's words; without token vectors that share stands in
    for MaxSim. Raises ModelUnavailable where the embedder cannot be reached."""
    asked = embedder.embed_query(question)
    words = content_words(question)
    order = sorted(words)
    results = []
    for sentence, embedded in zip(sentences, embedder.embed_passages(sentences), strict=True):
        own = content_words(sentence)
        found = _found(asked, embedded)
        if found is None:
            found = np.array([word in own for word in order], dtype=np.float32)
        cosine = float(asked.vector @ embedded.vector)
        mean = float(found.mean()) if found.size else 0.0
        results.append(Scored(mean + 0.5 * cosine + 0.15 * overlap(words, own), found))
    return results


def _found(asked: EmbeddedText, embedded: EmbeddedText) -> NDArray[np.float32] | None:
    if asked.tokens is None or embedded.tokens is None:
        return None
    if not len(embedded.tokens):
        return np.zeros(len(asked.tokens), dtype=np.float32)
    return np.asarray((asked.tokens @ embedded.tokens.T).max(axis=1), dtype=np.float32)
