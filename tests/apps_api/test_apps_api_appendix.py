"""The sequence of the design's appendix over HTTP, understood by the real Rasa: the refund is done by the orchestrator
and the registry's tools, and a real mail server receives what notify_user sends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from apps_api_chat import Chatter, begin
from apps_api_customers import SHOP, settle
from fastapi.testclient import TestClient

from components.core.tenant import Tenant
from components.helpdesk.shop import import_shop
from components.helpdesk.shop_file import read_shop
from tests.channels.mail_test_server import PASSWORD, USER, MailServer
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


# The shipped refund flow, in which this shop asks whose order it is.
SHIPPED = Path(__file__).parents[2] / "components" / "dialogue" / "flows" / "start_refund_flow.yaml"
ASK_EMAIL = """    next: ask_email

  - id: ask_email
    type: ask
    slot: email
    text: "Which e-mail address did you order with?"
    validate: {type: email}
    next: confirm
"""
ORDERS = Path(__file__).parents[2] / "deploy" / "demo" / "northtrail" / "shop.yaml"
# Both delivered: 64.70 of Ada's, and 219.00 of Mia's.
ADA, MIA = "ada.brunner@mail.example", "mia.berg@mail.example"
ADAS_ORDER, MIAS_ORDER = "NT-20418873", "NT-20417755"
LIMIT = 100
REFUNDED = "Your refund is processed. Ticket #1."
PATIENCE = 30.0


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def tenant(
    workbench: Workbench,
    rasa_server: RasaServer,
    mail: MailServer,
    make_folder: Callable[[], Path],
    tmp_path_factory: Any,
) -> Tenant:
    """A shop whose flow is the design's, whose customers Rasa understands, and whose refunds are paid."""
    from components.helpdesk.understanding.project_import import import_project
    from components.nlu.rasa_export import write_rasa_project

    domain = "appendix.example"
    shop = settle(workbench, domain, tmp_path_factory.mktemp("appendix") / "help", SHOP).tenant
    project = make_folder()
    write_rasa_project(tiny_data(), project)
    import_project(project, workbench.settings.data_dir, shop.context)
    workbench.nlu_models.train(shop, rasa=False)
    import_shop(workbench.database, shop.context, read_shop(ORDERS))
    config = {
        "nlu": {"engine": "rasa", "rasa_url": rasa_server.url, "threshold": 0.5},
        "actions": {"limit": LIMIT},
        "tools": {"lookup_order": {}, "refund_order": {}},
        "channels": {"email": _mailbox(mail, tmp_path_factory.mktemp("mailbox"))},
    }
    version = workbench.flows.save(shop.context, _flows(), author="tests", note="the design's")
    workbench.flows.activate(shop.context, version, "tests")
    return workbench.tenants.update_config(shop.tenant_id, config)


def _flows() -> dict[str, str]:
    refund = SHIPPED.read_text("utf-8").replace("    next: confirm\n", ASK_EMAIL)
    given = '      reason: "{{ refund_reason }}"\n'
    return {"main.yaml": FLOW, "start_refund_flow.yaml": refund.replace(given, given + '      email: "{{ email }}"\n')}


def _mailbox(mail: MailServer, folder: Path) -> dict[str, Any]:
    password = folder / "password"
    password.write_text(PASSWORD)
    return {
        "address": USER,
        "imap": {
            "host": "127.0.0.1",
            "port": mail.imap_port,
            "user": USER,
            "password": f"file:{password}",
            "security": "none",
        },
        "smtp": {"host": "127.0.0.1", "port": mail.smtp_port, "security": "none"},
    }


def _eventually(look: Callable[[], Any]) -> Any:
    """What it gives, once it gives something."""
    until = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < until, "nothing came in time"
        time.sleep(0.05)
    return found


def _mails(mail: MailServer, address: str) -> list[str]:
    return [each.text for each in mail.delivered if each.to == address]


