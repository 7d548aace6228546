"""Spares a server the same text twice within moments: a message is understood and looked up, and popular sentences
are weighed again for every question that they may answer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from components.core.embeddings import EmbeddedText, Embedder, ModelIdentity

MOST_TEXTS = 1_000
# Whole documents on their way to an index come once, and would push everything else out.
MOST_TOKENS = 64
MOST_AT_ONCE = 64


class RecentEmbedder:
    """Keeps core's Embedder over another one, and the vectors of the 1,000 short texts used last (some 40 MB where it
    gives token vectors). Thread-safe. A vector depends on nothing but its text, so that tenants may share it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._recent: OrderedDict[tuple[str, str], EmbeddedText] = OrderedDict()
        self._lock = Lock()

    @property
    def identity(self) -> ModelIdentity:
        return self._embedder.identity

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return self._embedder.token_spans(text)

    def embed_passages(self, texts: Sequence[str]) -> list[EmbeddedText]:
        if len(texts) > MOST_AT_ONCE:
            return self._embedder.embed_passages(texts)
        known = {text: found for text in texts if (found := self._find("passage", text)) is not None}
        missing = list(dict.fromkeys(text for text in texts if text not in known))
        if missing:
            made = dict(zip(missing, self._embedder.embed_passages(missing), strict=True))
            known |= made
            for text, embedded in made.items():
                self._keep("passage", text, embedded)
        return [known[text] for text in texts]

    def embed_query(self, text: str) -> EmbeddedText:
        found = self._find("query", text)
        if found is None:
            found = self._embedder.embed_query(text)
            self._keep("query", text, found)
        return found

    def _find(self, kind: str, text: str) -> EmbeddedText | None:
        with self._lock:
            found = self._recent.get((kind, text))
            if found is not None:
                self._recent.move_to_end((kind, text))
            return found

    def _keep(self, kind: str, text: str, embedded: EmbeddedText) -> None:
        if len(embedded.pieces) > MOST_TOKENS or len(text) > MOST_TOKENS * 10:
            return
        with self._lock:
            self._recent[kind, text] = embedded
            while len(self._recent) > MOST_TEXTS:
                self._recent.popitem(last=False)
