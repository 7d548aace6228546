"""The playground: variants are tried beside each other, hanging up ends them, and what is worse is not activated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection
from statistics import median
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from apps_api_customers import SHOP, Customer, settle
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func, select

from apps.api.app import create_app
from components.bootstrap import Workbench
from components.database.tables import AnswerRow
from components.helpdesk.access.admin import admin_password
from components.helpdesk.evaluation.answer_run import Variant
from components.helpdesk.evaluation.beir import EvaluationSet, set_version
from components.retrieval.prompting import shipped_prompt

SHIPPING = "What does express shipping cost?"
QUERIES = {"q1": SHIPPING, "q2": "How do I wash a down jacket?", "q3": "Who won the chess cup?"}
QRELS = {"q1": {"help/shipping.md": 1}, "q2": {"help/care.md": 1}}
EVENTS = {"Accept": "text/event-stream"}


@pytest.fixture(scope="module")
def tester(workbench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Customer:
    """A tenant with knowledge and an evaluation set."""
    tester = settle(workbench, f"{uuid4().hex}.example", tmp_path_factory.mktemp("tester") / "help", SHOP)
    questions = EvaluationSet("asked", set_version(QUERIES, QRELS, {}), QUERIES, QRELS)
    workbench.evaluation_sets.store(tester.tenant.context, questions, author="tests")
    return tester


def evaluate(client: TestClient, caller: Customer, headers: dict[str, str] | None = None, **body: Any) -> Any:
    return client.post("/playground/evaluate", json=body, headers=caller.headers | (headers or {}))


def events(text: str) -> list[tuple[str, Any]]:
    told = [dict(line.split(": ", 1) for line in each.splitlines()) for each in text.split("\n\n") if "data:" in each]
    return [(each["event"], json.loads(each["data"])) for each in told]


def asked(workbench: Workbench, caller: Customer) -> int:
    with workbench.database.tenant(caller.tenant.context) as session:
        wanted = select(func.count()).select_from(AnswerRow).where(AnswerRow.channel == "playground")
        return session.execute(wanted).scalar_one()


def test_the_specs_body_gives_answers_with_citations_lineage_latency_and_cost(
    client: TestClient, workbench: Workbench, tester: Customer, cloud: Customer
) -> None:
    before = asked(workbench, tester)
    response = evaluate(client, tester, prompt="Answer in one sentence.", test_queries=[SHIPPING, "Chess?"])
    assert response.status_code == 200, response.text
    body = response.json()
    first, second = body["results"]
    assert (first["query"], first["answered"], second["answered"]) == (SHIPPING, True, False)
    assert "12.50" in first["answer"]
    assert first["citations"][0]["document_id"] == "help/shipping.md"
    assert first["lineage"][0]["scores"].keys() >= {"vector", "text"}
    assert first["right"] is None
    assert body["variant"]["prompt_version"] == -1
    assert body["latency_ms_p95"] >= body["latency_ms_p50"] > 0
    assert {"seconds", "cost"} <= body["metrics"].keys()
    assert (body["run_id"], body["comparison"]) == (None, None)
    assert asked(workbench, tester) == before + 2
    path = f"/answers/{first['answer_id']}"
    assert client.get(path, headers=tester.headers).json()["channel"] == "playground"
    assert client.get(path, headers=cloud.headers).status_code == 404


def test_a_set_is_asked_of_two_variants_with_progress_and_intervals(client: TestClient, tester: Customer) -> None:
    body = {"set": "asked", "top_k": 1, "pipeline": "bm25", "against": {}}
    told = events(evaluate(client, tester, EVENTS, **body).text)
    assert [name for name, _ in told[-2:]] == ["progress", "done"]
    assert told[-2][1] == {"done": 6, "total": 6}
    done = told[-1][1]
    assert done["metrics"]["right"]["value"] == 1
    assert done["metrics"]["right"]["low"] < 1
    assert done["comparison"]["pairs"] == 3
    assert done["comparison"]["verdict"] == "not_worse"
    assert done["against"]["variant"]["pipeline"] == "hybrid"
    assert done["run_id"]


def test_a_variant_beside_itself_differs_in_no_figure_and_is_no_faster_for_coming_second(
    client: TestClient, workbench: Workbench, tester: Customer
) -> None:
    queries = {f"{at}-{key}": f"{text} {'Please. ' * at}" for at in range(4) for key, text in QUERIES.items()}
    qrels = {key: QRELS[name] for key in queries if (name := key[2:]) in QRELS}
    questions = EvaluationSet("itself", set_version(queries, qrels, {}), queries, qrels)
    workbench.evaluation_sets.store(tester.tenant.context, questions, author="tests")
    done = evaluate(client, tester, set="itself", against={}).json()
    apart = done["comparison"]["differences"]
    seconds = apart.pop("seconds")
    assert seconds["low"] < seconds["value"] < seconds["high"]
    assert {name: each for name, each in apart.items() if each["low"] or each["high"]} == {}
    assert (done["comparison"]["verdict"], done["comparison"]["changed"]) == ("not_worse", [])
    took = [[each["latency_ms"] for each in part["results"]] for part in (done["against"], done)]
    gained = median(b - a for a, b in zip(*took, strict=True))
    assert abs(gained) < median(took[0]) / 3


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        ({"prompt": {"user": "Question:\n{{ querry }}"}, "test_queries": ["?"]}, 422, "invalid_prompt", "line 2"),
        ({"test_queries": []}, 422, "invalid_input", "at least 1"),
        ({"test_queries": ["a"] * 51}, 422, "invalid_input", "at most 50"),
        ({"test_queries": ["a"], "set": "asked"}, 422, "invalid_input", "exactly one"),
        ({"set": "nope"}, 404, "not_found", "asked"),
        ({"set": "asked", "set_version": "0"}, 404, "not_found", "asked"),
        ({"test_queries": ["a"], "set_version": "0"}, 422, "invalid_input", "beside set"),
        ({"test_queries": ["a"], "model": "gpt-none"}, 403, "model_not_allowed", "extractive"),
        ({"test_queries": ["a"], "pipeline": "/etc/passwd"}, 422, "invalid_input", "components"),
        ({"test_queries": ["a"], "prompt_version": 7}, 404, "not_found", "no version 7"),
    ],
)
@pytest.mark.parametrize("headers", [{}, EVENTS])
def test_what_cannot_be_tried_is_a_problem_that_says_why(
    client: TestClient, tester: Customer, body: dict[str, Any], status: int, code: str, said: str, headers: Any
) -> None:
    response = evaluate(client, tester, headers, **body)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert said in response.json()["detail"]


@pytest.mark.parametrize("headers", [{}, EVENTS])
def test_hanging_up_ends_the_work(workbench: Workbench, url: str, tester: Customer, headers: dict[str, str]) -> None:
    before, many = asked(workbench, tester), [SHIPPING] * 50
    with closing(HTTPConnection(url.removeprefix("http://"), timeout=60)) as caller:
        body = json.dumps({"test_queries": many})
        sent = tester.headers | headers | {"Content-Type": "application/json"}
        caller.request("POST", "/playground/evaluate", body, sent)
        until = monotonic() + 30
        while asked(workbench, tester) < before + 2:
            assert monotonic() < until
    # A tenant has one at once: this waits for the other's end.
    again = httpx.post(
        f"{url}/playground/evaluate", json={"test_queries": [SHIPPING]}, headers=tester.headers, timeout=60
    )
    assert again.status_code == 200
    assert asked(workbench, tester) < before + len(many)


@pytest.fixture
def person(workbench: Workbench, tester: Customer) -> Iterator[Any]:
    def sign_in(**more: Any) -> dict[str, str]:
        agents, context = workbench.agents, tester.tenant.context
        agent = agents.create(
            context, email=f"{uuid4().hex}@shop.example", name="Ann", password="correct horse battery", **more
        )
        return {"Authorization": f"Bearer {workbench.agent_tokens.issue(context, agent.agent_id)[0]}"}

    return sign_in


def test_a_prompt_engineer_tries_and_the_admin_names_the_tenant(
    client: TestClient, workbench: Workbench, tester: Customer, person: Any
) -> None:
    body = {"test_queries": [SHIPPING]}
    path = "/playground/evaluate"
    assert client.post(path, json=body, headers=person(role="prompt_engineer")).status_code == 200
    token, _ = workbench.people.sign_in("", "admin", admin_password(workbench.settings))
    admin = {"Authorization": f"Bearer {token}"}
    assert client.post(path, json=body, headers=admin | {"X-Tenant": tester.tenant.domain}).status_code == 200
    nowhere = client.post(path, json=body, headers=admin)
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize("role", ["agent", "supervisor"])
def test_who_may_not_is_told_who_may(client: TestClient, person: Any, role: str) -> None:
    for response in (
        client.post("/playground/evaluate", json={"test_queries": ["a"]}, headers=person(role=role)),
        client.get("/playground/metrics", params={"prompt_id": "answer"}, headers=person(role=role)),
    ):
        assert (response.status_code, response.json()["code"]) == (403, "access_denied")
        assert "prompt engineer" in response.json()["detail"]
    assert client.get("/playground/metrics", params={"prompt_id": "answer"}).status_code == 401


def test_a_version_is_saved_measured_and_refused_where_it_is_worse(
    client: TestClient, workbench: Workbench, tester: Customer
) -> None:
    context, headers = tester.tenant.context, tester.headers
    path = "/playground/prompts/answer"
    system = shipped_prompt().system + "\nBe brief."
    saved = client.post(f"{path}/versions", json={"system": system, "note": "brief"}, headers=headers).json()
    version = saved["version"]
    done = client.post(f"{path}/activate", json={"version": version}, headers=headers).json()
    assert (done["before"], done["comparison"]["verdict"]) == (0, "not_worse")
    by_version = {
        each["version"]: each
        for each in client.get("/playground/metrics", params={"prompt_id": "answer"}, headers=headers).json()[
            "versions"
        ]
    }
    assert by_version[version]["active"]
    assert by_version[version]["accuracy"]["value"] == 1
    assert by_version[version]["measured_on"] == "evaluation"
    tester_answers = client.post("/rag/query", json=tester.body(SHIPPING), headers=headers)
    answer = tester_answers.headers["X-Answer-Id"]
    workbench.feedback.rate(context, UUID(answer), 1)
    (now,) = client.get(
        "/playground/metrics", params={"prompt_id": "answer", "version": version}, headers=headers
    ).json()["versions"]
    assert (now["measured_on"], now["answers"], now["thumbs_up"]["value"]) == ("customers", 1, 1)

    bad = client.post(f"{path}/versions", json={"system": system + "!", "note": "bad"}, headers=headers).json()[
        "version"
    ]
    questions = workbench.evaluation_sets.in_use(context)
    assert questions is not None
    prompt = workbench.prompts.get(context, "answer", bad)
    run = workbench.answer_evaluations.run(context, questions, Variant(prompt=prompt))
    # The history says that it answered nothing right.
    worse = replace(run, results=tuple(replace(each, right=False) for each in run.results))
    workbench.evaluation_runs.store(context, worse.stored("trial"))
    refused = client.post(f"{path}/activate", json={"version": bad}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "worse_than_active")
    comparison = refused.json()["comparison"]
    assert comparison["differences"]["right"]["high"] < 0
    assert len(comparison["changed"]) == len(questions.queries)
    assert workbench.prompts.active(context).version == version
    with TestClient(create_app(workbench)) as other:
        families = {family.name: family for family in text_string_to_metric_families(other.get("/metrics").text)}
    mine = str(tester.tenant.tenant_id)
    blocked = {each.labels["tenant"]: each.value for each in families["helpdesk_promotion_blocked"].samples}
    assert blocked[mine] == 1
    scores = {
        (each.labels["kind"], each.labels["metric"]): each.value
        for each in families["helpdesk_evaluation_score"].samples
        if each.labels["tenant"] == mine
    }
    assert scores["answer", "right"] == 0
    anyway = client.post(f"{path}/activate", json={"version": bad, "anyway": "a trial"}, headers=headers)
    assert anyway.json()["comparison"]["verdict"] == "worse"
    assert workbench.prompts.active(context).version == bad
    back = client.post(f"{path}/rollback", headers=headers)
    assert back.json() == {"prompt_id": "answer", "version": version}
    assert workbench.prompts.active(context).version == version
    unknown = client.post(f"{path}/activate", json={"version": 99}, headers=headers | EVENTS)
    assert unknown.status_code == 404


def test_a_tenant_tries_its_own_alone(client: TestClient, tester: Customer, cloud: Customer) -> None:
    found = client.get("/playground/metrics", params={"prompt_id": "answer"}, headers=cloud.headers).json()
    assert [each["version"] for each in found["versions"]] == [0]
    assert evaluate(client, cloud, set="asked").status_code == 404
    assert client.get("/playground/metrics", params={"prompt_id": "x"}, headers=cloud.headers).status_code == 422
