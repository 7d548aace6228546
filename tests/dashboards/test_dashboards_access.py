"""Who opens which page: decided by the account behind the cookie, for every page and every WebSocket anew."""

from __future__ import annotations

import asyncio
import re
import socket
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import aiohttp
import httpx
import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id
from hypothesis import example, given
from hypothesis import strategies as st

from components.core.settings import Settings
from components.helpdesk.access.admin import Admin, admin_password
from components.helpdesk.access.roles import STAFF_ROLES, Role, may
from components.helpdesk.handover.agent_tokens import AgentTokens
from components.helpdesk.session_tokens import SessionTokens, key_from
from components.helpdesk.signed_claims import SignedClaims
from dashboards.gate import COOKIE
from dashboards.pages import PAGES, ROOT
from dashboards.sign_in import local_address
from tests.dashboards.dashboards_people import PASSWORD, Staff, free_port, served, signed_in

if TYPE_CHECKING:
    from components.bootstrap import Registry
    from dashboards.desk import Desk

PAGE = f"{ROOT}/low-code"


def sign_in(url: str, form: dict[str, str]) -> httpx.Response:
    with httpx.Client(base_url=url, timeout=20.0) as client:
        client.get(f"{ROOT}/sign-in")
        return client.post(f"{ROOT}/sign-in", data={**form, "_xsrf": client.cookies["_xsrf"]})


def page_token(client: httpx.Client) -> str:
    """With which the script of the page opens its WebSocket."""
    (token,) = set(re.findall(r'"token":"([^"]+)"', client.get(PAGE).text))
    return token


def socket_status(url: str, token: str, cookie: str, origin: str | None = None) -> int:
    """101 where it opens."""

    async def connect() -> int:
        headers = {"Cookie": f"{COOKIE}={cookie}", "Origin": origin or url}
        async with aiohttp.ClientSession() as session:
            try:
                async with session.ws_connect(f"{url}{PAGE}/ws", protocols=("bokeh", token), headers=headers) as socket:
                    assert (await socket.receive()).type == aiohttp.WSMsgType.TEXT
                    return 101
            except aiohttp.WSServerHandshakeError as error:
                return error.status

    return asyncio.run(asyncio.wait_for(connect(), 20))


@pytest.mark.parametrize("role", [*STAFF_ROLES, "admin"])
def test_a_role_opens_its_pages_and_is_told_whom_to_ask_for_the_others(
    dashboards: str, staff: Staff, role: Role
) -> None:
    with signed_in(dashboards, staff.form(role)) as client:
        home = client.get(f"{ROOT}/").text
        for page in PAGES:
            answer = client.get(page.url)
            allowed = may(role, page.permission)
            assert answer.status_code == (200 if allowed else 403)
            assert (f'href="{page.url}' in home) == allowed
            assert allowed or f"Your role, {role.replace('_', ' ')}, does not open this page. Ask a" in answer.text
            assert "no-store" in answer.headers["Cache-Control"]
            assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]


def test_who_has_not_signed_in_is_led_to_the_form_and_back(dashboards: str, staff: Staff) -> None:
    with httpx.Client(base_url=dashboards, timeout=20.0) as client:
        away = client.get(f"{PAGE}?tenant=all")
        assert (away.status_code, away.headers["Location"]) == (
            302,
            f"{ROOT}/sign-in?next=%2Fdashboards%2Flow-code%3Ftenant%3Dall",
        )
        form = client.get(away.headers["Location"]).text
        assert f'value="{PAGE}?tenant=all"' in form
        sent = {**staff.form("supervisor"), "next": f"{PAGE}?tenant=all", "_xsrf": client.cookies["_xsrf"]}
        back = client.post(f"{ROOT}/sign-in", data=sent)
        assert (back.status_code, back.headers["Location"]) == (303, f"{PAGE}?tenant=all")
        cookie = next(each for each in back.headers.get_list("Set-Cookie") if each.startswith(COOKIE))
        assert {"HttpOnly", "Path=/dashboards", "SameSite=Lax"} <= set(cookie.split("; "))
        assert client.cookies[COOKIE] not in client.get(PAGE).text, "what shows who one is stays out of the page"
        client.post(f"{ROOT}/sign-out", data={"_xsrf": client.cookies["_xsrf"]})
        assert client.get(PAGE).status_code == 302


