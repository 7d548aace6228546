"""A tenant's own table of chunks: written as versions, of which one is promoted to answer questions."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import pyarrow as pa

from components.core.atomic_file import write_once
from components.core.embeddings import ModelIdentity
from components.core.errors import IndexUnavailable
from components.core.tenant import TenantContext
from components.vectors.corpus_statistics import (
    COLUMNS,
    CorpusStatistics,
    find_statistics,
    gather_statistics,
    prune_statistics,
    store_statistics,
)
from components.vectors.maintenance import (
    build_chunk_index,
    build_text_index,
    build_vector_index,
    compact,
    has_vector_index,
    prune,
)
from components.vectors.reader import TableReader
from components.vectors.schema import TABLE, IndexRow, check_schema, rows_to_table, table_schema
from components.vectors.served_version import FileSignature, read_served, signature, write_served
from components.vectors.snapshot import IndexSnapshot
from components.vectors.sql import any_of
from components.vectors.token_codec import ENOUGH_TOKENS, SAMPLE_TOKENS, TokenCodec, shipped_codec

if TYPE_CHECKING:
    from lancedb.db import DBConnection

_CODEC_FILE = "token_codec.npy"
_IDS_A_DELETE = 5000
_JUST_CREATED = 1


class TenantIndex:
    """One tenant's chunks, in a database folder of the tenant's own: `<root>/<tenant_id>/`.

    Writers append versions; questions are answered from the promoted one, whatever happens to a
    writer. Thread-safe; several processes may hold the same index.
    """

    def __init__(self, folder: Path, identity: ModelIdentity, table: Any) -> None:
        """Use open()."""
        self.identity = identity
        self._folder = folder
        self._table: Any = table
        self._writing = Lock()
        self._reading = Lock()
        self._served: tuple[FileSignature, IndexSnapshot] | None = None

    @classmethod
    def open(cls, root: Path, context: TenantContext, identity: ModelIdentity) -> TenantIndex:
        """The tenant's index under `root`, made where there is none.

        Raises ModelMismatch where the stored vectors are of another model than `identity`.
        """
        import lancedb

        folder = _folder(root, context)
        folder.mkdir(parents=True, exist_ok=True)
        connection = lancedb.connect(folder)
        table = _open_table(connection, identity)
        check_schema(table.schema, identity)
        if table.version == _JUST_CREATED:
            build_text_index(table)
        return cls(folder, identity, table)

    @property
    def version(self) -> int:
        """The latest version, whether promoted or not."""
        with self._writing:
            self._table.checkout_latest()
            return int(self._table.version)

    def chunk_ids(self) -> set[str]:
        """Ids in the latest version."""
        return set(self.latest().rows(["chunk_id"]).column("chunk_id").to_pylist())

    def write(self, rows: Sequence[IndexRow]) -> None:
        """Put rows in; one whose chunk_id is there already is replaced, so that a repeated write changes
        nothing. One call is one new version: all of it or none. Raises InvalidInput for vectors that do not fit."""
        if rows:
            self.upsert(rows_to_table(rows, self.identity, self._codec_for(rows)))

    def upsert(self, table: pa.Table) -> None:
        """Put rows of schema.table_schema in, by chunk_id; ids are distinct."""
        with self._writing:
            self._table.checkout_latest()
            merge = self._table.merge_insert("chunk_id").when_matched_update_all().when_not_matched_insert_all()
            # "null" is how lancedb is told to let the vectors of Haystack documents without one pass;
            # those of chunks are checked in rows_to_table.
            merge.execute(table, on_bad_vectors="null")

    def delete(self, chunk_ids: Iterable[str]) -> None:
        """Take chunks out of the latest version; ids that are not there are ignored."""
        remaining = iter(chunk_ids)
        while batch := list(islice(remaining, _IDS_A_DELETE)):
            self.delete_where(any_of("chunk_id", batch))

    def delete_where(self, where: str) -> None:
        """Take the rows that match out of the latest version."""
        with self._writing:
            self._table.checkout_latest()
            self._table.delete(where)

    def withdraw(self, chunk_ids: Iterable[str]) -> int:
        """A version that holds what the promoted one does, less these chunks; promote() it next. What the
        latest version held, it holds afterwards too. Raises IndexUnavailable where nothing was promoted yet."""
        with self._writing:
            served = read_served(self._folder)
            if served is None:
                raise IndexUnavailable("nothing was promoted yet: there is nothing to withdraw from")
            self._table.checkout_latest()
            latest = int(self._table.version)
            if latest != served.version:
                self._restore(served.version)
            remaining = iter(chunk_ids)
            while batch := list(islice(remaining, _IDS_A_DELETE)):
                self._table.delete(any_of("chunk_id", batch))
            withdrawn = self._count_words()
            if latest != served.version:
                # Killed before this, the next run finds the candidate's new chunks gone and embeds them again.
                self._restore(latest)
            return withdrawn

    def maintain(self) -> None:
        """Make the latest version quick: build or refresh its indices, compact its files, count its
        words; then drop versions that nobody reads. Done before promote(), after the writes."""
        with self._writing:
            self._table.checkout_latest()
            build_text_index(self._table)
            build_chunk_index(self._table)
            build_vector_index(self._table)
            compact(self._table)
            self._count_words()
            served = read_served(self._folder)
            if served is not None:
                prune(self._table, oldest_kept=served.kept[0])
                prune_statistics(self._folder, oldest_kept=served.kept[0])

    def promote(self, version: int) -> None:
        """Let `version` answer questions from now on; other processes follow with their next one.

        Atomic: killed at any moment, either the old or the new version answers. Raises NotFound for a
        version that was never written or has been pruned.
        """
        TableReader(self._folder, version)
        write_served(self._folder, version)

    def served(self) -> IndexSnapshot | None:
        """The promoted version; None before the first promotion. Costs one `stat` while nothing changes.

        Raises ModelMismatch where the index has meanwhile been built anew with another model.
        """
        now = signature(self._folder)
        if now is None:
            return None
        with self._reading:
            if self._served is None or self._served[0] != now:
                pointer = read_served(self._folder)
                if pointer is None:
                    return None
                self._served = (now, self._snapshot(pointer.version))
            return self._served[1]

    def promoted_at(self) -> datetime | None:
        """Since when the promoted version answers; None before the first promotion."""
        now = signature(self._folder)
        return None if now is None else datetime.fromtimestamp(now[0] / 1e9, UTC)

    def latest(self) -> IndexSnapshot:
        """The latest version, pinned: later writes do not show in it."""
        return self._snapshot(self.version)

    def has_vector_index(self) -> bool:
        """Whether searches of the latest version go through HNSW rather than over every row."""
        with self._writing:
            self._table.checkout_latest()
            return has_vector_index(self._table)

    def codec(self) -> TokenCodec | None:
        """The token codec that this index was begun with; None before its first token vectors."""
        try:
            return TokenCodec.from_bytes((self._folder / _CODEC_FILE).read_bytes())
        except FileNotFoundError:
            return None

    def _restore(self, version: int) -> None:
        self._table.checkout(version)
        self._table.restore()
        self._table.checkout_latest()

    def _count_words(self) -> int:
        version = int(self._table.version)
        passages = self._table.search().select(COLUMNS).limit(None).to_batches()
        store_statistics(self._folder, version, gather_statistics(passages))
        return version

    def _codec_for(self, rows: Sequence[IndexRow]) -> TokenCodec | None:
        codec = self.codec()
        tokens = [embedded.tokens for _, embedded in rows if embedded.tokens is not None and len(embedded.tokens)]
        if codec is not None or not tokens:
            return codec
        count = sum(map(len, tokens))
        fitting = shipped_codec(self.identity.fingerprint) if count < ENOUGH_TOKENS else None
        if fitting is None:
            fitting = TokenCodec.fit(np.concatenate(tokens)[:: -(-count // SAMPLE_TOKENS)])
        write_once(self._folder / _CODEC_FILE, fitting.to_bytes())
        return self.codec()

    def _snapshot(self, version: int) -> IndexSnapshot:
        # A reader has a connection and caches of its own: an index that was deleted and built anew has the
        # same paths, and Lance would answer from what it remembers of files that are gone.
        reader = TableReader(self._folder, version)
        check_schema(reader.schema, self.identity)
        return IndexSnapshot(reader, self.identity.dimensions, self.codec, lambda: self._statistics(reader))

    def _statistics(self, reader: TableReader) -> CorpusStatistics:
        stored = find_statistics(self._folder, reader.version)
        return stored if stored is not None else gather_statistics(reader.scan(COLUMNS).to_batches())


def delete_index(root: Path, context: TenantContext) -> None:
    """Remove all of a tenant's index; nothing where there is none. What is left of a removal that was
    killed is never opened, and goes with the next one."""
    folder = _folder(root, context)
    for leftover in root.glob(f".deleted-{context.tenant_id}-*"):
        shutil.rmtree(leftover)
    if folder.exists():
        doomed = root / f".deleted-{context.tenant_id}-{uuid4().hex}"
        folder.rename(doomed)
        shutil.rmtree(doomed)


def _folder(root: Path, context: TenantContext) -> Path:
    return root / str(context.tenant_id)


def _open_table(connection: DBConnection, identity: ModelIdentity) -> Any:
    try:
        return connection.open_table(TABLE)
    except ValueError:
        # Absent, or begun and killed. exist_ok: another process may be as quick as we are.
        return connection.create_table(TABLE, schema=table_schema(identity), exist_ok=True)
