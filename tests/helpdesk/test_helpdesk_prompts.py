"""Prompts by version: saved whole, active one at a time, never another tenant's, and always a way back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text

from components.core.answers import Passage
from components.core.errors import Conflict, InvalidInput, InvalidPrompt, NotFound, TenantNotFound
from components.core.prompts import PromptTemplate
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.database.tables import AuditLogRow, PromptActivationRow, PromptRow
from components.helpdesk.prompt_files import LONGEST_FILE, read_prompt_file, write_prompt_file
from components.helpdesk.prompts import LONGEST_NOTE, Prompts
from components.retrieval.prompting import render, shipped_prompt

MakeTenant = Callable[..., Tenant]
USER = "{% for p in passages %}[{{ p.number }}] {{ p.text }}\n{% endfor %}{{ query }}"


@pytest.fixture(scope="module")
def prompts(database: Database) -> Prompts:
    return Prompts(database)


@pytest.fixture
def tenant(make_tenant: MakeTenant) -> TenantContext:
    return make_tenant().context


def save(prompts: Prompts, tenant: TenantContext, *systems: str) -> list[int]:
    return [prompts.save(tenant, "answer", system, USER, author="ann", note=system) for system in systems]


def test_without_a_prompt_of_ones_own_the_shipped_one_is_active(prompts: Prompts, tenant: TenantContext) -> None:
    assert prompts.active(tenant) == shipped_prompt() == prompts.get(tenant, "answer", 0)
    (only,) = prompts.versions(tenant)
    assert (only.version, only.active, only.created_at) == (0, True, None)


def test_a_saved_version_is_used_once_it_is_active(prompts: Prompts, tenant: TenantContext) -> None:
    assert save(prompts, tenant, "Be brief.", "Be kind.") == [1, 2]
    assert prompts.active(tenant) == shipped_prompt()
    prompts.activate(tenant, "answer", 1, "ann")
    assert prompts.active(tenant) == PromptTemplate("answer", 1, "Be brief.", USER) == prompts.get(tenant, "answer", 1)
    assert [(each.version, each.active, each.note) for each in prompts.versions(tenant)] == [
        (2, False, "Be kind."),
        (1, True, "Be brief."),
        (0, False, "shipped"),
    ]
    rendered = render(prompts.active(tenant), "How?", [Passage("c", "d", "T", "", "So.", 1.0)])
    assert [message.content for message in rendered.messages] == ["Be brief.", "[1] > So.\nHow?"]


def test_saving_what_the_newest_version_says_makes_no_other(prompts: Prompts, tenant: TenantContext) -> None:
    shipped = shipped_prompt()
    assert prompts.save(tenant, "answer", shipped.system, shipped.user, author="ann", note="as it is") == 0
    assert save(prompts, tenant, "a", "a", "b", "a") == [1, 1, 2, 3]
    assert prompts.save(tenant, "answer", "a", USER.replace("\n", "\r\n"), author="bob", note="on Windows") == 3


@pytest.mark.parametrize(
    ("system", "user", "what"),
    [
        ("s", "{{ query }} {{ oops }}", "user, line 1: 'oops'"),
        ("s", "{{ query }}", "does not show passage 1"),
        ("s\n\n{% if %}", USER, "system, line 3"),
        ("{{ query }}", USER, "system, line 1"),
        ("", USER, "system has 0 characters"),
        ("s", USER + "x" * 9000, "1 to 8000"),
    ],
)
def test_a_prompt_that_would_fail_is_not_saved(
    prompts: Prompts, tenant: TenantContext, system: str, user: str, what: str
) -> None:
    with pytest.raises(InvalidPrompt, match=what):
        prompts.save(tenant, "answer", system, user, author="ann", note="n")
    assert len(prompts.versions(tenant)) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"author": " "}, "author"),
        ({"note": ""}, "note"),
        ({"note": "x" * (LONGEST_NOTE + 1)}, "note"),
        ({"note": "a\0b"}, "note"),
        ({"system": "a\ud800"}, "system"),
        ({"prompt_id": "nope"}, "prompt_id"),
    ],
)
def test_a_bad_value_is_named(prompts: Prompts, tenant: TenantContext, change: dict[str, str], field: str) -> None:
    good = {"prompt_id": "answer", "system": "s", "user": USER, "author": "ann", "note": "n"}
    with pytest.raises(InvalidInput) as refused:
        prompts.save(tenant, **good | change)
    assert refused.value.field == field


def test_an_unknown_prompt_or_version_is_named_with_those_there_are(prompts: Prompts, tenant: TenantContext) -> None:
    save(prompts, tenant, "a")
    for version in (2, -1, 10**12):
        with pytest.raises(NotFound, match=f"no version {version}: there are 0 to 1"):
            prompts.get(tenant, "answer", version)
        with pytest.raises(NotFound):
            prompts.activate(tenant, "answer", version, "ann")
    for ask in (prompts.active, prompts.versions):
        with pytest.raises(InvalidPrompt, match="allowed is one of answer"):
            ask(tenant, "nope")


def test_rollback_walks_back_to_the_shipped_prompt(prompts: Prompts, tenant: TenantContext) -> None:
    save(prompts, tenant, "a", "b", "c")
    for version in (1, 3, 3, 2):
        prompts.activate(tenant, "answer", version, "ann")
    assert [prompts.rollback(tenant, "answer", "bob") for _ in range(3)] == [3, 1, 0]
    assert prompts.active(tenant) == shipped_prompt()
    with pytest.raises(Conflict, match="none was before it"):
        prompts.rollback(tenant, "answer", "bob")
    prompts.activate(tenant, "answer", 2, "ann")
    assert prompts.rollback(tenant, "answer", "bob") == 0


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.integers(0, 3), st.just("back")), max_size=8))
def test_rollback_undoes_like_a_stack(prompts: Prompts, make_tenant: MakeTenant, steps: list[int | str]) -> None:
    tenant = make_tenant().context
    save(prompts, tenant, "a", "b", "c")
    way = [0]
    for step in steps:
        if isinstance(step, int):
            prompts.activate(tenant, "answer", step, "ann")
            if way[-2:-1] == [step]:
                way.pop()
            elif way[-1] != step:
                way.append(step)
        elif len(way) == 1:
            with pytest.raises(Conflict):
                prompts.rollback(tenant, "answer", "ann")
        else:
            way.pop()
            assert prompts.rollback(tenant, "answer", "ann") == way[-1]
        assert prompts.active(tenant).version == way[-1]


def test_one_of_two_activations_at_once_is_a_conflict(
    prompts: Prompts, tenant: TenantContext, database: Database
) -> None:
    save(prompts, tenant, "a", "b")
    with ThreadPoolExecutor(1) as pool:
        with database.tenant(tenant) as session:
            session.add(
                PromptActivationRow(
                    tenant_id=tenant.tenant_id, prompt_id="answer", sequence=1, version=1, author="another process"
                )
            )
            session.flush()
            ours = pool.submit(prompts.activate, tenant, "answer", 2, "ann")
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
            while not session.execute(waiting).scalar_one():
                assert not ours.done()
        with pytest.raises(Conflict, match="at the same moment"):
            ours.result(30)
    assert prompts.active(tenant).version == 1
    prompts.activate(tenant, "answer", 2, "ann")


def test_many_saves_at_once_lose_nothing(prompts: Prompts, tenant: TenantContext) -> None:
    with ThreadPoolExecutor(6) as pool:
        different = list(pool.map(lambda n: save(prompts, tenant, f"s{n}")[0], range(12)))
        equal = list(pool.map(lambda _: save(prompts, tenant, "equal")[0], range(6)))
    assert sorted(different) == list(range(1, 13))
    assert equal == [13] * 6


def test_a_tenant_neither_reads_nor_activates_anothers_prompts(
    prompts: Prompts, tenant: TenantContext, make_tenant: MakeTenant
) -> None:
    other = make_tenant().context
    save(prompts, other, "secret of the other", "another secret")
    prompts.activate(other, "answer", 2, "bob")
    assert prompts.active(tenant) == shipped_prompt()
    assert [each.version for each in prompts.versions(tenant)] == [0]
    with pytest.raises(NotFound):
        prompts.get(tenant, "answer", 1)
    with pytest.raises(NotFound):
        prompts.activate(tenant, "answer", 1, "ann")
    with pytest.raises(NotFound):
        prompts.diff(tenant, "answer", 0, 1)
    assert save(prompts, tenant, "ours") == [1]
    prompts.activate(tenant, "answer", 1, "ann")
    assert prompts.active(tenant).system == "ours"
    assert prompts.active(other).system == "another secret"


def test_a_prompt_of_a_tenant_that_is_gone_is_refused(prompts: Prompts) -> None:
    nobody = TenantContext(uuid4())
    with pytest.raises(TenantNotFound):
        save(prompts, nobody, "a")


def test_saved_versions_and_activations_cannot_be_changed(
    prompts: Prompts, tenant: TenantContext, database: Database
) -> None:
    save(prompts, tenant, "a")
    for statement in ("UPDATE prompts SET system = 'x'", "DELETE FROM prompts", "DELETE FROM prompt_activations"):
        with pytest.raises(Exception, match="permission denied"), database.tenant(tenant) as session:
            session.execute(text(statement))


def test_who_did_what_is_in_the_audit_log(prompts: Prompts, tenant: TenantContext, database: Database) -> None:
    save(prompts, tenant, "a", "a")
    prompts.activate(tenant, "answer", 1, "bob")
    prompts.activate(tenant, "answer", 1, "bob")
    prompts.rollback(tenant, "answer", "cleo")
    with database.tenant(tenant) as session:
        rows = session.scalars(select(AuditLogRow).order_by(AuditLogRow.timestamp)).all()
    assert [(row.action, row.details) for row in rows] == [
        ("prompt.saved", {"prompt_id": "answer", "version": 1, "author": "ann", "note": "a"}),
        ("prompt.activated", {"prompt_id": "answer", "version": 1, "before": 0, "author": "bob"}),
        ("prompt.rolled_back", {"prompt_id": "answer", "version": 0, "before": 1, "author": "cleo"}),
    ]


def test_a_version_that_todays_checks_refuse_is_not_activated(
    prompts: Prompts, tenant: TenantContext, database: Database
) -> None:
    with database.tenant(tenant) as session:
        session.add(
            PromptRow(
                tenant_id=tenant.tenant_id,
                prompt_id="answer",
                version=1,
                system="s",
                user="{{ cycler }}",
                author="ann",
                note="n",
            )
        )
    with pytest.raises(InvalidPrompt, match="cycler"):
        prompts.activate(tenant, "answer", 1, "ann")
    assert prompts.active(tenant) == shipped_prompt()


def test_the_active_prompt_costs_one_query(prompts: Prompts, tenant: TenantContext, database: Database) -> None:
    save(prompts, tenant, *"abc")
    prompts.activate(tenant, "answer", 2, "ann")
    seen: list[str] = []
    with database.tenant(tenant) as session:
        engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *call: seen.append(call[2]))
    prompts.active(tenant)
    assert [statement for statement in seen if "set_config" not in statement] == [seen[-1]]


def test_a_diff_shows_the_lines_that_changed(prompts: Prompts, tenant: TenantContext) -> None:
    save(prompts, tenant, "One.\nTwo.\n", "One.\nThree.\n")
    assert prompts.diff(tenant, "answer", 1, 1) == ""
    lines = prompts.diff(tenant, "answer", 1, 2).splitlines()
    assert lines[:2] == ["--- answer version 1", "+++ answer version 2"]
    assert [line for line in lines[2:] if line[0] in "+-"] == ["-  Two.", "+  Three."]


@settings(max_examples=200, deadline=None)
@given(st.text(), st.text("ab \n\t:#|>-'\"{}%\\\u2028\u0085é☃", max_size=40))
def test_a_prompt_file_is_read_back_to_the_letter(system: str, user: str) -> None:
    for one, other in ((system, user), (user, system)):
        one, other = (each.encode(errors="ignore").decode().replace("\0", "") for each in (one, other))
        assert read_prompt_file(write_prompt_file(PromptTemplate("answer", 1, one, other))) == (one, other)


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("", "holds NoneType"),
        ("system: a", "holds 'system'"),
        ("system: a\nuser: b\nnote: c", "exactly the keys system and user"),
        ("system: a\nuser: 3", "user is int"),
        ("system: a\nuser: [", "line 2"),
        ("system: a\n user: b", "line 2"),
        ("!!python/object/apply:os.system ['true']", "line 1"),
        ("a: &a [x]\nb: *a", "exactly the keys"),
        ("[" * 1500, "needed"),
        ("x" * (LONGEST_FILE + 1), f"over {LONGEST_FILE}"),
    ],
)
def test_a_file_that_is_no_prompt_is_named_with_what_is_wrong(file: str, what: str) -> None:
    with pytest.raises(InvalidPrompt, match=what) as refused:
        read_prompt_file(file, "mine.yaml")
    assert refused.value.message.startswith("mine.yaml")
