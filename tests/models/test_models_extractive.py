"""The extractive generator: verbatim quotes, honest numbers, text that reads well."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.answers import GeneratedText, GenerationRequest, Passage
from components.core.embeddings import Embedder
from components.core.errors import ModelUnavailable
from components.models.extractive import NOTHING_FOUND, ExtractiveGenerator

RETURNS = """## Return period

You can return **unused items** within 30 days. Members of the club have 60 days.

## What stays with you

These items cannot be returned:

- gas cartridges
- safety gear with a broken seal

## Send a parcel back

1. Open [My Account](account.md) and choose the order.
2. Print the label.
3. Drop the parcel off at any post office.
"""
RENTAL = "# Rental\n\nA rented tent must come back dry by noon of the last day. Otherwise we charge one day more."
FRAGMENTS = st.sampled_from([*RETURNS.splitlines(keepends=True), "| a | b |\n", "|---|---|\n", "😀 *x [1]. ", "\n\n"])
TEXTS = st.text(max_size=120) | st.lists(FRAGMENTS, max_size=14).map("".join)
PASSAGES = st.lists(st.tuples(TEXTS, st.floats(allow_nan=True)), max_size=6)


def passage(text: str, score: float = 1.0, name: str = "c") -> Passage:
    return Passage(name, f"doc-{name}", "Help", "", text, score)


def answer(generator: ExtractiveGenerator, question: str, *passages: Passage) -> GeneratedText:
    *pieces, finished = generator.stream(GenerationRequest(question, passages))
    assert isinstance(finished, GeneratedText)
    assert "".join(str(piece) for piece in pieces) == finished.text
    return finished


@pytest.fixture(scope="session")
def generator(bundled: Embedder) -> ExtractiveGenerator:
    return ExtractiveGenerator(bundled)


@given(question=st.text(min_size=1, max_size=60) | st.just("how do i send a parcel back"), found=PASSAGES)
@settings(max_examples=40, deadline=None)
def test_quotes_are_verbatim_and_numbers_consecutive(
    generator: ExtractiveGenerator, question: str, found: list[tuple[str, float]]
) -> None:
    passages = [passage(text, score, str(rank)) for rank, (text, score) in enumerate(found)]
    finished = answer(generator, question, *passages)
    for citation in finished.citations:
        source = passages[int(citation.chunk_id)]
        assert citation.quote == source.text[citation.start : citation.end] != ""
        assert citation.passage == source.text
    numbers = [int(number) for number in re.findall(r"\[(\d+)\]", finished.text)]
    assert numbers == [citation.number for citation in finished.citations] == list(range(1, len(numbers) + 1))
    assert (finished.text == NOTHING_FOUND) == (not numbers)


def test_the_sentence_that_answers_is_quoted(generator: ExtractiveGenerator) -> None:
    finished = answer(
        generator, "until when do I bring a rented tent back?", passage(RETURNS, 0.5), passage(RENTAL, 0.9)
    )
    assert finished.text.startswith("A rented tent must come back dry by noon of the last day.")
    assert "charge one day more. [1]" in finished.text


def test_steps_are_listed_whole_and_without_markup(generator: ExtractiveGenerator) -> None:
    finished = answer(generator, "how do I send a parcel back, print a label?", passage(RETURNS))
    assert "1. Open My Account and choose the order.\n2. Print the label.\n3. Drop" in finished.text
    assert "[My Account](account.md)" in finished.citations[0].quote


def test_a_heading_that_asks_stands_over_its_list_as_it_is_written(generator: ExtractiveGenerator) -> None:
    shown = passage("## Are shipping fees refunded?\n\n- Whole order returned: yes.\n- Part of the order: no.")
    finished = answer(generator, "are shipping fees refunded for a whole order?", shown)
    assert finished.text.startswith("Are shipping fees refunded?\n- Whole order returned: yes.")


def test_an_exception_keeps_its_lead_in(generator: ExtractiveGenerator) -> None:
    finished = answer(generator, "can gas cartridges be returned?", passage(RETURNS))
    assert "These items cannot be returned:\n- gas cartridges" in finished.text


def test_the_same_sentence_from_two_passages_is_said_once(generator: ExtractiveGenerator) -> None:
    twice = [passage(RENTAL, 1.0, "a"), passage(RENTAL, 0.9, "b")]
    assert len(answer(generator, "when must a rented tent come back?", *twice).citations) == 1


def test_a_heading_alone_is_never_an_answer(generator: ExtractiveGenerator) -> None:
    finished = answer(generator, "return period", passage("# Return period\n\n**Return period**\n"))
    assert finished.citations == ()
    assert finished.text == NOTHING_FOUND


def test_no_passages_give_an_honest_sentence(generator: ExtractiveGenerator) -> None:
    assert answer(generator, "what is the meaning of life?").text == NOTHING_FOUND


def test_an_embedder_without_tokens_also_serves(embedder: Embedder) -> None:
    generator = ExtractiveGenerator(embedder)
    finished = answer(generator, "gas cartridges returned", passage(RETURNS))
    assert finished.citations


def test_a_deadline_that_has_passed_stops_the_answer(bundled: Embedder) -> None:
    ticks = iter(range(0, 1000, 50))
    generator = ExtractiveGenerator(bundled, clock=lambda: float(next(ticks)))
    with pytest.raises(ModelUnavailable, match="deadline of 30 s"):
        list(generator.stream(GenerationRequest("tent", (passage(RENTAL),))))


def test_closing_the_stream_ends_it(generator: ExtractiveGenerator) -> None:
    stream = generator.stream(GenerationRequest("how do I send a parcel back", (passage(RETURNS),)))
    assert next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert list(stream) == []
