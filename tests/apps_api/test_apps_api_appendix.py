"""The sequence of the design's appendix over HTTP, understood by the real Rasa."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from apps_api_chat import Chatter, begin
from apps_api_customers import SHOP, settle
from fastapi.testclient import TestClient

from components.core.tenant import Tenant
from tests.nlu.rasa_tiny import tiny_data

if TYPE_CHECKING:
    from components.bootstrap import Workbench
    from components.nlu.rasa_server import RasaServer

pytestmark = pytest.mark.timeout(600)

# Section 6.1 of the design, to the letter.
FLOW = """nodes:
  - id: greet
    type: message
    text: "Hi {{user.name}}, how can I help?"
    next: detect_intent

  - id: detect_intent
    type: nlu
    model: rasa_intent
    next:
      - intent: faq → handle_faq
      - intent: refund → start_refund_flow
      - default → handover
"""


@pytest.fixture(scope="module")
def tenant(
    workbench: Workbench, rasa_server: RasaServer, make_folder: Callable[[], Path], tmp_path_factory: Any
) -> Tenant:
    """A shop whose flow is the design's and whose customers Rasa understands."""
    from components.helpdesk.understanding.project_import import import_project
    from components.nlu.rasa_export import write_rasa_project

    domain = "appendix.example"
    shop = settle(workbench, domain, tmp_path_factory.mktemp("appendix") / "help", SHOP).tenant
    project = make_folder()
    write_rasa_project(tiny_data(), project)
    import_project(project, workbench.settings.data_dir, shop.context)
    workbench.nlu_models.train(shop, rasa=False)
    config = {"nlu": {"engine": "rasa", "rasa_url": rasa_server.url, "threshold": 0.5}}
    version = workbench.flows.save(shop.context, {"main.yaml": FLOW}, author="tests", note="the design's")
    workbench.flows.activate(shop.context, version, "tests")
    return workbench.tenants.update_config(shop.tenant_id, config)


def _lineage(workbench: Workbench, tenant: Tenant, chatter: Chatter, sequence: int) -> dict[str, Any]:
    message = workbench.conversations.messages(tenant.context, UUID(chatter.session), after=sequence - 1)[0]
    return dict(message.details.lineage)


def test_the_design_s_sequence(client: TestClient, workbench: Workbench, tenant: Tenant) -> None:
    customer = begin(client, tenant.domain, name="Ada")
    assert [each["text"] for each in customer.opening["messages"]] == ["Hi Ada, how can I help?"]

    greeted = customer.say("hello")
    assert [each["text"] for each in greeted["messages"]] == ["Hello!"]
    understanding = _lineage(workbench, tenant, customer, greeted["messages"][0]["sequence"])["understanding"]
    assert (understanding["intent"], understanding["engine"]) == ("greet", "rasa")

    events = customer.stream("How long does a refund take?")
    names = [name for name, _ in events]
    assert names[0] == "typing"
    assert names[-1] == "done"
    assert "delta" in names
    assert "citations" in names
    answer = events[-1][1]["messages"][0]
    assert "five working days" in answer["text"]
    assert answer["citations"][0]["number"] == 1

    assert "order number" in customer.say("I want refund")["messages"][0]["text"]
    assert "reason" in customer.say("it is NT-104432")["messages"][0]["text"]
    assert "NT-104432" in customer.say("The zip broke on the first day.")["messages"][0]["text"]
    done = customer.say("yes")
    assert "ticket #1" in done["messages"][0]["text"].lower()
    assert done["status"] == "bot"


def test_below_the_threshold_it_goes_to_a_person(client: TestClient, workbench: Workbench, tenant: Tenant) -> None:
    customer = begin(client, tenant.domain)
    assert [each["text"] for each in customer.opening["messages"]] == ["Hi, how can I help?"]
    done = customer.say("qwertz umbrella parliament")
    assert done["status"] == "waiting"
    conversation = workbench.conversations.list(tenant.context, status="waiting", limit=1)[0]
    assert str(conversation.conversation_id) == customer.session
    assert conversation.handover is not None
    assert conversation.handover["messages"][-1]["text"] == "qwertz umbrella parliament"


def test_without_rasa_the_sequence_goes_on_by_the_local_classifier(
    client: TestClient, workbench: Workbench, tenant: Tenant, rasa_server: RasaServer, rasa_model: Path
) -> None:
    customer = begin(client, tenant.domain)
    rasa_server.stop()
    try:
        asked = customer.say("I want refund")
        assert "order number" in asked["messages"][0]["text"]
        understanding = _lineage(workbench, tenant, customer, asked["messages"][0]["sequence"])["understanding"]
        assert understanding["engine"] == "local"
        assert "rasa" in understanding["fallback"]
    finally:
        rasa_server.start(rasa_model)
        rasa_server.await_ready()
