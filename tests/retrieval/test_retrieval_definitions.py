"""What a prompt engineer may write in a pipeline's YAML, and what is said where it does not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidPipeline
from components.retrieval.loading import Bindings, build_pipeline, read_definition
from components.retrieval.pipeline import RetrievalPipeline
from components.retrieval.pipeline_schema import shipped_pipelines

Definition = dict[str, Any]
Edit = Callable[[Definition], object]
Edited = Callable[[Edit], str]


def part(definition: Definition, name: str) -> Definition:
    found: Definition = definition["components"][name]
    return found


def with_parameters(name: str, **parameters: object) -> Edit:
    return lambda definition: part(definition, name)["init_parameters"].update(parameters)


def with_type(name: str, type_name: object) -> Edit:
    return lambda definition: part(definition, name).update(type=type_name)


def with_link(sender: str, receiver: str) -> Edit:
    return lambda definition: definition["connections"].append({"sender": sender, "receiver": receiver})


BAD: list[tuple[Edit, str]] = [
    (with_type("ranker", "components.retrieval.late_interaction.Missing"), "Missing"),
    (with_type("ranker", "components.retrieval.nowhere.Ranker"), "nowhere"),
    (with_type("ranker", "subprocess.Popen"), "subprocess"),
    (with_type("ranker", "components.database.session.Database"), "components.database"),
    (with_type("ranker", "components.retrieval.loading.Bindings"), "Bindings"),
    (with_type("ranker", 7), "ranker"),
    (with_parameters("ranker", colour="red"), "colour"),
    (with_parameters("fusion", method="median"), "median"),
    (with_parameters("fusion", constant="many"), "constant"),
    (with_parameters("retriever", top_k=0), "top_k=0"),
    (with_parameters("retriever", top_k="all"), "all"),
    (with_parameters("context", max_passages=0), "max_passages"),
    (with_parameters("context", max_characters="wide"), "max_characters"),
    (with_parameters("context", template="{{ query }}"), "template"),
    (with_link("ranker.passages", "nobody.passages"), "nobody"),
    (with_link("ranker.colours", "context.passages"), "colours"),
    (with_link("query_embedder.embedding", "context.passages"), "context"),
    (lambda definition: definition["connections"].append({"sender": "ranker.passages"}), "receiver"),
    (lambda definition: definition["connections"].append("ranker -> context"), "sender"),
    (lambda definition: definition.update(connections={"ranker": "context"}), "connections"),
    (lambda definition: definition.update(components=["ranker"]), "components"),
    (lambda definition: definition["components"].update(ranker=None), "ranker"),
    (lambda definition: part(definition, "ranker").update(init_parameters=[1]), "ranker"),
    (lambda definition: definition["components"].pop("answerer"), "answerer"),
]


@pytest.mark.parametrize(("edit", "named"), BAD, ids=[named for _, named in BAD])
def test_what_does_not_fit_is_named(edit: Edit, named: str, edited: Edited, bindings: Bindings) -> None:
    with pytest.raises(InvalidPipeline) as raised:
        RetrievalPipeline(edited(edit), bindings)
    assert named in raised.value.message


def test_a_pipeline_without_its_answerer_is_refused_by_that_name(edited: Edited, bindings: Bindings) -> None:
    def without_answerer(definition: Definition) -> None:
        del definition["components"]["answerer"]
        definition["connections"] = [each for each in definition["connections"] if "answerer" not in each["receiver"]]

    with pytest.raises(InvalidPipeline, match="0 Answerer components"):
        RetrievalPipeline(edited(without_answerer), bindings)


def test_an_unknown_name_is_told_those_there_are() -> None:
    with pytest.raises(InvalidPipeline) as raised:
        read_definition("hybird")
    assert all(name in raised.value.message for name in ("hybird", *shipped_pipelines()))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=80) | st.sampled_from([b"[" * 5000, b"a: 2026-13-01", b"components: {a: {}}", b"? {a: b}\n: c"])
)
def test_any_file_loads_or_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(content)
    with pytest.raises(InvalidPipeline, match=r"any\.yaml"):
        read_definition(str(path))


def test_a_changed_parameter_is_felt(edited: Edited, bindings: Bindings) -> None:
    pipeline = RetrievalPipeline(edited(with_parameters("answerer", refusal="No idea.")), bindings)
    assert pipeline.answer("anything", threshold=2.0).text == "No idea."


def test_a_shipped_pipeline_survives_being_saved_and_loaded(bindings: Bindings) -> None:
    for name in shipped_pipelines():
        built = build_pipeline(read_definition(name), bindings)
        assert build_pipeline(built.to_dict(), bindings).to_dict() == built.to_dict()


def between_adapters(type_name: str) -> Edit:
    def edit(definition: Definition) -> None:
        definition["components"] |= {
            "to_documents": {"type": "components.retrieval.passages.PassagesToDocuments", "init_parameters": {}},
            "stock": {"type": type_name, "init_parameters": {}},
            "to_passages": {"type": "components.retrieval.passages.DocumentsToPassages", "init_parameters": {}},
        }
        links = definition["connections"]
        links.remove({"sender": "answerability.passages", "receiver": "context.passages"})
        for sender, receiver in (
            ("answerability.passages", "to_documents.passages"),
            ("to_documents.documents", "stock.documents"),
            ("to_documents.passages", "to_passages.passages"),
            ("stock.documents", "to_passages.documents"),
            ("to_passages.passages", "context.passages"),
        ):
            links.append({"sender": sender, "receiver": receiver})

    return edit


def test_a_stock_haystack_component_works_between_the_adapters(edited: Edited, bindings: Bindings) -> None:
    stock = between_adapters("haystack.components.rankers.lost_in_the_middle.LostInTheMiddleRanker")
    pipeline = RetrievalPipeline(edited(stock), bindings)
    answer = pipeline.answer("How much does express shipping cost?", top_k=5)
    assert answer.answered
    assert "stock" in answer.seconds
    assert all(citation.quote in citation.passage for citation in answer.citations)