def test_nothing_tells_what_was_wrong_and_nobody_guesses_for_long(dashboards: str, staff: Staff) -> None:
    # Nobody else signs in as them here: for a minute nobody could.
    good = staff.form("knowledge_manager", staff.theirs)
    wrong = [
        {**good, "password": "x"},
        {**good, "account": "nobody@cloudlet.example"},
        {**good, "tenant": "no.example"},
    ]
    wrong += [{**good, "tenant": staff.ours.domain}, {**staff.form("admin"), "password": PASSWORD}]
    told = set()
    for form in wrong:
        answer = sign_in(dashboards, form)
        assert (answer.status_code, COOKIE in answer.cookies) == (401, False)
        told.add(re.findall(r'role="alert">([^<]*)<', answer.text)[0])
    assert len(told) == 1
    # On a slow machine some of the tries are allowed again meanwhile.
    assert any(sign_in(dashboards, {**good, "password": "x"}).status_code == 429 for _ in range(40))
    assert sign_in(dashboards, good).status_code == 429, "not even with the right one"


def test_a_form_from_elsewhere_signs_nobody_in_or_out(dashboards: str, staff: Staff) -> None:
    with signed_in(dashboards, staff.form("supervisor")) as client:
        for path in ("sign-in", "sign-out"):
            for stray in ({}, {"_xsrf": "2|0|0|0"}):
                assert client.post(f"{ROOT}/{path}", data={**staff.form("admin"), **stray}).status_code == 403
        assert client.get(f"{ROOT}/").status_code == 200


_PATHS = st.text() | st.text(alphabet="/\\dashbor.?:@%\t\n").map(lambda text: f"{ROOT}/{text}")


@given(_PATHS | _PATHS.map(lambda path: f"http://elsewhere.example{path}"))
@example(f"http://127.0.0.1:8084{ROOT}/voila/voila/render/source_health.ipynb?tenant=a.example")
def test_signing_in_leads_nowhere_but_to_our_own_pages(after: str) -> None:
    led = local_address(after)
    assert after.endswith(led)
    assert not led or (led.startswith(f"{ROOT}/") and httpx.URL("http://here/").join(led).host == "here")


def test_the_way_to_voila_is_for_those_who_have_signed_in_and_leads_to_its_port(
    dashboards: str, staff: Staff, desk: Desk
) -> None:
    path = f"{ROOT}/voila/voila/render/source_health.ipynb?tenant={staff.ours.domain}"
    stranger = httpx.get(f"{dashboards}{path}")
    assert stranger.status_code == 302
    assert stranger.headers["location"].startswith(f"{ROOT}/sign-in")
    port = desk.settings.resolved_voila_port
    with signed_in(dashboards, staff.form("analyst")) as client:
        absent = client.get(path)
        assert (absent.status_code, "up --workbench" in absent.text) == (503, True)
        with socket.create_server(("127.0.0.1", port)):
            led = client.get(path)
    assert led.headers["refresh"] == f"0; url=http://127.0.0.1:{port}{path}"


def test_somebody_of_one_tenant_never_sees_another_ones(dashboards: str, staff: Staff) -> None:
    with signed_in(dashboards, staff.form("supervisor")) as client:
        own = client.get(f"{PAGE}?tenant={staff.ours.domain}").text
        answers = [client.get(f"{PAGE}?tenant={other}") for other in (staff.theirs.domain, "nobody.example", "x' OR 1")]
        assert {each.status_code for each in answers} == {403}
        told = [each.text.partition("<main")[2] for each in answers]
        assert all(": you may see jackets.example</p>" in each for each in told), "whether it is there is not told"
        assert staff.theirs.name not in own + "".join(told)
    with signed_in(dashboards, staff.form("admin")) as client:
        for tenant, other in ((staff.ours, staff.theirs), (staff.theirs, staff.ours)):
            chosen = client.get(f"{PAGE}?tenant={tenant.domain}").text
            assert f'<option value="{tenant.domain}" selected>' in chosen
            assert f'<option value="{other.domain}">' in chosen


def test_no_forged_expired_or_other_token_is_a_cookie_of_ours(
    dashboards: str, staff: Staff, registry: Registry
) -> None:
    context, key = staff.ours.context, key_from(registry.settings)
    person = next(each for each in registry.agents.list(context) if each.role == "supervisor")
    said = {"tenant": str(context.tenant_id), "sub": str(person.agent_id)}
    expired = SignedClaims(key, ("tenant", "sub"), "agent").sign(timedelta(seconds=-1), **said)[0]
    admins = SignedClaims(key, ("sub",), "admin").sign(timedelta(hours=1), sub="admin")[0]
    earlier = Admin("an earlier password", key).sign_in("an earlier password")[0]
    customers = SessionTokens(key, 1).issue(context.tenant_id, person.agent_id)[0]
    good = AgentTokens(key).issue(context, person.agent_id)[0]
    others = AgentTokens(b"another key, also of 32 bytes ok").issue(context, person.agent_id)[0]
    elsewhere = AgentTokens(key).issue(staff.theirs.context, person.agent_id)[0]
    for token in ("", "x" * 9000, expired, admins, earlier, customers, others, elsewhere, good[:-3]):
        assert httpx.get(f"{dashboards}{PAGE}", cookies={COOKIE: token}, timeout=20).status_code == 302
    assert httpx.get(f"{dashboards}{PAGE}", cookies={COOKIE: good}, timeout=20).status_code == 200


