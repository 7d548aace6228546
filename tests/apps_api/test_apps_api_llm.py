"""POST /llm/generate as section 5.1 has it, whole and as a stream, and what a tenant may ask and spend."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from apps_api_customers import Customer
from fastapi.testclient import TestClient

from apps.api.app import Limits, create_app
from apps.api.measurements import Measurements
from apps.api.server import ApiServer
from components.bootstrap import Workbench, build_workbench
from components.core.model_use import ModelUse
from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses
from tests.helpdesk.scripted_model_server import ScriptedServer, scripted_server
from tests.model_uses import recorded_uses

PATIENCE = 20.0
WEATHER = {
    "name": "weather",
    "description": "The weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as served:
        yield served


@pytest.fixture(scope="module")
def measured() -> Measurements:
    return Measurements()


@pytest.fixture(scope="module")
def modelled(
    server: ScriptedServer,
    measured: Measurements,
    settings: Settings,
    addresses: DatabaseAddresses,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workbench]:
    changes = {"data_dir": settings.data_dir, "models": server.catalogue(tmp_path_factory.mktemp("models"))}
    workbench = build_workbench(Settings.model_validate(changes), addresses, observer=measured)
    yield workbench
    workbench.close()


@pytest.fixture(scope="module")
def llm(modelled: Workbench, measured: Measurements) -> Iterator[TestClient]:
    with TestClient(create_app(modelled, measurements=measured)) as client:
        yield client


@pytest.fixture
def make_caller(modelled: Workbench, server: ScriptedServer) -> Callable[..., Customer]:
    """Makes a tenant: `make_caller(models=[…])`."""

    def make(**config: Any) -> Customer:
        tenant = modelled.tenants.create("Caller", f"caller-{uuid4().hex[:12]}.example", config)
        return Customer(tenant, modelled.api_keys.issue(tenant.context, "tests").key)

    server.requests.clear()
    server.left.clear()
    return make


@pytest.fixture
def caller(make_caller: Callable[..., Customer]) -> Customer:
    return make_caller(high_accuracy_model="scripted", models=["scripted-small"])


def body(caller: Customer, prompt: str = "Say hello.", **changes: Any) -> dict[str, Any]:
    return {"tenant_id": str(caller.tenant.tenant_id), "prompt": prompt, **changes}


def generate(client: TestClient, caller: Customer, prompt: str = "Say hello.", **changes: Any) -> httpx.Response:
    return client.post("/llm/generate", json=body(caller, prompt, **changes), headers=caller.headers)


def events(client: TestClient, caller: Customer, **changes: Any) -> list[tuple[str, Any]]:
    headers = {**caller.headers, "Accept": "text/event-stream"}
    response = client.post("/llm/generate", json=body(caller, **changes), headers=headers)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/event-stream")
    found = []
    for block in response.text.split("\n\n")[:-1]:
        (kind, data) = block.split("\n")
        found.append((kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_a_prompt_is_answered_with_text_tokens_model_and_cost(
    llm: TestClient, caller: Customer, server: ScriptedServer
) -> None:
    server.says("Hello", " there.")
    told = generate(llm, caller, temperature=0.5, seed=7, stop=["###"], max_tokens=50).json()
    assert told == {
        "text": "Hello there.",
        "tokens": {"input": 100, "output": 10},
        "model": "scripted",
        "cost": "0.00024",
        "currency": "EUR",
        "cache_hit": False,
        "reason": None,
    }
    sent = server.requests[-1]
    assert (sent["temperature"], sent["seed"], sent["stop"]) == (0.5, 7, ["###"])
    assert sent["messages"] == [{"role": "user", "content": "Say hello."}]


def test_a_function_call_comes_back_as_json_that_fits_its_parameters(
    llm: TestClient, caller: Customer, server: ScriptedServer
) -> None:
    server.says(calls=(("weather", '{"city": "Oslo", "days": 2}'),))
    told = generate(llm, caller, functions=[WEATHER]).json()
    assert told["functionCall"] == {"name": "weather", "arguments": {"city": "Oslo", "days": 2}}
    assert server.requests[-1]["tools"][0]["function"]["name"] == "weather"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("weather", "{not json"),
        ("weather", "[]"),
        ("weather", "{}"),
        ("weather", '{"city": 7}'),
        ("weather", '{"city": "Oslo", "drop_tables": true}'),
        ("weather", '{"city": "\\ud800"}'),
        ("delete_everything", "{}"),
    ],
)
def test_a_function_call_that_does_not_fit_is_the_models_fault(
    llm: TestClient, caller: Customer, server: ScriptedServer, name: str, arguments: str
) -> None:
    server.says(calls=((name, arguments),))
    refused = generate(llm, caller, functions=[WEATHER])
    assert (refused.status_code, refused.json()["code"]) == (502, "model_misbehaved")


def test_text_is_held_against_the_response_schema(llm: TestClient, caller: Customer, server: ScriptedServer) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    server.says('{"n": ', "7}")
    assert json.loads(generate(llm, caller, response_schema=schema).json()["text"]) == {"n": 7}
    server.says('{"n": "seven"}')
    assert generate(llm, caller, response_schema=schema, prompt="Again.").status_code == 502


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": ""},
        {"prompt": "a\0b"},
        {"prompt": " \n "},
        {"temprature": 1},
        {"temperature": "0.5"},
        {"functions": [WEATHER, WEATHER]},
        {"prompt": "x" * 60_001},
        {"max_tokens": 0},
        {"temperature": 3},
        {"stop": ["", "x"]},
        {"functions": [{"name": "no spaces", "parameters": {}}]},
        {"functions": [{"name": "f", "parameters": {"type": "nonsense"}}]},
        {"functions": [{"name": "f", "parameters": {"$ref": "https://example.org/schema"}}]},
        {"response_schema": {"patternProperties": {"(a+)+$": {}}}},
        {"model": "extractive", "functions": [WEATHER]},
    ],
)
def test_a_request_that_makes_no_sense_is_refused_before_any_model_is_asked(
    llm: TestClient, caller: Customer, server: ScriptedServer, changes: dict[str, Any]
) -> None:
    refused = generate(llm, caller, **changes)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert not server.requests


def test_a_model_that_the_tenant_may_not_use_is_403_whether_it_exists_or_not(
    llm: TestClient, make_caller: Callable[..., Customer], server: ScriptedServer
) -> None:
    caller = make_caller(high_accuracy_model=None, models=["scripted-small"])
    told = [generate(llm, caller, model=name) for name in ("scripted", "no-such-model")]
    assert [each.status_code for each in told] == [403, 403]
    assert {each.json()["code"] for each in told} == {"model_not_allowed"}
    assert not server.requests
    server.says("Fine.")
    assert generate(llm, caller, model="scripted-small").json()["model"] == "scripted-small"


def test_another_tenants_id_is_refused(
    llm: TestClient, caller: Customer, make_caller: Callable[..., Customer], server: ScriptedServer
) -> None:
    other = make_caller()
    response = llm.post("/llm/generate", json=body(other), headers=caller.headers)
    assert (response.status_code, response.json()["code"]) == (403, "tenant_mismatch")
    assert llm.post("/llm/generate", json=body(caller)).status_code == 401
    assert not server.requests


def test_a_model_that_is_down_costs_a_quote_and_with_functions_a_typed_problem(
    llm: TestClient, make_caller: Callable[..., Customer], server: ScriptedServer
) -> None:
    caller = make_caller(high_accuracy_model="scripted", models=[])
    server.says(status=429, retry_after="7")
    refused = generate(llm, caller, functions=[WEATHER])
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    told = generate(llm, caller, prompt="The shop opens at nine.\n\nWhen does the shop open?").json()
    assert (told["model"], told["reason"], told["cost"]) == ("extractive", "provider_down", "0")


def test_a_stream_is_text_events_and_one_done(llm: TestClient, caller: Customer, server: ScriptedServer) -> None:
    server.says("Grüße ", "an\nalle ", "👋")
    *pieces, (last, response) = events(llm, caller, model="scripted-small")
    assert {kind for kind, _ in pieces} == {"text"}
    assert "".join(text for _, text in pieces) == response["text"] == "Grüße an\nalle 👋"
    assert (last, response["model"], response["tokens"]["output"]) == ("done", "scripted-small", 10)


def test_a_stream_that_breaks_ends_in_an_error_event_with_the_problem(
    llm: TestClient, caller: Customer, server: ScriptedServer
) -> None:
    server.says("Half a ", cut=True)
    *_, (kind, problem) = events(llm, caller, model="scripted-small", prompt="Break.")
    assert kind == "error"
    assert (problem["code"], problem["status"], problem["instance"]) == ("model_misbehaved", 502, "/llm/generate")


def test_a_failure_before_the_first_piece_is_told_by_the_status(llm: TestClient, caller: Customer) -> None:
    headers = {**caller.headers, "Accept": "text/event-stream"}
    response = llm.post("/llm/generate", json=body(caller, model="unknown"), headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "model_not_allowed")


def test_models_are_shown_with_price_health_and_circuit(
    llm: TestClient, caller: Customer, make_caller: Callable[..., Customer]
) -> None:
    models = llm.get("/llm/models", headers=caller.headers).json()["models"]
    assert [each["name"] for each in models] == ["scripted", "scripted-small", "extractive"]
    assert models[0]["price"] == {"input": "2", "output": "4", "currency": "EUR"}
    assert (models[1]["healthy"], models[1]["local"], models[1]["circuit"]) == (True, True, "closed")
    assert "127.0.0.1" not in json.dumps(models)
    poor = make_caller(high_accuracy_model=None, models=[])
    assert [each["name"] for each in llm.get("/llm/models", headers=poor.headers).json()["models"]] == ["extractive"]


def test_the_budget_shows_what_this_tenant_spent_and_no_other(
    llm: TestClient, modelled: Workbench, make_caller: Callable[..., Customer], server: ScriptedServer
) -> None:
    budget = {"daily": {"money": 1}, "monthly": {"tokens": 1000}}
    spender, other = (make_caller(models=["scripted-small"], budget=budget) for _ in range(2))
    server.says("Hello.")
    assert generate(llm, spender).json()["model"] == "scripted-small"
    told = llm.get("/llm/budget", headers=spender.headers).json()
    assert (told["currency"], told["level"]) == ("EUR", "ok")
    assert (float(told["daily"]["spent"]["money"]), float(told["daily"]["limit"]["money"])) == (0.00024, 1)
    assert (told["monthly"]["spent"]["tokens"], told["monthly"]["limit"]["tokens"]) == (110, 1000)
    assert recorded_uses(modelled.database, spender.tenant.context, 1) == [ModelUse("program")]
    untouched = llm.get("/llm/budget", headers=other.headers).json()
    assert untouched["daily"]["spent"] == {"money": "0", "tokens": 0}


def test_calls_are_counted_with_tokens_and_cost(llm: TestClient, caller: Customer, server: ScriptedServer) -> None:
    server.says("Hello.")
    assert generate(llm, caller, model="scripted-small").status_code == 200
    tenant = f'tenant="{caller.tenant.tenant_id}"'
    lines = llm.get("/metrics").text.splitlines()
    assert any(line.startswith('helpdesk_model_calls_total{model="scripted-small",outcome="ok"}') for line in lines)
    spent = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if tenant in line}
    assert spent[f'helpdesk_model_tokens_total{{direction="output",model="scripted-small",{tenant}}}'] == 10
    assert spent[f'helpdesk_model_cost_total{{model="scripted-small",{tenant}}}'] == pytest.approx(0.00024)


@pytest.fixture
def address(modelled: Workbench) -> Iterator[str]:
    """A real server, whose sockets can be hung up."""
    served, started = ApiServer("127.0.0.1", 0), threading.Event()
    app = create_app(modelled, Limits(generations=2))
    thread = threading.Thread(target=served.run, args=(app,), kwargs={"on_started": lambda _: started.set()})
    thread.start()
    assert started.wait(PATIENCE)
    yield served.url
    served.stop()
    thread.join(PATIENCE)
    served.close()


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_a_caller_who_hangs_up_stops_the_model(
    address: str, caller: Customer, server: ScriptedServer, accept: str
) -> None:
    server.says(*["word "] * 400, pause=0.05)
    request = body(caller, model="scripted-small", prompt=f"Go on, {accept}.")

    async def ask_and_leave() -> None:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            asking = asyncio.create_task(
                client.post(f"{address}/llm/generate", json=request, headers={**caller.headers, "Accept": accept})
            )
            while not server.requests:
                await asyncio.sleep(0.01)
            asking.cancel()
            await asyncio.wait({asking})

    asyncio.run(ask_and_leave())
    assert server.left.wait(PATIENCE)


def test_past_the_bound_a_generation_is_refused_and_the_others_go_on(
    address: str, caller: Customer, server: ScriptedServer
) -> None:
    server.says(*["word "] * 10, pause=0.2)

    async def ask_at_once() -> list[httpx.Response]:
        async with httpx.AsyncClient(timeout=PATIENCE, headers=caller.headers) as client:
            bodies = [body(caller, model="scripted-small", prompt=f"Number {number}.") for number in range(5)]
            return await asyncio.gather(*(client.post(f"{address}/llm/generate", json=each) for each in bodies))

    responses = asyncio.run(ask_at_once())
    statuses = sorted(each.status_code for each in responses)
    assert statuses == [200, 200, 503, 503, 503]
    assert all(each.json()["text"] == "word " * 10 for each in responses if each.status_code == 200)


def test_a_folder_of_schemas_cannot_be_read_through_a_reference(
    llm: TestClient, caller: Customer, tmp_path: Path
) -> None:
    (tmp_path / "secret.json").write_text("{}")
    schema = {"$ref": f"file://{tmp_path}/secret.json"}
    assert generate(llm, caller, response_schema=schema).status_code == 422
