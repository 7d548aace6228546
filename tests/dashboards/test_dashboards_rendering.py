"""A page that fails says why in plain words, and keeps its secrets."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from components.core.errors import InvalidInput
from components.helpdesk.access.people import Person
from dashboards.pages import Page
from dashboards.rendering import build
from dashboards.viewer import Viewer
from tests.dashboards.dashboards_people import Staff

if TYPE_CHECKING:
    from dashboards.desk import Desk


@pytest.mark.parametrize(
    ("error", "told", "level"),
    [
        (InvalidInput("since=<b>: a day is allowed"), "since=&lt;b&gt;: a day is allowed", logging.WARNING),
        (RuntimeError("password=hunter2"), "This page has failed.", logging.ERROR),
    ],
)
def test_a_page_that_fails_says_so_in_its_place(
    desk: Desk,
    staff: Staff,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    told: str,
    level: int,
) -> None:
    def page(_desk: Desk, _viewer: Viewer) -> None:
        raise error

    monkeypatch.setattr("dashboards.low_code.page.page", page)
    viewer = Viewer(Person("Ann", "supervisor", (staff.ours,), None, ""), (staff.ours,))
    shown = build(desk, Page("/low-code", "Low code", "", "see_low_code", "dashboards.low_code.page"), viewer)
    assert told in shown.object
    assert 'role="alert"' in shown.object
    assert "hunter2" not in shown.object
    assert [record.levelno for record in caplog.records if record.name == "helpdesk.dashboards"] == [level]


def test_what_is_asked_of_the_api_is_asked_in_the_persons_own_name(desk: Desk, staff: Staff) -> None:
    ann = Person("Ann", "prompt_engineer", (staff.ours,), staff.ours.tenant_id, "anns-token")
    admin = Person("Admin", "admin", (staff.ours, staff.theirs), None, "admins-token")
    asked = []
    for viewer in (Viewer(ann, ann.tenants), Viewer(admin, (staff.theirs,)), Viewer(admin, admin.tenants)):
        with desk.api(viewer) as api:
            asked.append((api.headers["Authorization"], api.headers.get("X-Tenant"), api.timeout.read is not None))
    assert asked == [
        ("Bearer anns-token", None, True),
        ("Bearer admins-token", staff.theirs.domain, True),
        ("Bearer admins-token", None, True),
    ]
    assert "token" not in repr(ann)
