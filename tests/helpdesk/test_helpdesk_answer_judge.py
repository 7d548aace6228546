"""A language model's opinion of answers: asked for through the tenant's gateway, kept, compared, and never made up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from helpdesk_shop import NORWAY, RETURNS, SHIPPING, WARRANTY, Shop, evaluation_folder

from components.bootstrap import Workbench, build_workbench
from components.core.errors import InvalidInput, ModelNotAllowed, WorseThanActive
from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses
from components.helpdesk.evaluation.answer_run import AnswerRun, Variant, run_of
from components.helpdesk.evaluation.last_scores import last_scores
from components.helpdesk.tenant_config import validate_config
from components.retrieval.prompting import shipped_prompt
from tests.helpdesk.judging_model import CARRIED, RELEVANT, JudgingModel, judging_model
from tests.helpdesk.scripted_model_server import Script

JUDGE = "scripted-small"
ALL = {"high_accuracy_model": "scripted", "models": [JUDGE, "down", "absent"]}
JUDGED = {**ALL, "evaluation": {"judge": JUDGE}}
ANSWERED = {
    NORWAY: ("shipping", "A parcel to Norway takes nine days [1]."),
    "How long does an express parcel to Norway take?": ("shipping", "Express parcels to Norway take two days [1]."),
    "When do I get the refund for a tent?": ("returns", "The refund reaches your card in a week [1]."),
    "Within how many days can I return unused tents?": ("returns", "You can return unused tents within 45 days [1]."),
    "How many years of warranty do tents have?": ("warranty", "Tents carry a warranty of seven years [1]."),
    "What do I send with my warranty claim?": ("warranty", "Send the invoice number with your warranty claim [1]."),
}
QUESTIONS = tuple(ANSWERED)


@pytest.fixture(scope="module")
def served() -> Iterator[JudgingModel]:
    with judging_model() as model:
        yield model


@pytest.fixture(scope="module")
def judging(
    served: JudgingModel,
    postgres: DatabaseAddresses,
    helpdesk_settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workbench]:
    """A workbench whose tenants may use the model server."""
    models = served.catalogue(tmp_path_factory.mktemp("models"))
    given = {"data_dir": helpdesk_settings.data_dir, "models": models, "database_url": None}
    workbench = build_workbench(Settings.model_validate(given), postgres)
    yield workbench
    workbench.close()


@pytest.fixture
def model(served: JudgingModel) -> JudgingModel:
    """It answers each question well, and judges each answer so."""
    served.answers = {question: answer for question, (_, answer) in ANSWERED.items()}
    served.faithful, served.relevant = lambda question: CARRIED, lambda question: RELEVANT
    served.forget()
    return served


def make_shop(workbench: Workbench, folder: Path, config: dict[str, Any], *, asked: int = len(QUESTIONS)) -> Shop:
    """Three articles and the first questions of the six, ingested."""
    domain = f"shop-{uuid4().hex[:12]}.example"
    (folder / domain).mkdir()
    shop = Shop(workbench.tenants.create("Shop", domain, config), folder / domain, workbench)
    shop.write(returns=RETURNS, shipping=SHIPPING, warranty=WARRANTY)
    known = {question: f"help/{ANSWERED[question][0]}.md" for question in QUESTIONS[:asked]}
    shop.ingest(evaluation_folder(folder / "evaluation", known))
    return shop


def judge(shop: Shop, name: str | None = JUDGE) -> AnswerRun:
    questions = shop.workbench.evaluation_sets.in_use(shop.tenant.context)
    assert questions is not None
    return shop.workbench.answer_evaluations.run(shop.tenant.context, questions, Variant(), judge=name)


def spent(shop: Shop) -> Decimal:
    """On this day, by the tenant, in euros."""
    workbench, context = shop.workbench, shop.tenant.context
    return workbench.loop.run(workbench.gateway.budget(context, workbench.policy_for(context))).daily.spent.money


def test_answers_are_judged_on_the_tenants_account_and_the_opinion_is_kept(
    judging: Workbench, model: JudgingModel, tmp_path: Path
) -> None:
    shop = make_shop(judging, tmp_path, ALL, asked=2)
    assert model.judged == [], "nobody has asked for a judge"
    model.faithful = lambda question: {
        "statements": ["It takes nine days.", "It is free."],
        "statement_scores": [1, 0 if question == NORWAY else 1],
    }
    model.relevant = lambda question: {"relevant_statements": [] if question == NORWAY else ["Two days."]}
    model.forget()
    before = spent(shop)
    run = judge(shop)
    assert run.by_question("faithfulness") == {"q0": 0.5, "q1": 1}
    assert run.by_question("context_relevance") == {"q0": 0, "q1": 1}
    assert run.metrics["faithfulness"].value == 0.75
    assert run.metrics["faithfulness"].low < 0.5, "two answers make nobody sure"
    assert [(each.question, each.doubted) for each in run.doubted] == [(NORWAY, ("It is free.",))]
    assert (run.judge, run.judged, run.told_judge) == (JUDGE, 2, f"{JUDGE} judged 2 of 2 answers")
    # 110 tokens a call, at 2 and 4 euros a million.
    assert (run.judge_cost, run.currency) == (4 * Decimal("0.00024"), "EUR")
    (prompt,) = [each for each in model.judged if NORWAY in each and "faithfulness" in each]
    assert "A parcel to Norway takes nine days." in prompt
    assert "[1]" not in prompt
    held = [body for body in model.server.requests if body.get("response_format", {}).get("type") == "json_schema"]
    assert len(held) == len(model.judged) == 4
    judging.evaluation_runs.store(shop.tenant.context, run.stored("trial"))
    (kept,) = [each for each in judging.evaluation_runs.list(shop.tenant.context, "answer") if each.purpose == "trial"]
    again = run_of(kept)
    assert again.results == tuple(replace(each, citations=(), passages=()) for each in run.results)
    assert (again.judge, again.judge_cost, again.metrics) == (run.judge, run.judge_cost, run.metrics)
    assert spent(shop) - before == run.judge_cost + sum(each.cost for each in run.results)


def test_what_is_no_judgement_counts_as_none_and_never_as_zero(
    judging: Workbench, model: JudgingModel, tmp_path: Path
) -> None:
    shop = make_shop(judging, tmp_path, ALL)
    bad: dict[str, Any] = dict(
        zip(
            QUESTIONS,
            (
                "I would say that it is faithful.",
                {"statements": [], "statement_scores": []},
                {"statements": ["a", "b"], "statement_scores": [1]},
                {"statements": ["a"], "statement_scores": [None]},
                {"verdict": "good"},
                f"```json\n{json.dumps(CARRIED)}\n```",
            ),
            strict=True,
        )
    )
    model.faithful = lambda question: bad[question]
    model.relevant = lambda question: {"relevant_statements": "yes"} if question == NORWAY else RELEVANT
    run = judge(shop)
    assert run.by_question("faithfulness") == {"q5": 1}
    assert run.by_question("context_relevance") == {f"q{number}": 1 for number in range(1, 6)}
    assert run.metrics["right"].value == 1
    assert run.told_judge == f"{JUDGE} judged 1 of 6 answers; not judged: 5 where what it said is no judgement"
    assert run.judge_cost == 12 * Decimal("0.00024"), "what is no judgement is paid for all the same"


@pytest.mark.parametrize("judge_name", ["down", "absent"])
def test_a_judge_that_is_down_costs_no_run_and_nothing_stands_in_for_it(
    judging: Workbench, model: JudgingModel, tmp_path: Path, judge_name: str
) -> None:
    shop = make_shop(judging, tmp_path, {**ALL, "evaluation": {"judge": judge_name}}, asked=1)
    stored = judging.evaluation_runs.list(shop.tenant.context, "answer", purposes=("index",))[0]
    assert stored.metrics["right"].value == 1
    assert "faithfulness" not in stored.metrics
    assert f"{judge_name} judged 0 of 1 answers; not judged: 1 where it did not answer" in stored.reason
    assert model.judged == [], "no other model was asked instead"
    assert judging.ingestion.index(shop.tenant).served() is not None


def test_a_judge_that_had_nothing_to_say_is_asked_again_and_the_questions_are_not(
    judging: Workbench, model: JudgingModel, tmp_path: Path
) -> None:
    model.faithful = lambda question: "no idea"
    shop = make_shop(judging, tmp_path, JUDGED, asked=1)
    model.faithful = lambda question: CARRIED
    model.forget()
    report = shop.ingest().answers
    assert report is not None
    assert (report.measured, report.judge, report.scores["faithfulness"].value) == (True, JUDGE, 1)
    assert (model.asked, len(model.judged)) == (0, 2)
    again = shop.ingest().answers
    assert again is not None
    assert (again.measured, len(model.judged)) == (False, 2)


@pytest.mark.parametrize("daily", [0, 1])
def test_judging_leaves_customers_what_is_past_the_soft_limit(
    judging: Workbench, model: JudgingModel, tmp_path: Path, daily: int
) -> None:
    budget = {"daily": {"money": daily}, "soft": 0.0001}
    run = judge(make_shop(judging, tmp_path, {**ALL, "budget": budget}, asked=1))
    assert run.results[0].model == ("scripted" if daily else "extractive")
    assert run.told_judge.endswith("0 of 1 answers; not judged: 1 since the tenant's budget is past its soft limit")
    assert (model.judged, run.judge_cost) == ([], 0)


def test_a_prompt_whose_answers_follow_less_from_their_passages_is_not_activated(
    judging: Workbench, model: JudgingModel, tmp_path: Path
) -> None:
    shop, shipped = make_shop(judging, tmp_path, JUDGED), shipped_prompt()
    context, told = shop.tenant.context, list[tuple[int, int]]()
    version = judging.prompts.save(context, "answer", shipped.system + " Be vague.", shipped.user, author="a", note="n")
    model.faithful = lambda question: {"statements": ["a"], "statement_scores": [0]}
    model.forget()
    with pytest.raises(WorseThanActive, match=r"faithfulness -1\.000") as refused:
        judging.prompt_gate.activate(context, "answer", version, "a", on_progress=lambda *at: told.append(at))
    assert (refused.value.comparison["judge"], judging.prompts.active(context).version) == (JUDGE, 0)
    assert len(model.judged) == 12, "what is active was judged with the index"
    assert told == [(at, 12) for at in range(1, 13)]


def test_an_index_whose_answers_follow_less_from_their_passages_is_held_back(
    judging: Workbench, model: JudgingModel, tmp_path: Path
) -> None:
    shop = make_shop(judging, tmp_path, JUDGED)
    context = shop.tenant.context
    served = judging.ingestion.index(shop.tenant).served()
    shop.write(care="# Care\n\nWash a tent by hand.\n")
    model.faithful = lambda question: {"statements": ["a", "b"], "statement_scores": [1, 0]}
    report = shop.ingest()
    assert report.answers is not None
    assert report.answers.judgement is not None
    assert not report.answers.judgement.blocks, "each question is answered right as before"
    assert report.answers.opinions["faithfulness"].blocks
    assert "faithfulness -0.500 (95 %: -0.500 to -0.500) over 6 questions: worse beyond chance" in report.answers.reason
    assert (report.answers.acceptable, report.promoted) == (False, None)
    now = judging.ingestion.index(shop.tenant).served()
    assert served is not None
    assert now is not None
    assert now.version == served.version
    newest = judging.evaluation_runs.list(context, "answer", purposes=("index",))[0]
    assert (newest.blocked, newest.variant["judge"]) == (True, JUDGE)
    assert newest.comparison is not None
    assert (newest.comparison["verdict"], newest.comparison["judge"]) == ("worse", JUDGE)
    (scores,) = [
        each for each in last_scores(judging.database) if (each.tenant, each.kind) == (shop.tenant.context, "answer")
    ]
    assert (scores.metrics["faithfulness"], scores.metrics["context_relevance"]) == (0.5, 1)


def test_a_judge_may_be_asked_only_where_the_tenant_may_use_it_and_reads_that_tenants_passages_only(
    judging: Workbench, model: JudgingModel, tmp_path: Path
) -> None:
    config = {"high_accuracy_model": "scripted", "models": []}
    theirs, ours = (make_shop(judging, tmp_path, each, asked=1) for each in (config, ALL))
    ours.write(shipping=SHIPPING.replace("nine days", "nine days in a secret van"))
    ours.ingest()
    model.forget()
    with pytest.raises(ModelNotAllowed, match=f"judge='{JUDGE}' is no language model .*: scripted"):
        judge(theirs)
    with pytest.raises(ModelNotAllowed, match="judge='extractive'"):
        judge(ours, "extractive")
    assert model.server.requests == []
    judge(theirs, "scripted")
    assert "secret van" not in "".join(model.judged)
    before = spent(theirs)
    judge(ours)
    assert "secret van" in "".join(model.judged)
    assert spent(theirs) == before > 0


def test_a_judge_that_the_operator_took_away_stops_no_knowledge(
    judging: Workbench, model: JudgingModel, tmp_path: Path
) -> None:
    shop = make_shop(judging, tmp_path, {**ALL, "models": ["gone"], "evaluation": {"judge": "gone"}}, asked=1)
    assert judging.ingestion.index(shop.tenant).served() is not None
    stored = judging.evaluation_runs.list(shop.tenant.context, "answer", purposes=("index",))[0]
    assert "not judged: judge='gone' is no language model that this tenant may use: scripted" in stored.reason


def test_a_configuration_names_a_judge_among_its_models() -> None:
    assert validate_config(JUDGED) == JUDGED
    with pytest.raises(
        InvalidInput, match="judge 'gpt' is no model that this tenant may use: scripted, scripted-small"
    ):
        validate_config({**JUDGED, "models": [JUDGE], "evaluation": {"judge": "gpt"}})
    with pytest.raises(InvalidInput, match="allowed are judge"):
        validate_config({"evaluation": {"juge": "gpt"}})


def test_calling_off_ends_the_judging(judging: Workbench, model: JudgingModel, tmp_path: Path) -> None:
    shop = make_shop(judging, tmp_path, ALL)
    model.forget()
    # The first answer is judged at once, those beside it are still under way when it is called off.
    model.faithful = lambda question: Script((json.dumps(CARRIED),), pause=2.0 if len(model.judged) > 1 else 0.0)
    questions, told = judging.evaluation_sets.in_use(shop.tenant.context), list[tuple[int, int]]()
    assert questions is not None
    run = judging.answer_evaluations.run(
        shop.tenant.context,
        questions,
        Variant(),
        judge=JUDGE,
        on_progress=lambda done, total: told.append((done, total)),
        cancelled=lambda: len(told) > len(QUESTIONS),
    )
    assert run.cancelled
    assert told == [(done, 12) for done in range(1, 8)]
    assert len(model.judged) < 12
