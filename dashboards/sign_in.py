"""Signing in and out: a form without a script, a cookie that scripts cannot read, and nobody who tries too often."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from tornado.web import RequestHandler

from components.core.errors import HelpdeskError, InvalidCredentials, RateLimited
from components.core.settings import Settings
from components.helpdesk.access.people import People
from components.helpdesk.access.sliding_limits import SlidingLimit, network_of
from components.helpdesk.handover.agents import LONGEST_PASSWORD
from dashboards.frame import SIGN_IN, home, notice, sign_in_form
from dashboards.gate import Gate
from dashboards.lookups import Lookups
from dashboards.pages import ROOT
from dashboards.viewer import COOKIE

LONGEST_FIELD = 254


@dataclass(frozen=True)
class SignInBounds:
    """Attempts a minute, right or wrong, of one address and to one account."""

    of_address: int = 20
    of_account: int = 10


@dataclass(frozen=True)
class Porter:
    """What the handlers share. secure: whether people come by https."""

    settings: Settings
    people: People
    gate: Gate
    lookups: Lookups
    secure: bool
    of_address: SlidingLimit
    of_account: SlidingLimit


def make_porter(
    settings: Settings, people: People, gate: Gate, lookups: Lookups, bounds: SignInBounds, *, secure: bool
) -> Porter:
    """With limits of its own."""
    told = "attempts to sign in a minute are allowed"
    return Porter(
        settings,
        people,
        gate,
        lookups,
        secure,
        SlidingLimit(bounds.of_address, f"{told} from one address"),
        SlidingLimit(bounds.of_account, f"{told} to one person"),
    )


class DashboardHandler(RequestHandler):
    """What is not a page of Panel's."""

    def initialize(self, porter: Porter) -> None:
        self.porter = porter

    def prepare(self) -> None:
        self.porter.gate.protect(self)

    def write_error(self, status_code: int, **_: object) -> None:
        """A form that was open for too long, or came from elsewhere: Tornado refuses it."""
        phrase = HTTPStatus(status_code).phrase
        self.finish(notice(phrase, "Please go back, load the page again and try once more."))


class SignInHandler(DashboardHandler):
    """GET shows the form, POST takes it."""

    def get(self) -> None:
        self.finish(
            sign_in_form(
                self.xsrf_token.decode(),
                tenant=self.get_query_argument("tenant", "")[:LONGEST_FIELD],
                after=local_address(self.get_query_argument("next", "")),
            )
        )

    async def post(self) -> None:
        tenant, account, after = (self.get_body_argument(name, "") for name in ("tenant", "account", "next"))
        password = self.get_body_argument("password", "", strip=False)
        if max(len(tenant), len(account)) > LONGEST_FIELD or len(password) > LONGEST_PASSWORD:
            return self._again(400, "That is longer than any account or password.", "", "", after)
        porter = self.porter
        try:
            porter.of_address.count(network_of(self.request.remote_ip or ""))
            porter.of_account.count(f"{tenant.lower()}/{account.strip().lower()}")
            token, expires_at = await porter.lookups.run(lambda: porter.people.sign_in(tenant, account, password))
        except InvalidCredentials:
            said = "Helpdesk, e-mail address or password is wrong."
            return self._again(401, said, tenant, account, after)
        except RateLimited as error:
            self.set_header("Retry-After", str(int(error.retry_after or 60)))
            return self._again(429, f"{error.message[0].upper()}{error.message[1:]}.", tenant, account, after)
        except HelpdeskError:
            said = "The helpdesk's database cannot be reached right now. Please try again in a moment."
            return self._again(503, said, tenant, account, after)
        self.set_cookie(
            COOKIE, token, expires=expires_at, path=ROOT, httponly=True, samesite="Lax", secure=porter.secure
        )
        return self.redirect(local_address(after) or f"{ROOT}/", status=303)

    def _again(self, status: int, said: str, tenant: str, account: str, after: str) -> None:
        self.set_status(status)
        self.finish(
            sign_in_form(
                self.xsrf_token.decode(), said=said, tenant=tenant, account=account, after=local_address(after)
            )
        )


class SignOutHandler(DashboardHandler):
    """POST only, so that no picture on another page signs anybody out."""

    def post(self) -> None:
        self.clear_cookie(COOKIE, path=ROOT)
        self.redirect(SIGN_IN, status=303)


class HomeHandler(DashboardHandler):
    """What there is to open."""

    async def get(self) -> None:
        viewer = await self.porter.gate.viewer(self)
        if viewer is not None:
            self.finish(home(viewer, self.xsrf_token.decode()))


class HealthHandler(RequestHandler):
    """That the process answers."""

    def get(self) -> None:
        self.finish({"status": "ok"})


def local_address(after: str) -> str:
    """Where to go after signing in: one of our own pages, or nowhere. Of an address elsewhere, as Voila gives its own,
    only the path counts."""
    if after.startswith(("http://", "https://")):
        after = "/" + after.partition("://")[2].partition("/")[2]
    good = after.startswith(f"{ROOT}/") and "\\" not in after and "//" not in after.partition("?")[0]
    return after if good and after.isprintable() else ""
