"""The chat's Gradio page: one for all tenants, each event finding its tenant in the path it came by."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID, uuid4

from apps.chat.rendering import (
    Rating,
    render_answer,
    render_feedback,
    render_notice,
    render_pending,
    render_welcome,
)
from apps.chat.streaming import Emit, TextStreams
from apps.chat.tenancy import TITLE, tenant_of
from apps.chat.wording import NOT_RATED, RATING_GONE, apology, notice_for, refusal, too_long
from components.bootstrap import Workbench
from components.core.answers import Reason
from components.core.errors import HelpdeskError, IndexUnavailable, NotFound
from components.core.tenant import Tenant, TenantContext
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.answering import LONGEST_QUESTION
from components.helpdesk.tenant_config import TenantConfig, read_config

if TYPE_CHECKING:
    from gradio import Blocks

logger = logging.getLogger("helpdesk.chat")

ANSWERS_AT_ONCE = 2
OTHERS_AT_ONCE = 4
WAITING = 32
SESSIONS_HELD = 500
_LOG = '<div class="hd-log" role="log" aria-live="polite" aria-label="Conversation"></div>'
_CHANNEL = "chat"


class AnswerCounts(Protocol):
    """Who counts answers. Thread-safe."""

    def count_answer(self, tenant: TenantContext, channel: str, answered: AnsweredQuestion, seconds: float) -> None:
        """A question ended after `seconds` with this."""
        ...

    def count_unanswered(self, tenant: TenantContext, channel: str, reason: Reason) -> None:
        """A question had no answer at all."""
        ...


@dataclass(frozen=True)
class Chat:
    """What the page's events do. A piece of HTML each yields or returns takes the place of the one with its id."""

    workbench: Workbench
    streams: TextStreams
    counts: AnswerCounts | None = None

    def welcome(self, tenant: Tenant) -> str:
        """The greeting."""
        return render_welcome(tenant, read_config(tenant.config))

    def ask(self, tenant: Tenant, question: str) -> Iterator[tuple[str, bool]]:
        """The turn as it grows, each time with whether the question was taken; a blank one yields nothing."""
        question = _storable(question).strip()
        if not question:
            return
        turn, config = uuid4(), read_config(tenant.config)
        if len(question) > LONGEST_QUESTION:
            yield render_notice(turn, f"{question[:200]}…", too_long(question)), False
            return
        try:
            yield from ((piece, True) for piece in self._turn(turn, tenant, config, question))
        except HelpdeskError as error:
            logger.warning("no answer in the chat of %s: %s", tenant.domain, error)
            if self.counts and isinstance(error, IndexUnavailable):
                self.counts.count_unanswered(tenant.context, _CHANNEL, "not_indexed")
            yield render_notice(turn, question, notice_for(error, config)), True
        except Exception:
            # The edge: a customer is never shown a fault, and it is logged in full here.
            logger.exception("fault in the chat of %s", tenant.domain)
            yield render_notice(turn, question, apology(config)), True

    def rate(self, tenant: Tenant, answer_id: UUID, rating: Rating) -> str:
        """The answer's thumbs as they stand now."""
        try:
            self.workbench.feedback.rate(tenant.context, answer_id, rating)
        except NotFound:
            return render_feedback(answer_id, None, RATING_GONE)
        except HelpdeskError as error:
            logger.warning("no rating in the chat of %s: %s", tenant.domain, error)
            return render_feedback(answer_id, None, NOT_RATED)
        return render_feedback(answer_id, rating)

    def _turn(self, turn: UUID, tenant: Tenant, config: TenantConfig, question: str) -> Iterator[str]:
        deadline = self.workbench.settings.request_deadline

        def answer(emit: Emit) -> AnsweredQuestion:
            return self.workbench.answering.answer(
                tenant.context, question, channel=_CHANNEL, refusal=refusal(config), on_text=emit, deadline=deadline
            )

        text, started = "", perf_counter()
        yield render_pending(turn, question)
        for piece in self.streams.stream(answer, deadline=deadline):
            if isinstance(piece, AnsweredQuestion):
                if self.counts:
                    self.counts.count_answer(tenant.context, _CHANNEL, piece, perf_counter() - started)
                # The pieces were provisional: this takes their place, whatever they said.
                yield render_answer(turn, piece)
            else:
                text += piece
                yield render_pending(turn, question, text)


def build_page(chat: Chat) -> "Blocks":
    """The Blocks: one log that grows piece by piece, one box to write in."""
    # Gradio reads these events' annotations, which therefore stand unquoted and here.
    import gradio as gr

    def welcome(request: gr.Request) -> str:
        return chat.welcome(tenant_of(request.request))

    def ask(question: str, request: gr.Request) -> Iterator[tuple[str, Any]]:
        emptied = False
        for piece, taken in chat.ask(tenant_of(request.request), question):
            # Once only: the customer may be writing the next question already.
            yield piece, gr.skip() if emptied or not taken else ""
            emptied = taken

    def ask_example(request: gr.Request, event: gr.EventData) -> Iterator[str]:
        yield from (piece for piece, _ in chat.ask(tenant_of(request.request), _text(event, "question")))

    def rate(request: gr.Request, event: gr.EventData) -> str:
        tenant = tenant_of(request.request)
        answer_id, rating = _uuid(_text(event, "answer")), _text(event, "rating")
        if answer_id is None or rating not in ("1", "-1"):
            return ""
        return chat.rate(tenant, answer_id, 1 if rating == "1" else -1)

    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_height=True, fill_width=True) as blocks:
        log = gr.HTML(
            "", html_template=_LOG, js_on_load=_asset("chat.js"), apply_default_css=False, elem_id="hd-conversation"
        )
        box = gr.Textbox(
            label="Your question",
            show_label=False,
            container=False,
            placeholder="Write your question…",
            lines=1,
            max_lines=6,
            submit_btn=True,
            autofocus=True,
            elem_id="hd-box",
        )
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        answers: dict[str, Any] = {"concurrency_id": "answers", "concurrency_limit": ANSWERS_AT_ONCE, **private}
        others: dict[str, Any] = {"concurrency_id": "others", "concurrency_limit": OTHERS_AT_ONCE, **private}
        blocks.load(welcome, None, log, **others)
        box.submit(ask, box, [log, box], trigger_mode="once", **answers)
        log.example(ask_example, None, log, trigger_mode="once", **answers)
        log.rate(rate, None, log, trigger_mode="multiple", **others)
    page: Blocks = blocks
    page.queue(max_size=WAITING, api_open=False)
    page.state_session_capacity = SESSIONS_HELD
    return page


def _asset(name: str) -> str:
    return files("apps.chat").joinpath("assets", name).read_text(encoding="utf-8")


def _text(event: Any, key: str) -> str:
    """What the browser sent under `key`, where it is text: anybody may send anything."""
    data = event._data
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _storable(text: str) -> str:
    """Without what PostgreSQL and UTF-8 cannot hold."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
