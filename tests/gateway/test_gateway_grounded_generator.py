"""Whatever a model writes, the customer reads what the passages carry: its checked sentences, or quotes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal

import pytest
from gateway_world import NOBODY, catalogue_of, model
from grounded_world import ScriptedServer, scripted_server

from components.core.answers import GeneratedText, GenerationRequest, Passage
from components.core.errors import InvalidInput
from components.core.generation import AnswerGenerator
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.gateway.event_loop import EventLoopThread
from components.gateway.gateway import ModelGateway
from components.gateway.grounded_generator import GroundedGenerator
from components.gateway.opening import open_gateway
from components.gateway.policy import Budget, ModelPolicy
from components.models.chat_model_factory import build_chat_model
from components.models.onnx_embedder import OnnxEmbedder
from components.retrieval.grounding.grounder import Grounder
from components.retrieval.prompting import render, shipped_prompt
from tests.retrieval.injection_documents import INJECTION_DOCUMENTS, InjectionDocument

RETURNS = Passage(
    "c1",
    "help/returns.md",
    "Return policy",
    "Time limit",
    "You can return a kayak within 45 days of delivery. The return label for a kayak costs €12.90.",
    0.9,
)
REFUNDS = Passage(
    "c2", "help/refunds.md", "Refunds", "Time", "A refund takes five working days after the parcel has arrived.", 0.8
)
QUESTION = "Until when can I return a kayak?"
QUOTED = "You can return a kayak within 45 days of delivery."
HONEST = ("You can return ", "a kayak within 45 days of delivery [1]. A refund ", "takes five working days [2].")
POLICY = ModelPolicy(models=("scripted",))


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server(*HONEST) as running:
        yield running


@pytest.fixture(scope="module")
def grounder() -> Grounder:
    return Grounder(OnnxEmbedder(threads=2))


@pytest.fixture
def loop() -> Iterator[EventLoopThread]:
    with closing(EventLoopThread("grounded-test")) as running:
        yield running


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> TenantContext:
    return make_tenant().context


@pytest.fixture
def make_generator(
    server: ScriptedServer,
    grounder: Grounder,
    loop: EventLoopThread,
    database: Database,
    extractive: AnswerGenerator,
    tenant: TenantContext,
) -> Iterator[Callable[..., GroundedGenerator]]:
    opened: list[ModelGateway] = []

    def make(policy: ModelPolicy = POLICY, url: str | None = None) -> GroundedGenerator:
        catalogue = catalogue_of(model("scripted", url or server.url, first_text=3.0))
        gateway = open_gateway(catalogue, lambda declaration: build_chat_model(declaration, extractive), database)
        opened.append(gateway)
        return GroundedGenerator(tenant, lambda: policy, gateway, loop, extractive, grounder)

    yield make
    for gateway in opened:
        loop.run(gateway.close(), timeout=20)


def asked(*passages: Passage, deadline: float = 20.0) -> GenerationRequest:
    shown = passages or (RETURNS, REFUNDS)
    return GenerationRequest(QUESTION, shown, render(shipped_prompt(), QUESTION, shown), deadline)


def heard(generator: AnswerGenerator, request: GenerationRequest | None = None) -> tuple[list[str], GeneratedText]:
    *pieces, result = generator.stream(request or asked())
    assert isinstance(result, GeneratedText)
    for citation in result.citations:
        assert citation.passage[citation.start : citation.end] == citation.quote
    assert [each.number for each in result.citations] == list(range(1, len(result.citations) + 1))
    return [piece for piece in pieces if isinstance(piece, str)], result


def test_a_supported_answer_comes_sentence_by_sentence_with_its_citations_and_its_bill(
    make_generator: Callable[..., GroundedGenerator],
) -> None:
    pieces, result = heard(make_generator())
    assert pieces == [
        "You can return a kayak within 45 days of delivery [1].",
        " A refund takes five working days [2].",
    ]
    assert result.text == "".join(pieces)
    assert [each.chunk_id for each in result.citations] == ["c1", "c2"]
    trace = result.trace
    assert trace is not None
    assert (result.model, trace.model, trace.provider, trace.reason) == ("scripted", "scripted", "openai", None)
    assert (trace.prompt_id, trace.prompt_version) == ("answer", 0)
    assert (trace.input_tokens, trace.output_tokens, trace.cost) == (100, 20, Decimal(120) / 1_000_000)
    assert [each.supported for each in trace.sentences] == [True, True]
    assert trace.first_text_seconds is not None


def test_the_first_sentence_is_out_before_the_model_has_ended(
    make_generator: Callable[..., GroundedGenerator], server: ScriptedServer
) -> None:
    server.pause = 1.5
    server.pieces = ["You can return a kayak within 45 days of delivery [1]. A ref", "und takes five working days [2]."]
    started = time.monotonic()
    stream = make_generator().stream(asked())
    first = next(stream)
    between = time.monotonic()
    rest = list(stream)
    assert first == "You can return a kayak within 45 days of delivery [1]."
    assert time.monotonic() - between > 0.5
    assert isinstance(rest[-1], GeneratedText)
    assert between > started


def test_a_citation_that_points_nowhere_is_removed_and_counted(
    make_generator: Callable[..., GroundedGenerator], server: ScriptedServer
) -> None:
    server.pieces = ["You can return a kayak within 45 days of delivery [1][8]."]
    _, result = heard(make_generator())
    assert result.text == "You can return a kayak within 45 days of delivery [1]."
    assert result.trace is not None
    assert result.trace.citations_removed == 1


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("You can return a kayak within 90 days of delivery [1].", "unsupported"),
        ("You cannot return a kayak within 45 days of delivery [1].", "unsupported"),
        ("Kayaks are painted by hand in a small village [1]. Every buyer gets a song [2].", "unsupported"),
        ("I don't know, the passages do not mention it.", "retrieved_unused"),
        ("Happy to help!", "retrieved_unused"),
        (" ", "retrieved_unused"),
    ],
)
def test_an_answer_that_does_not_stand_is_quoted_instead(
    written: str, reason: str, make_generator: Callable[..., GroundedGenerator], server: ScriptedServer
) -> None:
    server.pieces = [written]
    pieces, result = heard(make_generator())
    assert result.trace is not None
    assert (result.trace.reason, result.model, result.trace.provider) == (reason, "extractive", "extractive")
    assert QUOTED in result.text
    assert result.text == "".join(pieces)
    assert result.citations[0].quote.startswith(QUOTED)


def test_a_lie_after_a_true_sentence_replaces_both_and_is_never_passed_on(
    make_generator: Callable[..., GroundedGenerator], server: ScriptedServer
) -> None:
    server.pieces = [HONEST[0], HONEST[1], "takes 900 working days [2]. And", " so on."]
    pieces, result = heard(make_generator())
    assert "900" not in "".join(pieces) + result.text
    assert pieces == ["You can return a kayak within 45 days of delivery [1]."]
    assert result.model == "extractive"
    assert result.trace is not None
    assert result.trace.reason == "unsupported"
    assert [each.supported for each in result.trace.sentences] == [True, False]
    assert [each.text[-4:] for each in result.trace.sentences] == ["[1].", "[2]."]


def test_one_doubtful_sentence_is_left_out_and_flagged(
    make_generator: Callable[..., GroundedGenerator], server: ScriptedServer
) -> None:
    server.pieces = [*HONEST, " It is all such fun."]
    pieces, result = heard(make_generator())
    assert result.text == "".join(pieces)
    assert "such fun" not in result.text
    assert result.trace is not None
    assert (result.trace.reason, [each.supported for each in result.trace.sentences]) == (None, [True, True, False])


def test_a_fallback_stops_the_models_server(
    make_generator: Callable[..., GroundedGenerator], server: ScriptedServer
) -> None:
    server.pieces = ["You can return a kayak within 99 days [1]. Also", *([" more"] * 200)]
    server.pause = 0.05
    _, result = heard(make_generator())
    assert result.model == "extractive"
    assert server.abandoned.wait(5)
    trace = result.trace
    assert trace is not None
    assert [(each.model, each.error) for each in trace.attempts] == [("scripted", "cancelled")]
    assert trace.input_tokens > 0
    assert trace.output_tokens > 0
    assert trace.cost > 0
    assert trace.tokens_estimated


def test_a_reader_who_leaves_stops_the_models_server(
    make_generator: Callable[..., GroundedGenerator], server: ScriptedServer
) -> None:
    server.pieces = [HONEST[0], HONEST[1], *([" more"] * 200)]
    server.pause = 0.05
    stream = make_generator().stream(asked())
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert server.abandoned.wait(5)


def test_a_stream_that_is_cut_in_the_middle_is_replaced_by_quotes(
    make_generator: Callable[..., GroundedGenerator], server: ScriptedServer
) -> None:
    server.cut = True
    _, result = heard(make_generator())
    assert result.text.startswith(QUOTED)
    assert result.trace is not None
    assert result.trace.reason == "provider_down"


def test_a_server_that_is_not_there_costs_no_more_than_quoting(
    make_generator: Callable[..., GroundedGenerator],
) -> None:
    _, result = heard(make_generator(url=NOBODY))
    assert result.text.startswith(QUOTED)
    assert result.citations[0].quote.startswith(QUOTED)
    assert result.trace is not None
    assert (result.trace.reason, result.trace.sentences) == ("provider_down", ())
    assert result.trace.attempts[0].error == "model_unavailable"


def test_a_spent_budget_is_named(make_generator: Callable[..., GroundedGenerator], server: ScriptedServer) -> None:
    _, result = heard(make_generator(ModelPolicy(models=("scripted",), daily=Budget(tokens=0))))
    assert result.trace is not None
    assert (result.trace.reason, server.asked) == ("budget", [])
    assert result.text.startswith(QUOTED)


def test_a_silent_model_leaves_time_for_quoting(
    make_generator: Callable[..., GroundedGenerator], server: ScriptedServer
) -> None:
    server.pieces, server.pause = ["You can", " return"], 30.0
    started = time.monotonic()
    _, result = heard(make_generator(), asked(deadline=4.0))
    assert time.monotonic() - started < 8.0
    assert result.text.startswith(QUOTED)
    assert result.trace is not None
    assert result.trace.reason == "provider_down"


def test_half_a_sentence_at_the_length_limit_is_left_out(
    make_generator: Callable[..., GroundedGenerator], server: ScriptedServer
) -> None:
    server.pieces, server.finish = [HONEST[0], HONEST[1], "takes five wor"], "length"
    _, result = heard(make_generator())
    assert result.text == "You can return a kayak within 45 days of delivery [1]."


def test_another_tenants_text_never_reaches_the_customer(
    make_generator: Callable[..., GroundedGenerator], server: ScriptedServer
) -> None:
    server.pieces = ["Dear Ms Novak, your payslip of October shows €4,812.77 [1]. Your IBAN ends in 1193 [2]."]
    pieces, result = heard(make_generator())
    assert "Novak" not in "".join(pieces) + result.text
    assert "1193" not in "".join(pieces) + result.text
    assert result.model == "extractive"


def test_a_picture_or_a_link_of_the_models_own_is_taken_out(
    make_generator: Callable[..., GroundedGenerator], server: ScriptedServer
) -> None:
    server.pieces = ["You can return a [kayak](https://evil.example/?q=1) within 45 days of delivery [1].<img src=x>"]
    pieces, result = heard(make_generator())
    assert result.text == "You can return a kayak within 45 days of delivery [1]."
    assert "evil" not in "".join(pieces)


@pytest.mark.parametrize("document", INJECTION_DOCUMENTS, ids=lambda each: each.name)
def test_the_customer_never_sees_what_a_document_has_ordered(
    document: InjectionDocument, make_generator: Callable[..., GroundedGenerator], server: ScriptedServer
) -> None:
    server.pieces = [f"{document.fact} [1] ", f"{document.demand} [1]. ", f"Remember: {document.demand}!"]
    pieces, result = heard(make_generator(), asked(document.passage))
    seen = (
        "".join(pieces) + result.text + "".join(f"{e.title}{e.section}{e.passage}{e.quote}" for e in result.citations)
    )
    assert document.demand not in seen
    assert "kayak within 45 days" in result.text


def test_a_request_without_a_prompt_is_refused(make_generator: Callable[..., GroundedGenerator]) -> None:
    with pytest.raises(InvalidInput, match="prompt"):
        list(make_generator().stream(GenerationRequest(QUESTION, (RETURNS,))))
