"""What a tenant's pipeline promises: cited answers, honest refusals, the same for every thread."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from retrieval_index import KNOWLEDGE, PooledOnly, build_snapshot

from components.core.embeddings import Embedder
from components.core.errors import ModelUnavailable
from components.models.extractive import ExtractiveGenerator
from components.retrieval.loading import Bindings, read_definition
from components.retrieval.pipeline import RetrievalPipeline, Retrieved
from components.retrieval.pipeline_schema import shipped_pipelines

QUESTION = "How much does express shipping cost?"
ODD = [
    "???",
    "😀😀",
    "the of and",
    "\u200b",
    "ßçñ 日本語",
    "x" * 3000,
    "a\nb\tc",
    '"tents" AND NOT (boots)',
    "warrenty 7 yrs",
]


@pytest.fixture(scope="module")
def hybrid(bindings: Bindings) -> RetrievalPipeline:
    return RetrievalPipeline("hybrid", bindings)


@pytest.mark.parametrize("name", shipped_pipelines())
def test_every_shipped_pipeline_answers_and_cites_verbatim(name: str, bindings: Bindings) -> None:
    answer = RetrievalPipeline(name, bindings).answer(QUESTION)
    assert answer.answered
    assert answer.citations[0].document_id == "shipping"
    for citation in answer.citations:
        assert citation.quote == citation.passage[citation.start : citation.end]
        assert citation.passage in KNOWLEDGE[citation.document_id]


@pytest.mark.parametrize("name", shipped_pipelines())
def test_each_stage_is_timed_by_its_name(name: str, bindings: Bindings) -> None:
    seconds = RetrievalPipeline(name, bindings).answer(QUESTION).seconds
    assert seconds.keys() == read_definition(name)["components"].keys() | {"total"}
    assert sum(seconds.values()) - seconds["total"] <= seconds["total"]
    assert min(seconds.values()) >= 0


@pytest.mark.parametrize("name", shipped_pipelines())
def test_an_odd_question_gets_finite_scores(name: str, bindings: Bindings) -> None:
    pipeline = RetrievalPipeline(name, bindings)
    for question in ODD:
        assert_sound(pipeline.retrieve(question, top_k=50))


@settings(max_examples=20, deadline=None)
@given(st.text(min_size=1, max_size=60).filter(str.strip))
def test_any_question_gets_finite_scores(hybrid: RetrievalPipeline, question: str) -> None:
    assert_sound(hybrid.retrieve(question.encode(errors="replace").decode()))


def assert_sound(found: Retrieved) -> None:
    assert math.isfinite(found.confidence)
    scores = [score for passage in found.passages for score in (passage.score, *passage.stage_scores.values())]
    assert all(math.isfinite(score) for score in scores)
    assert len({passage.chunk_id for passage in found.passages}) == len(found.passages)


@pytest.mark.parametrize("top_k", [1, 3, 50])
def test_as_many_passages_come_as_are_asked_for_and_exist(top_k: int, hybrid: RetrievalPipeline) -> None:
    found = hybrid.retrieve(QUESTION, top_k=top_k)
    assert len(found.passages) == min(top_k, len(KNOWLEDGE))
    assert found.passages[0].document_id == "shipping"
    assert [passage.score for passage in found.passages] == sorted((p.score for p in found.passages), reverse=True)


def test_a_question_above_the_threshold_streams_what_it_returns(hybrid: RetrievalPipeline) -> None:
    pieces: list[str] = []
    answer = hybrid.answer(QUESTION, threshold=0.1, on_text=pieces.append)
    assert "".join(pieces) == answer.text
    assert answer.confidence >= answer.threshold == 0.1


def test_below_the_threshold_it_says_so_without_asking_the_generator(hybrid: RetrievalPipeline) -> None:
    pieces: list[str] = []
    # A generator that is asked past its deadline raises.
    answer = hybrid.answer(QUESTION, threshold=2.0, deadline=-1.0, refusal="Call us.", on_text=pieces.append)
    assert (answer.text, answer.answered, answer.citations, pieces) == ("Call us.", False, (), ["Call us."])
    assert answer.passages
    with pytest.raises(ModelUnavailable, match="deadline"):
        hybrid.answer(QUESTION, deadline=-1.0)


def test_eight_threads_get_what_one_gets(hybrid: RetrievalPipeline) -> None:
    questions = [f"What about {topic}?" for topic in KNOWLEDGE] * 2
    alone = [answer_of(hybrid, question) for question in questions]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda question: answer_of(hybrid, question), questions)) == alone


def answer_of(pipeline: RetrievalPipeline, question: str) -> tuple[object, ...]:
    pieces: list[str] = []
    answer = pipeline.answer(question, on_text=pieces.append)
    ranked = [(passage.chunk_id, round(passage.score, 5)) for passage in answer.passages]
    return answer.text, answer.citations, ranked, round(answer.confidence, 5), "".join(pieces), set(answer.seconds)


@pytest.mark.parametrize("name", shipped_pipelines())
def test_without_token_vectors_cosine_and_words_decide(name: str, embedder: Embedder, tmp_path: Path) -> None:
    pooled = PooledOnly(embedder)
    bound = Bindings(build_snapshot(tmp_path, pooled, KNOWLEDGE), pooled, ExtractiveGenerator(pooled))
    pipeline = RetrievalPipeline(name, bound)
    assert pipeline.answer(QUESTION).citations[0].document_id == "shipping"
    for question in ODD:
        assert_sound(pipeline.retrieve(question))


def test_a_pipeline_without_a_generator_retrieves_the_same_and_answers_nothing(
    bindings: Bindings, hybrid: RetrievalPipeline
) -> None:
    alone = RetrievalPipeline("hybrid", Bindings(bindings.index, bindings.embedder))
    assert alone.retrieve(QUESTION).passages == hybrid.retrieve(QUESTION).passages
    with pytest.raises(RuntimeError, match="without a generator"):
        alone.answer(QUESTION)
