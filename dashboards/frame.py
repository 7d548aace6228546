"""What stands round every page: navigation, whose figures are shown, who one is, and how to leave; and plain pages."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from components.helpdesk.access.roles import in_words, roles_with
from dashboards.pages import PAGES, ROOT, Page
from dashboards.theme import root_css
from dashboards.viewer import ALL, Viewer

SIGN_IN, SIGN_OUT = f"{ROOT}/sign-in", f"{ROOT}/sign-out"
# Where Voila serves its notebooks, below the path of the cookie.
VOILA = f"{ROOT}/voila/"

_ENVIRONMENT = Environment(loader=PackageLoader("dashboards", "assets"), autoescape=True, undefined=StrictUndefined)


@cache
def styles() -> str:
    """The style sheet of all pages."""
    return root_css() + files("dashboards").joinpath("assets", "frame.css").read_text(encoding="utf-8")


def header(viewer: Viewer, xsrf: str, page: Page | None = None) -> str:
    """The bar on top. xsrf: the token of the form to sign out. page: the one that it stands on."""
    return _ENVIRONMENT.get_template("header.html").render(
        viewer=viewer,
        role=in_words(viewer.role),
        pages=[each for each in PAGES if viewer.may(each.permission)],
        page=page,
        here=page.url if page else f"{ROOT}/",
        home=f"{ROOT}/",
        query=f"?tenant={viewer.choice}" if len(viewer.person.tenants) > 1 else "",
        all_tenants=ALL,
        sign_out=SIGN_OUT,
        xsrf=xsrf,
    )


def home(viewer: Viewer, xsrf: str) -> str:
    """Where one arrives: what each page is for."""
    return _plain("home.html", "Workbench", header(viewer, xsrf), viewer=viewer, pages=_opened_by(viewer), voila=VOILA)


def refused(viewer: Viewer, page: Page, xsrf: str) -> str:
    """For who may not open the page: says whom to ask."""
    others = " or ".join(f"a {in_words(role)}" for role in roles_with(page.permission) if role != "admin")
    return _plain(
        "refused.html", page.title, header(viewer, xsrf), page=page, role=in_words(viewer.role), others=others
    )


def sign_in_form(xsrf: str, *, said: str = "", tenant: str = "", account: str = "", after: str = "") -> str:
    """The form. said: what went wrong. after: where to go then, from the root of the server."""
    return _plain(
        "sign_in.html", "Sign in", "", xsrf=xsrf, said=said, tenant=tenant, account=account, after=after, url=SIGN_IN
    )


def notice(title: str, text: str, top: str = "") -> str:
    """One message alone, with a way back. top: the header, for whoever has signed in."""
    return _plain("notice.html", title, top, text=text, home=f"{ROOT}/")


def _opened_by(viewer: Viewer) -> list[Page]:
    return [page for page in PAGES if viewer.may(page.permission)]


def _plain(template: str, title: str, top: str, **values: Any) -> str:
    return _ENVIRONMENT.get_template(template).render(title=title, top=top, styles=styles(), **values)
