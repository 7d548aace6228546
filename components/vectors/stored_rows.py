"""What retrieval needs of a row, packed in one column, read once and kept while it is in demand."""

from __future__ import annotations

import json
import struct
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock

import numpy as np
import pyarrow as pa

from components.core.answers import Passage
from components.core.embeddings import Vector

COLUMN = "packed"
CAPACITY = 2000
_LENGTHS = struct.Struct("<III")
_ABSENT = 0xFFFFFFFF


@dataclass(frozen=True)
class StoredRow:
    """Passage (with a score of 0), pooled vector, encoded tokens."""

    passage: Passage
    vector: Vector | None
    tokens: bytes | None


def pack(row: StoredRow) -> bytes:
    """One value for all: Lance reads a row's seven columns in 2.5 times the time of one."""
    passage = row.passage
    fields = [passage.chunk_id, passage.document_id, passage.title, passage.section, passage.text]
    head = json.dumps(fields, ensure_ascii=False).encode()
    vector = None if row.vector is None else np.asarray(row.vector, "<f4").tobytes()
    lengths = [_ABSENT if part is None else len(part) for part in (vector, row.tokens)]
    return b"".join([_LENGTHS.pack(len(head), *lengths), head, vector or b"", row.tokens or b""])


def unpack(data: bytes) -> StoredRow:
    """The row that pack() wrote."""
    head_length, vector_length, tokens_length = _LENGTHS.unpack_from(data)
    head_end = _LENGTHS.size + head_length
    vector_end = head_end + (0 if vector_length == _ABSENT else vector_length)
    chunk_id, document_id, title, section, text = json.loads(data[_LENGTHS.size : head_end])
    passage = Passage(chunk_id, document_id, title, section, text, 0.0)
    vector = None if vector_length == _ABSENT else np.frombuffer(data[head_end:vector_end], "<f4")
    return StoredRow(passage, vector, None if tokens_length == _ABSENT else data[vector_end:])


def read_rows(table: pa.Table) -> dict[int, StoredRow]:
    """Rows by row id, from COLUMN and `_rowid`."""
    packed = table.column(COLUMN).to_pylist()
    return dict(zip(table.column("_rowid").to_pylist(), map(unpack, packed), strict=True))


class RowCache:
    """The rows asked for last, by row id and by chunk: a question's candidates are found, scored and shown
    from one read. Thread-safe; about 12 kB a row, 24 MB when full."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._rows: OrderedDict[int, StoredRow] = OrderedDict()
        self._row_ids: dict[str, int] = {}
        self._lock = Lock()

    def put(self, rows: dict[int, StoredRow]) -> None:
        """Keep rows; those longest out of demand go."""
        with self._lock:
            for row_id, row in rows.items():
                self._rows[row_id] = row
                self._row_ids[row.passage.chunk_id] = row_id
            while len(self._rows) > self._capacity:
                _, oldest = self._rows.popitem(last=False)
                del self._row_ids[oldest.passage.chunk_id]

    def by_row_id(self, row_ids: Iterable[int]) -> dict[int, StoredRow]:
        """Those of the rows that are kept."""
        with self._lock:
            found = {row_id: self._rows[row_id] for row_id in row_ids if row_id in self._rows}
            for row_id in found:
                self._rows.move_to_end(row_id)
            return found

    def by_chunk_id(self, chunk_ids: Iterable[str]) -> dict[str, StoredRow]:
        """Those of the chunks whose rows are kept."""
        with self._lock:
            row_ids = {chunk_id: self._row_ids[chunk_id] for chunk_id in chunk_ids if chunk_id in self._row_ids}
        rows = self.by_row_id(row_ids.values())
        return {chunk_id: rows[row_id] for chunk_id, row_id in row_ids.items() if row_id in rows}