def test_who_has_left_loses_access_at_the_next_page_and_the_next_socket(
    dashboards: str, staff: Staff, registry: Registry
) -> None:
    form = {"tenant": staff.ours.domain, "account": "leaves@jackets.example", "password": PASSWORD}
    leaver = registry.agents.create(
        staff.ours.context, email=form["account"], name="Lee", password=PASSWORD, role="prompt_engineer"
    )
    with signed_in(dashboards, form) as client:
        token = page_token(client)
        registry.agents.deactivate(staff.ours.context, leaver.agent_id)
        assert client.get(PAGE).status_code == 302
        assert socket_status(dashboards, token, client.cookies[COOKIE]) == 403
    assert sign_in(dashboards, form).status_code == 401


def test_a_socket_is_its_pages_own_persons_and_from_its_own_address(dashboards: str, staff: Staff) -> None:
    with (
        signed_in(dashboards, staff.form("supervisor")) as ours,
        signed_in(dashboards, staff.form("supervisor", staff.theirs)) as theirs,
        signed_in(dashboards, staff.form("analyst")) as analyst,
    ):
        token, cookie = page_token(ours), ours.cookies[COOKIE]
        forged = generate_jwt_token(
            generate_session_id(b"guess", True),
            secret_key=b"guess",
            signed=True,
            extra_payload={"viewer": {"account": "admin", "tenant": "all"}},
        )
        assert socket_status(dashboards, token, theirs.cookies[COOKIE]) == 403
        assert socket_status(dashboards, token, analyst.cookies[COOKIE]) == 403
        assert socket_status(dashboards, token, "") == 403
        assert socket_status(dashboards, forged, cookie) == 403
        assert socket_status(dashboards, token[:-2], cookie) == 403
        assert socket_status(dashboards, token, cookie, "http://evil.example") == 403
        assert socket_status(dashboards, token, cookie) == 101
        session = f"bokeh-token={token}"
        assert theirs.get(f"{PAGE}?{session}").status_code == 403, "nobody steps into another's page"
        assert theirs.get(PAGE, headers={"Bokeh-Session-Id": token}).status_code == 403


def test_behind_a_proxy_the_cookie_is_for_https_and_pages_of_its_address_connect(desk: Desk, staff: Staff) -> None:
    changed = {"dashboards_url": "https://work.example", "dashboards_port": free_port()}
    with served(replace(desk, settings=desk.settings.model_copy(update=changed))) as url:
        with httpx.Client(base_url=url, timeout=20.0) as client:
            client.get(f"{ROOT}/sign-in")
            xsrf = next(each.value for each in client.cookies.jar if each.name == "_xsrf")
            headers = {"Cookie": f"_xsrf={xsrf}"}
            answer = client.post(f"{ROOT}/sign-in", data={**staff.form("supervisor"), "_xsrf": xsrf}, headers=headers)
        assert answer.status_code == 303
        cookie = next(each for each in answer.headers.get_list("Set-Cookie") if each.startswith(COOKIE))
        assert "Secure" in cookie.split("; ")
        value = cookie.partition(";")[0].partition("=")[2]
        html = httpx.get(f"{url}{PAGE}", headers={"Cookie": f"{COOKIE}={value}"}, timeout=20).text
        (token,) = set(re.findall(r'"token":"([^"]+)"', html))
        assert socket_status(url, token, value, "https://work.example") == 101
        assert socket_status(url, token, value, "https://work.example.evil.example") == 403


def test_the_admins_password_is_kept_where_only_its_owner_reads(desk: Desk) -> None:
    made = admin_password(desk.settings)
    file = desk.settings.data_dir / "admin.password"
    assert (file.stat().st_mode & 0o077, made) == (0, admin_password(desk.settings))
    chosen = Settings(data_dir=desk.settings.data_dir, admin_password=f"file:{file}")  # type: ignore[call-arg]
    assert admin_password(chosen) == made


def test_the_process_says_that_it_is_well_to_anybody(dashboards: str) -> None:
    assert httpx.get(f"{dashboards}{ROOT}/health", timeout=20).json() == {"status": "ok"}
