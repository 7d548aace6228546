"""Evaluation sets in BEIR's layout: corpus.jsonl, queries.jsonl and qrels/test.tsv (Thakur et al., 2021)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from components.core.documents import Document
from components.core.errors import InvalidEvaluationSet


@dataclass(frozen=True)
class EvaluationSet:
    """Questions and what answers them.

    queries: id -> question. qrels: query id -> {document id: grade > 0}; a query without an entry
    is one that the knowledge cannot answer. version: checksum of both.
    """

    name: str
    version: str
    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]

    @property
    def answerable(self) -> list[str]:
        return [query for query in self.queries if query in self.qrels]

    @property
    def unanswerable(self) -> list[str]:
        return [query for query in self.queries if query not in self.qrels]


def load_evaluation_set(folder: Path) -> EvaluationSet:
    """queries.jsonl and qrels/test.tsv of `folder`. Raises InvalidEvaluationSet naming file and line."""
    queries: dict[str, str] = {}
    file = folder / "queries.jsonl"
    for number, row in _json_lines(file):
        identifier, text = str(row.get("_id", "")), row.get("text")
        if not identifier or not isinstance(text, str) or not text.strip():
            raise InvalidEvaluationSet(f'{file}, line {number}: needs a non-empty "_id" and "text", got {row!r}')
        if identifier in queries:
            raise InvalidEvaluationSet(f"{file}, line {number}: query id {identifier!r} stands twice")
        queries[identifier] = text
    if not queries:
        raise InvalidEvaluationSet(f"{file}: holds no query")
    qrels = _load_qrels(folder / "qrels" / "test.tsv", queries)
    version = sha256(json.dumps([queries, qrels], sort_keys=True).encode()).hexdigest()[:16]
    return EvaluationSet(folder.resolve().name, version, queries, qrels)


def load_corpus(folder: Path) -> list[Document]:
    """corpus.jsonl of `folder` as documents, ids as they stand. Raises InvalidEvaluationSet."""
    file = folder / "corpus.jsonl"
    documents: dict[str, Document] = {}
    for number, row in _json_lines(file):
        identifier, text = str(row.get("_id", "")), row.get("text")
        if not identifier or not isinstance(text, str):
            raise InvalidEvaluationSet(f'{file}, line {number}: needs a non-empty "_id" and a "text"')
        if identifier in documents:
            raise InvalidEvaluationSet(f"{file}, line {number}: document id {identifier!r} stands twice")
        checksum = sha256(text.encode()).hexdigest()
        documents[identifier] = Document(identifier, "beir", str(row.get("title") or ""), text, checksum)
    if not documents:
        raise InvalidEvaluationSet(f"{file}: holds no document")
    return list(documents.values())


def _load_qrels(file: Path, queries: Mapping[str, str]) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            for number, row in enumerate(csv.reader(lines, delimiter="\t"), start=1):
                if not row or (number == 1 and row[0] == "query-id"):
                    continue
                if len(row) != 3 or not row[2].strip().lstrip("-").isdigit():
                    raise InvalidEvaluationSet(f"{file}, line {number}: needs query-id, corpus-id, whole score: {row}")
                query, document, grade = row[0], row[1], int(row[2])
                if query not in queries:
                    raise InvalidEvaluationSet(f"{file}, line {number}: query {query!r} is not in queries.jsonl")
                if grade > 0:
                    qrels.setdefault(query, {})[document] = grade
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidEvaluationSet(f"{file}: {error}") from error
    return qrels


def _json_lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidEvaluationSet(f"{file}: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InvalidEvaluationSet(f"{file}, line {number}: {error.msg}") from error
        if not isinstance(row, dict):
            raise InvalidEvaluationSet(f"{file}, line {number}: needs a JSON object, got {line[:60]!r}")
        yield number, row
