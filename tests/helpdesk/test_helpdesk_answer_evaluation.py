"""Answers are measured as customers get them: what is worse is held back, and every measurement is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from uuid import uuid4

import pytest
from helpdesk_shop import NORWAY, RETURNS, SHIPPING, WARRANTY, Shop, evaluation_folder
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from components.bootstrap import Workbench, build_workbench
from components.core.errors import (
    InvalidEvaluationSet,
    InvalidPipeline,
    InvalidPrompt,
    ModelNotAllowed,
    NotFound,
    WorseThanActive,
)
from components.core.prompts import UNSAVED_VERSION, PromptTemplate
from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses
from components.database.tables import AnswerRow, AuditLogRow
from components.helpdesk.evaluation.answer_comparison import compare
from components.helpdesk.evaluation.answer_run import Variant
from components.helpdesk.evaluation.answer_runs import questions_of
from components.helpdesk.evaluation.beir import load_evaluation_set, write_evaluation_set
from components.helpdesk.evaluation.last_scores import last_scores
from components.helpdesk.evaluation.prompt_metrics import PromptFigures
from components.retrieval.loading import SHIPPED
from components.retrieval.prompting import shipped_prompt
from tests.helpdesk.scripted_model_server import Script, ScriptedServer, scripted_server

MakeShop = Callable[..., Shop]
REFUND = "When do I get the refund for a tent?"
YEARS = "How many years of warranty do tents have?"
FETCHER = "components: {x: {type: haystack.components.fetchers.LinkContentFetcher}}"
QUESTIONS: dict[str, str | None] = {
    NORWAY: "help/shipping.md",
    REFUND: "help/returns.md",
    YEARS: "help/warranty.md",
    "Who won the chess cup?": None,
}


@pytest.fixture
def shop(make_shop: MakeShop, tmp_path: Path) -> Shop:
    """Three articles, four questions, one of which nothing answers."""
    shop = make_shop(returns=RETURNS, shipping=SHIPPING, warranty=WARRANTY)
    shop.ingest(evaluation_folder(tmp_path / "evaluation", QUESTIONS))
    return shop


def test_a_new_index_is_measured_question_by_question_and_kept(shop: Shop) -> None:
    context, workbench = shop.tenant.context, shop.workbench
    retrieval, answers = (
        workbench.evaluation_runs.list(context, kind, purposes=("index",))[0] for kind in ("retrieval", "answer")
    )
    assert retrieval.metrics["ndcg_at_10"].value == retrieval.metrics["map_at_10"].value == 1
    assert [each["found"][0] for each in retrieval.results][:3] == list(QUESTIONS.values())[:3]
    assert answers.metrics["right"].value == 1
    assert (answers.blocked, answers.comparison) == (False, None)
    for result in answers.results:
        lineage = workbench.answers.get(context, result["answer_id"])
        assert (lineage.channel, lineage.question) == ("evaluation", result["question"])
    assert workbench.evaluation_runs.get(context, answers.run_id) == answers


def test_nothing_is_asked_twice_of_the_same_knowledge(shop: Shop) -> None:
    before = len(shop.workbench.evaluation_runs.list(shop.tenant.context))
    again = shop.ingest()
    assert again.answers is not None
    assert (again.answers.measured, again.answers.acceptable) == (False, True)
    assert len(shop.workbench.evaluation_runs.list(shop.tenant.context)) == before


def test_a_set_that_names_missing_documents_says_which_and_asks_the_rest(shop: Shop, tmp_path: Path) -> None:
    questions = {**QUESTIONS, "What is a gift card?": "help/gifts.md", "Do you repair?": "help/repairs.md"}
    report = shop.ingest(evaluation_folder(tmp_path / "evaluation", questions))
    assert report.promoted is not None
    assert report.evaluation.missing == ("help/gifts.md", "help/repairs.md")
    assert "does not have: 2 (help/gifts.md, help/repairs.md)" in report.evaluation.reason
    assert report.answers is not None
    assert (report.answers.questions, "help/gifts.md" in report.answers.reason) == (4, True)
    sets, name = shop.workbench.evaluation_sets, load_evaluation_set(tmp_path / "evaluation").name
    assert sets.judged(shop.tenant.context, name).left_out == 2
    evaluation_folder(tmp_path / "evaluation", {"What is a gift card?": "help/gifts.md"})
    sets.store(shop.tenant.context, load_evaluation_set(tmp_path / "evaluation"))
    with pytest.raises(InvalidEvaluationSet, match=r"help/gifts\.md"):
        sets.judged(shop.tenant.context, name)
    assert "nothing could be measured" in shop.workbench.ingestion.evaluate(shop.tenant).reason


def test_versions_of_a_set_never_change_and_each_can_be_used_again(shop: Shop, tmp_path: Path) -> None:
    context, sets = shop.tenant.context, shop.workbench.evaluation_sets
    (first,) = sets.versions(context)
    older = sets.get(context, first.name)
    assert older.provenance["q0"] == {"file": f"{first.name}/queries.jsonl", "line": 1}
    newer = replace(older, version="v2", expected={"q0": "Nine days."})
    sets.store(context, newer, author="ann", note="expected answers")
    assert [(each.version, each.active, each.author) for each in sets.versions(context)] == [
        ("v2", True, "ann"),
        (first.version, False, "source"),
    ]
    sets.activate(context, first.name, first.version, "ann")
    assert sets.get(context, first.name) == older
    assert sets.get(context, first.name, "v2").expected == {"q0": "Nine days."}
    with pytest.raises(NotFound, match=first.name):
        sets.get(context, first.name, "v3")
    for statement in (
        "UPDATE evaluation_sets SET queries = '{}'",
        "DELETE FROM evaluation_sets",
        "DELETE FROM evaluation_runs",
    ):
        with pytest.raises(ProgrammingError), shop.workbench.database.tenant(context) as session:
            session.execute(text(statement))
    write_evaluation_set(tmp_path / "out" / "set", newer)
    back = load_evaluation_set(tmp_path / "out" / "set")
    assert (back.queries, back.qrels, back.expected) == (newer.queries, newer.qrels, newer.expected)


def test_another_tenant_sees_neither_sets_nor_runs(shop: Shop, make_shop: MakeShop) -> None:
    other = make_shop(returns=RETURNS)
    workbench, theirs = shop.workbench, other.tenant.context
    assert workbench.evaluation_sets.versions(theirs) == []
    assert workbench.evaluation_runs.list(theirs) == []
    run = workbench.evaluation_runs.list(shop.tenant.context)[0]
    with pytest.raises(NotFound):
        workbench.evaluation_runs.get(theirs, run.run_id)
    assert workbench.evaluation_runs.find(theirs, run.fingerprint) is None


def test_a_variant_is_asked_beside_what_is_now(shop: Shop) -> None:
    context, evaluations = shop.tenant.context, shop.workbench.answer_evaluations
    questions = shop.workbench.evaluation_sets.in_use(context)
    assert questions is not None
    questions = replace(questions, expected={next(iter(questions.queries)): "A parcel to Norway takes nine days."})
    now = evaluations.run(context, questions, Variant())
    text_of = (SHIPPED / "bm25.yaml").read_text()
    one = evaluations.run(context, questions, Variant(model="extractive", top_k=1, pipeline=text_of))
    assert (one.variant["pipeline"], one.variant["top_k"]) == ("sent", 1)
    assert all(len(each.passages) <= 1 for each in one.results)
    assert now.results[0].similarity == pytest.approx(1, abs=0.3)
    assert now.metrics["grounded"].value == 1
    assert compare(now, one).pairs == 4
    unlabelled = evaluations.run(context, questions_of([NORWAY]), Variant(), labelled=False, channel="playground")
    assert unlabelled.results[0].right is None
    assert "right" not in unlabelled.metrics


def test_who_is_compared_takes_turns_in_being_first_and_gains_nothing_by_what_was_asked_before(
    modelled: Workbench, modelled_shop: Shop, server: ScriptedServer
) -> None:
    context, evaluations = modelled_shop.tenant.context, modelled.answer_evaluations
    questions = questions_of([f"{question} Nobody has asked in these words." for question in GOOD])
    shipped = shipped_prompt()
    other = replace(shipped, version=UNSAVED_VERSION, system="Be vague.")
    server.scripts.clear()
    server.says(GOOD[NORWAY])
    asked, done = len(server.requests), list[tuple[int, int]]()
    before, after = evaluations.in_turns(
        context, questions, (Variant(prompt=shipped), Variant(prompt=other)), on_progress=lambda *now: done.append(now)
    )
    assert done == [(at, 6) for at in range(1, 7)]
    vague = ["Be vague." in str(request["messages"]) for request in server.requests[asked:]]
    assert vague == [False, True, True, False, False, True]
    assert "seconds" in compare(before, after).differences
    embedding = [
        [modelled.answers.get(context, each.answer_id).seconds["query_embedder"] for each in run.results]
        for run in (before, after)
    ]
    assert min(map(min, embedding)) > max(map(median, embedding)) / 10, "each question is embedded for each variant"
    at_another_time = evaluations.run(context, questions, Variant(prompt=other))
    assert "seconds" not in compare(before, at_another_time).differences


@pytest.mark.parametrize(
    ("variant", "error", "said"),
    [
        (Variant(model="gpt-none"), ModelNotAllowed, "extractive"),
        (Variant(pipeline="/etc/passwd"), InvalidPipeline, "components"),
        (Variant(pipeline=FETCHER), InvalidPipeline, "'x' is of type"),
        (Variant(prompt=PromptTemplate("answer", UNSAVED_VERSION, "Hi", "{{ nonsense }}")), InvalidPrompt, "line 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_in_plain_words(
    shop: Shop, variant: Variant, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        shop.workbench.answer_evaluations.run(shop.tenant.context, questions_of([NORWAY]), variant)


def test_calling_off_stops_at_the_next_question(shop: Shop) -> None:
    asked: list[int] = []
    run = shop.workbench.answer_evaluations.run(
        shop.tenant.context,
        questions_of([NORWAY, REFUND, YEARS]),
        Variant(),
        on_progress=lambda done, total: asked.append(done),
        cancelled=lambda: len(asked) == 2,
    )
    assert run.cancelled
    assert (len(run.results), asked) == (2, [1, 2])


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as served:
        yield served


@pytest.fixture(scope="module")
def modelled(
    server: ScriptedServer,
    postgres: DatabaseAddresses,
    helpdesk_settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workbench]:
    """A workbench whose tenants may use the scripted model."""
    models = server.catalogue(tmp_path_factory.mktemp("models"))
    workbench = build_workbench(
        Settings.model_validate({"data_dir": helpdesk_settings.data_dir, "models": models, "database_url": None}),
        postgres,
    )
    yield workbench
    workbench.close()


GOOD = {
    NORWAY: "A parcel to Norway takes nine days [1].",
    REFUND: "The refund reaches your card in a week [1].",
    YEARS: "Tents carry a warranty of seven years [1].",
}
# True, and an answer to another question.
BESIDE = Script(("Express parcels to Norway take two days.",)), Script(("Tents carry a warranty of seven years.",))


@pytest.fixture
def modelled_shop(modelled: Workbench, server: ScriptedServer, tmp_path: Path) -> Shop:
    """Three articles and three questions, which the model answers well as it stands."""
    domain = f"shop-{uuid4().hex[:12]}.example"
    (tmp_path / domain).mkdir()
    tenant = modelled.tenants.create("Shop", domain, {"high_accuracy_model": "scripted", "models": []})
    shop = Shop(tenant, tmp_path / domain, modelled)
    shop.write(returns=RETURNS, shipping=SHIPPING, warranty=WARRANTY)
    server.scripts[:] = [Script((GOOD[question],)) for question in GOOD]
    shop.ingest(evaluation_folder(tmp_path / "evaluation", {question: QUESTIONS[question] for question in GOOD}))
    return shop


def test_an_index_whose_answers_got_worse_is_held_back_though_it_finds_the_documents(
    modelled_shop: Shop, server: ScriptedServer, tmp_path: Path
) -> None:
    context, workbench = modelled_shop.tenant.context, modelled_shop.workbench
    served = workbench.ingestion.index(modelled_shop.tenant).served()
    modelled_shop.write(care="# Care\n\nWash a tent by hand.\n")
    server.scripts[:] = [BESIDE[1], BESIDE[1], BESIDE[0]]
    report = modelled_shop.ingest()
    assert report.evaluation.acceptable
    assert report.answers is not None
    assert report.answers.broken == tuple(GOOD)
    assert "worse" in report.answers.reason
    assert report.promoted is None
    now = workbench.ingestion.index(modelled_shop.tenant).served()
    assert served is not None
    assert now is not None
    assert now.version == served.version
    newest = workbench.evaluation_runs.list(context, "answer", purposes=("index",))[0]
    assert newest.blocked
    assert newest.comparison is not None
    assert newest.comparison["verdict"] == "worse"
    mine = [each for each in last_scores(workbench.database) if each.tenant == context]
    assert {each.kind: each.blocked for each in mine} == {"retrieval": False, "answer": True}


def test_a_prompt_that_answers_worse_is_not_activated_but_for_a_reason(
    modelled: Workbench, modelled_shop: Shop, server: ScriptedServer
) -> None:
    context, prompts, gate = modelled_shop.tenant.context, modelled.prompts, modelled.prompt_gate
    shipped = shipped_prompt()
    version = prompts.save(context, "answer", shipped.system + "\nBe vague.", shipped.user, author="ann", note="vague")
    # What is active was measured with the index; the new version answers every question beside the point.
    server.scripts[:] = [BESIDE[1], BESIDE[1], BESIDE[0]]
    with pytest.raises(WorseThanActive, match="worse") as refused:
        gate.activate(context, "answer", version, "ann")
    assert prompts.active(context).version == 0
    comparison = refused.value.comparison
    assert comparison["verdict"] == "worse"
    assert len(comparison["changed"]) == 3  # type: ignore[arg-type]
    newest = modelled.evaluation_runs.list(context, "answer", purposes=("prompt",))[0]
    assert (newest.purpose, newest.blocked, newest.variant["prompt_version"]) == ("prompt", True, version)
    asked = len(server.requests)
    gate.activate(context, "answer", version, "ann", anyway="the lawyers want it")
    assert len(server.requests) == asked, "what was measured is not measured again"
    assert prompts.active(context).version == version
    with modelled.database.tenant(context) as session:
        details = session.scalars(select(AuditLogRow.details).where(AuditLogRow.action == "prompt.activated")).one()
        channels = set(session.scalars(select(AnswerRow.channel)))
    assert details is not None
    assert details["anyway"] == "the lawyers want it"
    assert channels == {"evaluation"}
    figures = {each.version: each for each in PromptFigures(modelled.database, prompts).of(context, "answer")}
    assert (figures[version].measured_on, figures[version].currency) == ("evaluation", "EUR")
    assert figures[version].accuracy is not None
    assert figures[0].accuracy is not None
    assert (figures[version].accuracy.value, figures[0].accuracy.value) == (0, 1)
    assert figures[0].cost is not None
    assert figures[0].cost > 0
