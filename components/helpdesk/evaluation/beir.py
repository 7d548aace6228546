"""Evaluation sets in BEIR's layout: corpus.jsonl, queries.jsonl and qrels/test.tsv (Thakur et al., 2021)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from components.core.documents import Document
from components.core.errors import InvalidEvaluationSet, InvalidInput
from components.helpdesk.storable import storable

_GRADE = re.compile(r"-?[0-9]{1,9}")
_MOST_NAMED = 5
QUERIES, QRELS = "queries.jsonl", Path("qrels") / "test.tsv"


@dataclass(frozen=True)
class EvaluationSet:
    """Questions and what answers them.

    queries: id -> question. qrels: query id -> {document id: grade > 0}; a query without an entry
    is one that the knowledge cannot answer. expected: what an answer should say, of the queries where somebody wrote
    that. version: checksum of all three. provenance: where each query is from. missing: documents that qrels named and
    the tenant does not have; left_out: how many queries had no others, and went with them.
    """

    name: str
    version: str
    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]
    expected: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def answerable(self) -> list[str]:
        return [query for query in self.queries if query in self.qrels]

    @property
    def unanswerable(self) -> list[str]:
        return [query for query in self.queries if query not in self.qrels]

    def judged(self, present: Collection[str]) -> EvaluationSet:
        """The same set against the documents that there are: a query whose every answer is gone tells nothing about
        who looks for it, and is left out."""
        named = {document for grades in self.qrels.values() for document in grades}
        missing = tuple(sorted(named.difference(present)))
        if not missing:
            return self
        qrels = {
            query: {each: grades[each] for each in grades if each in present} for query, grades in self.qrels.items()
        }
        queries = {query: text for query, text in self.queries.items() if query not in qrels or qrels[query]}
        return replace(
            self,
            queries=queries,
            qrels={query: grades for query, grades in qrels.items() if grades},
            missing=missing,
            left_out=len(self.queries) - len(queries),
        )

    @property
    def told_missing(self) -> str:
        """What is missing in words, "" for nothing."""
        if not self.missing:
            return ""
        named = ", ".join(self.missing[:_MOST_NAMED]) + (", …" if len(self.missing) > _MOST_NAMED else "")
        return (
            f"the evaluation set {self.name} names documents that the knowledge does not have: {len(self.missing)} "
            f"({named}); questions left out, since nothing else answers them: {self.left_out}"
        )


def load_evaluation_set(folder: Path) -> EvaluationSet:
    """queries.jsonl and qrels/test.tsv of `folder`, under the names of the folder and the one above it. Beside BEIR's
    keys a query may have an `expected_answer`.

    Raises InvalidEvaluationSet naming file and line.
    """
    name = "/".join(folder.resolve().parts[-2:])
    queries: dict[str, str] = {}
    expected: dict[str, str] = {}
    provenance: dict[str, dict[str, Any]] = {}
    file = folder / QUERIES
    for line in _json_lines(file):
        identifier, text = line.identifier(), line.text("text")
        if not text.strip():
            raise line.error('needs a "text" that is not blank')
        if identifier in queries:
            raise line.error(f"query id {identifier!r} stands twice")
        queries[identifier] = text
        provenance[identifier] = {"file": f"{name}/{QUERIES}", "line": line.number}
        if answer := line.text("expected_answer", default="").strip():
            expected[identifier] = answer
    if not queries:
        raise InvalidEvaluationSet(f"{file}: holds no query")
    qrels = _load_qrels(folder / QRELS, queries)
    return EvaluationSet(name, set_version(queries, qrels, expected), queries, qrels, expected, provenance)


def set_version(queries: Mapping[str, str], qrels: Mapping[str, Mapping[str, int]], expected: Mapping[str, str]) -> str:
    """Sixteen hexadecimal digits over what is asked and expected; where it comes from does not change them."""
    content: list[object] = [queries, qrels, expected] if expected else [queries, qrels]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def write_evaluation_set(folder: Path, questions: EvaluationSet) -> None:
    """What `load_evaluation_set` reads back, into a folder that is made where it is not there."""
    (folder / QRELS).parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for query, text in questions.queries.items():
        answer = {"expected_answer": questions.expected[query]} if query in questions.expected else {}
        lines.append(json.dumps({"_id": query, "text": text, **answer}, ensure_ascii=False))
    (folder / QUERIES).write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = [f"{query}\t{name}\t{grade}" for query, grades in questions.qrels.items() for name, grade in grades.items()]
    (folder / QRELS).write_text("\n".join(["query-id\tcorpus-id\tscore", *rows]) + "\n", encoding="utf-8")


def load_corpus(folder: Path) -> list[Document]:
    """corpus.jsonl of `folder` as documents, ids as they stand. Raises InvalidEvaluationSet."""
    file = folder / "corpus.jsonl"
    documents: dict[str, Document] = {}
    for line in _json_lines(file):
        identifier, title, text = line.identifier(), line.text("title", default=""), line.text("text")
        if identifier in documents:
            raise line.error(f"document id {identifier!r} stands twice")
        documents[identifier] = Document(identifier, "beir", title, text, sha256(text.encode()).hexdigest())
    if not documents:
        raise InvalidEvaluationSet(f"{file}: holds no document")
    return list(documents.values())


def _load_qrels(file: Path, queries: Mapping[str, str]) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_lines(file), start=1):
        row = line.rstrip("\r").split("\t")
        if row == [""] or (number == 1 and row[0] == "query-id"):
            continue
        if len(row) != 3 or not _GRADE.fullmatch(row[2].strip()):
            raise InvalidEvaluationSet(f"{file}, line {number}: needs query-id, corpus-id, whole score, got {row}")
        query, document, grade = row[0], row[1], int(row[2])
        if query not in queries:
            raise InvalidEvaluationSet(f"{file}, line {number}: query {query!r} is not in queries.jsonl")
        if grade > 0:
            qrels.setdefault(query, {})[document] = grade
    return qrels


@dataclass(frozen=True)
class _JsonLine:
    file: Path
    number: int
    row: dict[str, Any]

    def error(self, message: str) -> InvalidEvaluationSet:
        return InvalidEvaluationSet(f"{self.file}, line {self.number}: {message}, got {str(self.row)[:200]}")

    def identifier(self) -> str:
        """Text, or a whole number as some sets have it."""
        value = self.row.get("_id")
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        identifier = self.text("_id")
        if not identifier:
            raise self.error('needs an "_id" that is not empty')
        return identifier

    def text(self, key: str, default: str | None = None) -> str:
        value = self.row.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise self.error(f'needs a text "{key}"')
        try:
            return storable(value, key)
        except InvalidInput as error:
            raise self.error(error.message) from error


def _json_lines(file: Path) -> Iterator[_JsonLine]:
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        # ValueError: no JSON, or a number of over 4,300 digits.
        except (ValueError, RecursionError) as error:
            raise InvalidEvaluationSet(f"{file}, line {number}: {error}") from error
        if not isinstance(row, dict):
            raise InvalidEvaluationSet(f"{file}, line {number}: needs a JSON object, got {line[:60]!r}")
        yield _JsonLine(file, number, row)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_bytes().decode("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidEvaluationSet(f"{file}: {error}") from error