def _calls(workbench: Workbench, tenant: Tenant, chatter: Chatter) -> list[tuple[str, str]]:
    """The tools that were called for a conversation, in order."""
    made = workbench.actions.tools.invocations(tenant, conversation_id=UUID(chatter.session))
    return [(each.tool, each.status) for each in reversed(made)]


def _lineage(workbench: Workbench, tenant: Tenant, chatter: Chatter, sequence: int) -> dict[str, Any]:
    message = workbench.conversations.messages(tenant.context, UUID(chatter.session), after=sequence - 1)[0]
    return dict(message.details.lineage)


def _asks(customer: Chatter, order: str, email: str) -> dict[str, Any]:
    """From "I want refund" to the end of the form."""
    assert "order number" in customer.say("I want refund")["messages"][0]["text"]
    assert "reason" in customer.say(f"it is {order}")["messages"][0]["text"]
    assert "e-mail" in customer.say("The zip broke on the first day.")["messages"][0]["text"]
    assert order in customer.say(email)["messages"][0]["text"]
    return customer.say("yes")


def test_the_design_s_sequence(client: TestClient, workbench: Workbench, tenant: Tenant, mail: MailServer) -> None:
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

    done = _asks(customer, ADAS_ORDER, ADA)
    assert [each["text"] for each in done["messages"]] == [REFUNDED]
    assert done["status"] == "bot"
    assert _calls(workbench, tenant, customer) == [
        ("lookup_order", "done"),
        ("refund_order", "done"),
        ("create_ticket", "done"),
        ("notify_user", "done"),
    ]
    (run,) = workbench.actions.workshop.runs.search(tenant.context, conversation_id=UUID(customer.session))
    assert (run.kind, run.name, run.goal, run.status) == ("workflow", "refund", "Process refund", "done")
    assert _eventually(lambda: _mails(mail, ADA)) == ["Your request is kept as ticket #1."]


def test_above_the_limit_a_person_approves_it_first(
    client: TestClient, workbench: Workbench, tenant: Tenant, mail: MailServer
) -> None:
    customer = begin(client, tenant.domain, name="Mia")
    known = _asks(customer, MIAS_ORDER, MIA)
    assert "A colleague has to approve this first." in known["messages"][0]["text"]
    assert _calls(workbench, tenant, customer) == [("lookup_order", "done"), ("refund_order", "waiting")]

    agent = workbench.agents.create(
        tenant.context, email="anna@example.com", name="Anna", password="correct horse battery"
    )
    token, _ = workbench.agent_tokens.issue(tenant.context, agent.agent_id)
    headers = {"Authorization": f"Bearer {token}"}
    (asked,) = client.get("/approvals", params={"status": "pending"}, headers=headers).json()["approvals"]
    assert f"219.00 is more than the {LIMIT}.00" in asked["reason"]
    decided = client.post(f"/approvals/{asked['approval_id']}", json={"decision": "approve"}, headers=headers)
    assert decided.status_code == 200, decided.text

    last = known["messages"][-1]["sequence"]

    def told() -> list[str]:
        return [each["text"] for each in customer.read(last)["messages"] if each["author"] == "bot"]

    (text,) = _eventually(told)
    assert text == f"Your refund for order {MIAS_ORDER} is processed. Ticket #2."
    assert _calls(workbench, tenant, customer)[-3:] == [
        ("refund_order", "done"),
        ("create_ticket", "done"),
        ("notify_user", "done"),
    ]
    assert _eventually(lambda: _mails(mail, MIA)) == ["Your request is kept as ticket #2."]


def test_who_does_not_know_whose_order_it_is_gets_no_money(
    client: TestClient, workbench: Workbench, tenant: Tenant
) -> None:
    customer = begin(client, tenant.domain)
    done = _asks(customer, ADAS_ORDER, MIA)
    assert "nothing has been paid out yet" in done["messages"][0]["text"]
    assert ("refund_order", "done") not in _calls(workbench, tenant, customer)


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
