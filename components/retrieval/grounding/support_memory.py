"""Supports already worked out, so that an answer out of the prompt cache is not held against its passages again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from threading import Lock

from components.core.answers import Passage
from components.retrieval.grounding.support import Support

REMEMBERED = 4096


class SupportMemory:
    """The REMEMBERED last used, in this process. Thread-safe.

    A support follows from the sentence and the passages alone, and its key is a hash of all their words: who has
    the same key has the same passages. Kept are numbers only, no text.
    """

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        self._held: OrderedDict[bytes, Support] = OrderedDict()
        self._lock = Lock()

    def find(self, key: bytes) -> Support | None:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def keep(self, key: bytes, support: Support) -> None:
        with self._lock:
            self._held[key] = support
            while len(self._held) > self._size:
                self._held.popitem(last=False)


def fingerprint(passages: Sequence[Passage]) -> bytes:
    """Of all that a sentence can be held against, in order."""
    return _hashed(*(part for each in passages for part in (each.document_id, each.title, each.section, each.text)))


def support_key(passages: bytes, sentence: str, cited: Sequence[int]) -> bytes:
    return _hashed(passages.hex(), sentence, *map(str, cited))


def _hashed(*parts: str) -> bytes:
    digest = sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.digest()
