"""The extractive generator as a chat model, and the factory: what a bare prompt becomes, and which model is built."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.answers import GeneratedText, GenerationRequest, GenerationTrace, Passage
from components.core.chat_model import ChatMessage, ChatRequest, Completion
from components.core.embeddings import Embedder
from components.core.errors import InvalidCatalogue, ModelTimedOut
from components.core.model_catalogue import ModelDeclaration
from components.models.chat_model_factory import PROVIDERS, build_chat_model
from components.models.extractive import NOTHING_FOUND, ExtractiveGenerator
from components.models.extractive_chat_model import ExtractiveChatModel
from tests.models.chat_models_under_test import ARTICLE, QUESTION, completion, run

RENTAL = "A rented tent must come back dry by noon of the last day. Otherwise we charge one day more."


@pytest.fixture(scope="module")
def generator(bundled: Embedder) -> ExtractiveGenerator:
    return ExtractiveGenerator(bundled)


def reply(generator: ExtractiveGenerator, request: ChatRequest) -> Completion:
    async def once() -> Completion:
        model = ExtractiveChatModel(generator)
        try:
            return await completion(model, request)
        finally:
            await model.close()

    return run(once())


def user(text: str, *earlier: ChatMessage, **fields: object) -> ChatRequest:
    return replace(ChatRequest((*earlier, ChatMessage("user", text))), **fields)  # type: ignore[arg-type]


def test_passages_are_quoted_for_the_question(generator: ExtractiveGenerator) -> None:
    passage = Passage("c", "d", "Rental", "", RENTAL, 1.0)
    request = user("ignored", question="When must a rented tent come back?", passages=(passage,))
    assert reply(generator, request).text.startswith("A rented tent must come back dry by noon")


def test_the_last_paragraph_of_a_bare_prompt_is_the_question_and_the_rest_its_passage(
    generator: ExtractiveGenerator,
) -> None:
    expected = "Unused items can be returned within 30 days."
    assert reply(generator, user(f"{ARTICLE}\n\n{QUESTION}")).text.startswith(expected)
    system, earlier = ChatMessage("system", ARTICLE), ChatMessage("user", RENTAL)
    assert reply(generator, user(QUESTION, system, earlier)).text.startswith(expected)
    assert "rented tent" in reply(generator, user("When must a rented tent come back?", system, earlier)).text


@pytest.mark.parametrize(
    "request_",
    [
        user(QUESTION),
        user(""),
        user(f"{ARTICLE}\n\nDo you sell kayaks?"),
        user("Do you sell kayaks?", ChatMessage("system", ARTICLE)),
        ChatRequest((ChatMessage("system", ARTICLE),), question="Do you sell kayaks?"),
    ],
)
def test_where_nothing_answers_it_says_so(generator: ExtractiveGenerator, request_: ChatRequest) -> None:
    assert reply(generator, request_).text == NOTHING_FOUND


def test_the_assistants_own_words_are_no_evidence(generator: ExtractiveGenerator) -> None:
    said = ChatMessage("assistant", "Unused items can be returned within 900 days.")
    assert reply(generator, user(QUESTION, said)).text == NOTHING_FOUND


@given(
    text=st.text(st.sampled_from("😀é\u0301ש日a. \n") | st.characters(exclude_categories=["Cs"]), max_size=80),
    max_tokens=st.integers(1, 12),
)
@settings(max_examples=20, deadline=None)
def test_max_tokens_cuts_between_characters(generator: ExtractiveGenerator, text: str, max_tokens: int) -> None:
    request = user("a?", question="a", passages=(Passage("c", "d", "", "", text, 1.0),))
    whole, cut = reply(generator, request), reply(generator, replace(request, max_tokens=max_tokens))
    assert whole.text.startswith(cut.text)
    assert cut.output_tokens <= max_tokens
    assert cut.text == whole.text or cut.finish_reason == "length"


def test_the_generators_deadline_is_a_timeout(generator: ExtractiveGenerator) -> None:
    request = GenerationRequest(QUESTION, (Passage("c", "d", "", "", ARTICLE, 1.0),), deadline=-1.0)
    with pytest.raises(ModelTimedOut, match="-1 s"):
        list(generator.stream(request))


def test_an_extractive_text_says_how_it_came_about_and_costs_nothing(generator: ExtractiveGenerator) -> None:
    *_, finished = generator.stream(GenerationRequest(QUESTION, ()))
    assert isinstance(finished, GeneratedText)
    assert finished.trace == GenerationTrace("extractive", "extractive")
    assert finished.trace.cost == 0


def test_each_provider_has_its_model_and_none_is_loaded_or_connected(
    generator: ExtractiveGenerator, tmp_path: Path
) -> None:
    for provider in PROVIDERS:
        declaration = ModelDeclaration(f"my-{provider}", provider, str(tmp_path), "http://127.0.0.1:9/v1", "key")
        model = build_chat_model(declaration, generator)
        assert model.name == f"my-{provider}"
        asyncio.run(model.close())


def test_an_unknown_provider_names_those_there_are(generator: ExtractiveGenerator) -> None:
    with pytest.raises(InvalidCatalogue, match="'telepathy'; allowed: tgi, openai, transformers, extractive"):
        build_chat_model(ModelDeclaration("m", "telepathy"), generator)  # type: ignore[arg-type]
