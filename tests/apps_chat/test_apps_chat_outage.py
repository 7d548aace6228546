"""What a customer is told while the helpdesk cannot take a message, or cannot be reached at all."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from apps.api.problems import PROBLEMS
from apps.chat.shell import personalised
from apps.chat.wording import DEFAULT_NOTICE, notices, page_words, refusals
from apps.pages.dispatcher import PageDispatcher
from components.core.tenant import Tenant
from components.database.session import Database
from components.helpdesk.tenant_config import TenantConfig
from components.helpdesk.tenants import TenantRegistry

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
CONTACT = "Call us on 0512 000."


@pytest.mark.parametrize("path", ["/chat/shop.example/", "/chat/shop.example/gradio_api/queue/data?session_hash=x"])
def test_without_a_database_the_chat_is_back_in_a_moment(tmp_path: Path, path: str) -> None:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    app = FastAPI()
    app.mount("/chat", PageDispatcher(TenantRegistry(Database(NOWHERE, NOWHERE), tmp_path), personalised))
    response = TestClient(app).get(path)
    assert response.status_code == 503
    assert "Please load this page again" in response.text
    assert "psycopg" not in response.text


def test_every_notice_is_for_a_problem_of_the_api_or_for_all_others() -> None:
    assert set(notices(TenantConfig())) - {DEFAULT_NOTICE} <= set(PROBLEMS)
    assert set(refusals()) - {DEFAULT_NOTICE} <= set(PROBLEMS)


def test_a_message_that_was_not_taken_is_said_to_be_kept_with_what_to_do() -> None:
    for notice in notices(TenantConfig(contact=CONTACT)).values():
        assert "still in the box" in notice
        assert "Please" in notice
    assert notices(TenantConfig(contact=CONTACT))[DEFAULT_NOTICE].endswith(CONTACT)


def test_who_speaks_is_named_for_each_author() -> None:
    words = page_words(Tenant(uuid4(), "Boots & Co", "boots.example"))
    assert (words["customer"], words["bot"]) == ("You", "Boots & Co assistant")
    assert {"customer", "bot", "system", "agent"} <= set(words)
