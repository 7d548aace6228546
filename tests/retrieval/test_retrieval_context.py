"""Which passages an answer is made of, and how a language model is shown them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.answers import Passage
from components.core.errors import InvalidPipeline
from components.retrieval.context import ContextAssembler
from components.retrieval.passages import DocumentsToPassages, PassagesToDocuments

RELAXED = settings(max_examples=100, deadline=None)


def passage(name: str, text: str = "Some text.", section: str = "") -> Passage:
    return Passage(name, f"help/{name}", f"Title {name}", section, text, 1.0)


def test_the_prompt_numbers_the_passages_as_citations_do() -> None:
    passages = [passage("a", "Alpha.", "Returns > Time"), passage("b", "Beta.")]
    prompt = ContextAssembler().run("Why?", passages)["prompt"].messages[-1].content
    assert "Passage [1]\n> Title a > Returns > Time\n> Alpha." in prompt
    assert "Passage [2]\n> Title b\n> Beta." in prompt
    assert prompt.endswith("\nWhy?")


@RELAXED
@given(st.lists(st.integers(0, 300), max_size=12), st.integers(1, 8), st.integers(1, 600), st.integers(1, 12))
def test_the_best_that_fit_are_kept_in_their_order(lengths: list[int], most: int, characters: int, top_k: int) -> None:
    passages = [passage(str(place), "x" * length) for place, length in enumerate(lengths)]
    kept = ContextAssembler(most, characters).run("q", passages, top_k)["passages"]
    assert kept == passages[: len(kept)]
    assert len(kept) <= min(most, top_k)
    assert len(kept) <= 1 or sum(len(each.text) for each in kept) <= characters
    assert kept or not passages


def test_the_adapters_keep_every_passage_and_refuse_a_stranger() -> None:
    passages = [passage("a"), passage("b")]
    there = PassagesToDocuments().run(passages)
    assert DocumentsToPassages().run(**there)["passages"] == [each.scored("reranked", 1.0) for each in passages]
    with pytest.raises(InvalidPipeline, match="none of the passages"):
        DocumentsToPassages().run(there["documents"], passages[:1])
