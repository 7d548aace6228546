"""The Voila pages: for whoever has signed in at the dashboards, each with their own tenant only."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import make_url
from tornado.web import HTTPError

from apps.cli.workbench_servers import VOILA, VOILA_PATH, kernel_environment
from components.core.errors import AccessDenied
from components.database.addresses import DatabaseAddresses
from components.database.roles import RoleSecrets
from components.helpdesk.access.people import open_people
from components.helpdesk.access.roles import Role
from components.helpdesk.evaluation.runs import EvaluationRuns
from dashboards.kernel_page import admitted, token_in
from dashboards.viewer import COOKIE
from dashboards.voila_server import BoundedKernels
from tests.dashboards.dashboards_people import Staff
from tests.helpdesk.judged_runs import judged_run

if TYPE_CHECKING:
    from components.bootstrap import Registry

START_SECONDS, PAGE_SECONDS = 60.0, 120.0


@pytest.fixture(scope="module")
def voila(registry: Registry, postgres: DatabaseAddresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the pages are served, by a process of its own on the same data."""
    assert postgres.server is not None
    passwords = (make_url(url).password or "" for url in (postgres.app, postgres.operator, postgres.dagster))
    (registry.settings.data_dir / "database-secrets.json").write_text(json.dumps(asdict(RoleSecrets(*passwords))))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {**kernel_environment(registry.settings), "HELPDESK_VOILA_PORT": str(port)}
    given["HELPDESK_DATABASE_URL"] = postgres.server.url
    log = tmp_path_factory.mktemp("voila") / "voila.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(VOILA, stdout=stream, stderr=stream, env={**os.environ, **given})
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + START_SECONDS
        while not _listens(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


@pytest.fixture
def browse(registry: Registry, staff: Staff, voila: str) -> Callable[..., httpx.Response]:
    """Gets a page as somebody: `browse("analyst", "source_health.ipynb?tenant=…")`; no role: not signed in."""
    people = open_people(registry.settings, registry.tenants, registry.agents)

    def get(role: Role | None, page: str = "") -> httpx.Response:
        form = staff.form(role) if role else {}
        token = people.sign_in(form["tenant"], form["account"], form["password"])[0] if role else "forged"
        path = f"voila/render/{page}" if page else ""
        return httpx.get(f"{voila}{VOILA_PATH}{path}", cookies={COOKIE: token}, timeout=PAGE_SECONDS)

    return get


def test_the_last_index_shows_what_a_judge_thinks_of_its_answers(
    browse: Callable[..., httpx.Response], registry: Registry, staff: Staff
) -> None:
    runs = EvaluationRuns(registry.database)
    for shop, judge in ((staff.ours, "gpt"), (staff.theirs, "their-model")):
        runs.store(shop.context, judged_run(judge).stored("index", "measured"))
    said = browse("knowledge_manager", "index_evaluation.ipynb").text
    assert "gpt judged 1 of 2 answers; not judged: 1 where it was too slow" in said
    assert "0.030 EUR" in said
    assert r"It is \u0026lt;b\u0026gt;free" in said, "words of a model's are no HTML"
    assert "faithfulness 0.5 (" in said, "the chart in words"
    assert "their-model" not in said


@pytest.mark.parametrize("page", ["source_health.ipynb", "index_evaluation.ipynb"])
def test_a_knowledge_manager_sees_the_page_of_their_own_tenant_only(
    browse: Callable[..., httpx.Response], staff: Staff, page: str
) -> None:
    answer = browse("knowledge_manager", page)
    assert answer.status_code == 200
    said = re.sub(r"\s+", " ", answer.text)
    assert f"knowledge manager: {staff.ours.name.replace('&', '&amp;')}" in said
    assert "What to do next" in said
    assert "There was an error when executing cell" not in said
    assert staff.theirs.name not in said
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_nobody_sees_another_tenants_page(browse: Callable[..., httpx.Response], staff: Staff) -> None:
    refused = browse("knowledge_manager", f"source_health.ipynb?tenant={staff.theirs.domain}")
    assert (refused.status_code, staff.theirs.name in refused.text) == (403, False)
    assert f"you may see {staff.ours.domain}" in refused.text
    unknown = browse("analyst", "source_health.ipynb?tenant=nobody.example")
    assert (unknown.status_code, f"you may see {staff.ours.domain}" in unknown.text) == (403, True)


def test_a_role_that_may_not_see_knowledge_is_told_whom_to_ask(browse: Callable[..., httpx.Response]) -> None:
    refused = browse("agent")
    assert refused.status_code == 403
    assert "ask somebody who is" in refused.text


def test_whoever_has_not_signed_in_is_sent_to_the_dashboards(
    browse: Callable[..., httpx.Response], registry: Registry
) -> None:
    sent = browse(None, "source_health.ipynb")
    port = registry.settings.resolved_dashboards_port
    assert sent.status_code == 302
    assert sent.headers["Location"].startswith(f"http://127.0.0.1:{port}/dashboards/sign-in?next=")


def test_the_list_of_pages_holds_the_pages_and_nothing_else(browse: Callable[..., httpx.Response]) -> None:
    listed = set(re.findall(r'href="[^"]*/voila/(?:render|tree)/([^"?]+)', browse("admin").text))
    assert listed == {"source_health.ipynb", "index_evaluation.ipynb"}


def test_the_kernel_judges_by_the_cookie_whatever_the_address_says(registry: Registry, staff: Staff) -> None:
    people = open_people(registry.settings, registry.tenants, registry.agents)
    form = staff.form("analyst")
    token = people.sign_in(form["tenant"], form["account"], form["password"])[0]
    person = people.get(token_in(f"other=1; {COOKIE}={token}"))
    assert admitted(person, "").tenants == (staff.ours,)
    with pytest.raises(AccessDenied, match="you may see"):
        admitted(person, staff.theirs.domain)
    assert token_in("") == token_in("=;;") == ""


def test_no_page_is_opened_past_the_kernels_that_may_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboards.voila_server.MOST_KERNELS", 0)
    with pytest.raises(HTTPError, match="try again in some minutes") as refused:
        asyncio.run(BoundedKernels().start_kernel())
    assert refused.value.status_code == 503


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
