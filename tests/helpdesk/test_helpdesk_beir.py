"""BEIR folders as people make them: read, or refused with the file and the line."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidEvaluationSet
from components.helpdesk.evaluation.beir import load_corpus, load_evaluation_set

QUERIES = '{"_id": "q1", "text": "How?"}\n{"_id": "q2", "text": "Why?"}\n'
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n"
CORPUS = '{"_id": "d1", "title": "T", "text": "Text."}\n'
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(queries: str | bytes = QUERIES, qrels: str | bytes = QRELS, corpus: str | bytes = CORPUS) -> Path:
        (tmp_path / "qrels").mkdir(exist_ok=True)
        files = {"queries.jsonl": queries, "qrels/test.tsv": qrels, "corpus.jsonl": corpus}
        for name, content in files.items():
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return make


def test_a_question_without_a_positive_grade_is_one_not_to_answer(write: Write) -> None:
    loaded = load_evaluation_set(write())
    assert loaded.queries == {"q1": "How?", "q2": "Why?"}
    assert loaded.qrels == {"q1": {"d1": 2}}
    assert (loaded.answerable, loaded.unanswerable) == (["q1"], ["q2"])


def test_the_version_follows_the_content_and_nothing_else(write: Write) -> None:
    first = load_evaluation_set(write()).version
    assert load_evaluation_set(write(queries="\ufeff" + QUERIES.replace("\n", "\r\n\n"))).version == first
    assert load_evaluation_set(write(qrels=QRELS + "q2\td1\t1\n")).version != first


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"queries": '{"_id": "q1", "text": "How?"}\n{"_id": "q1", "text": "Why?"}'}, "queries.jsonl, line 2.*'q1'"),
        ({"queries": '{"_id": "q1"}'}, 'queries.jsonl, line 1.*"text"'),
        ({"queries": '{"_id": "q1", "text": "  "}'}, "queries.jsonl, line 1.*blank"),
        ({"queries": '{"_id": null, "text": "How?"}'}, 'queries.jsonl, line 1.*"_id"'),
        ({"queries": '{"_id": "", "text": "How?"}'}, 'queries.jsonl, line 1.*"_id"'),
        ({"queries": '\n{"_id": "q1",'}, "queries.jsonl, line 2"),
        ({"queries": '["q1"]'}, "queries.jsonl, line 1.*object"),
        ({"queries": '{"_id": "q1", "text": "a\\u0000"}'}, r"queries.jsonl, line 1.*U\+0000"),
        ({"queries": '{"_id": "q1", "text": "\\ud800"}'}, r"queries.jsonl, line 1.*U\+D800"),
        ({"queries": "[" * 100_000}, "queries.jsonl, line 1"),
        ({"queries": "9" * 5000}, "queries.jsonl, line 1"),
        ({"queries": b"\xff"}, "queries.jsonl"),
        ({"queries": "\n"}, "holds no query"),
        ({"qrels": "q1\td1\n"}, "test.tsv, line 1"),
        ({"qrels": "q1\td1\thigh\n"}, "test.tsv, line 1.*high"),
        ({"qrels": "q1\td1\t²\n"}, "test.tsv, line 1"),
        ({"qrels": "q1\td1\t--1\n"}, "test.tsv, line 1"),
        ({"qrels": QRELS + "q9\td1\t1\n"}, "test.tsv, line 4.*'q9'"),
        ({"qrels": b"q1\td\xff\t1"}, "test.tsv"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(files: dict[str, str | bytes], named: str, write: Write) -> None:
    with pytest.raises(InvalidEvaluationSet, match=named):
        load_evaluation_set(write(**files))


@pytest.mark.parametrize(
    ("corpus", "named"),
    [
        (CORPUS + CORPUS, "line 2.*'d1'"),
        ('{"_id": "d1", "text": 5}', 'line 1.*"text"'),
        ('{"_id": "d1", "title": [], "text": ""}', 'line 1.*"title"'),
        ("", "holds no document"),
    ],
)
def test_a_bad_corpus_is_named_with_its_line(corpus: str, named: str, write: Write) -> None:
    with pytest.raises(InvalidEvaluationSet, match=rf"corpus\.jsonl.*{named}"):
        load_corpus(write(corpus=corpus))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidEvaluationSet, match=r"queries\.jsonl"):
        load_evaluation_set(tmp_path)


def test_an_id_may_hold_a_quotation_mark_and_be_a_number(write: Write) -> None:
    loaded = load_evaluation_set(write(queries='{"_id": 7, "text": "How?"}', qrels='7\td"1\t1\n'))
    assert loaded.qrels == {"7": {'d"1': 1}}


JUNK = st.binary(max_size=60) | st.text(alphabet='{}[]":,_idtex01\\u\n\t ', max_size=60).map(str.encode)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JUNK, JUNK, JUNK)
def test_any_bytes_are_read_or_refused(write: Write, queries: bytes, qrels: bytes, corpus: bytes) -> None:
    for folder in (write(queries, qrels, corpus), write(QUERIES, qrels, CORPUS + corpus.decode(errors="replace"))):
        with suppress(InvalidEvaluationSet):
            load_evaluation_set(folder)
        with suppress(InvalidEvaluationSet):
            load_corpus(folder)
