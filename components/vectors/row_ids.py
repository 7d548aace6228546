"""Where a passage lies in one version of the table, remembered from the search that found it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock

CAPACITY = 20_000


class RowIds:
    """chunk_id -> row id of a pinned version. Thread-safe; the least recently found are forgotten.

    A row is taken by its id in half the time that a filter on chunk_id needs.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._known: OrderedDict[str, int] = OrderedDict()
        self._lock = Lock()

    def remember(self, found: Iterable[tuple[str, int]]) -> None:
        """Note pairs of chunk_id and row id."""
        with self._lock:
            for chunk_id, row_id in found:
                self._known[chunk_id] = row_id
                self._known.move_to_end(chunk_id)
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)

    def recall(self, chunk_ids: Iterable[str]) -> dict[str, int]:
        """Row ids of those chunks that are known."""
        with self._lock:
            return {chunk_id: self._known[chunk_id] for chunk_id in chunk_ids if chunk_id in self._known}
