"""The one place where the API's parts meet: routes, middleware and the customer chat on one ASGI application."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from fastapi import FastAPI

from apps.api.actions_app import ActionBounds, add_actions
from apps.api.agent_access import AgentAccess
from apps.api.answers import answers_router
from apps.api.attachments import LARGER
from apps.api.authentication import Authentication
from apps.api.body_limit import BodyLimit, LargerBody
from apps.api.channels import PATH as CHANNELS_PATH
from apps.api.channels import add_channels
from apps.api.chat_app import ChatBounds, add_chat
from apps.api.dashboards import add_dashboards
from apps.api.docs import add_docs
from apps.api.evaluation_gauges import EvaluationGauges
from apps.api.exchange import Exchange
from apps.api.failures import handle_failures
from apps.api.feedback import feedback_router
from apps.api.handover.app import PATH as SOCKETS
from apps.api.handover.app import add_handover
from apps.api.handover.desk_app import DeskBounds, add_desk
from apps.api.handover.entrance import SocketBounds
from apps.api.health import health_router
from apps.api.llm import generate_router
from apps.api.llm_generation import Generations
from apps.api.llm_models import models_router
from apps.api.mcp import add_mcp
from apps.api.measurements import Measurements
from apps.api.metrics import metrics_router
from apps.api.openapi import HelpdeskApi
from apps.api.outcomes_app import TimerBounds, add_outcomes
from apps.api.playground_app import LARGER as PLAYGROUND
from apps.api.playground_app import PlaygroundBounds, add_playground
from apps.api.rag import rag_router
from apps.api.runs import RunBounds
from apps.api.runs_app import add_runs
from apps.api.staff_access import StaffAccess
from apps.api.tickets import tickets_router
from apps.api.workers import WorkerPool
from apps.api.workflows import LARGER as WORKFLOWS
from apps.api.workflows_app import add_workflows
from apps.chat.app import PATH as CHAT_PATH
from apps.chat.app import mount_chat
from apps.chat.rendering import render_message
from apps.console.app import PATH as CONSOLE_PATH
from apps.console.app import mount_console
from apps.pages.files import socket_client_route
from components.bootstrap import Workbench
from components.core.errors import Unavailable

_DESCRIPTION = "Questions answered from a tenant's own knowledge, with citations."
# Below a tenant's domain, which has a dot; the chat's API has none there. What providers call bounds its bodies itself.
_OWN_BOUNDS = re.compile(rf"({CHAT_PATH}|{CONSOLE_PATH})/[^/]*\.[^/]*/|{CHANNELS_PATH}")
_SOCKETS = re.compile(rf"{re.escape(SOCKETS)}/.*")
_READY_WITHIN = 3.0
_WARM_WITHIN = 10.0
_SCORES_WITHIN, _SCORES_FOR = 2.0, 15.0


@dataclass(frozen=True)
class Limits:
    """Bounds of one API process.

    answers: questions answered at once. waiting: calls that may wait for a thread before the next is
    refused with 503. short: other calls (keys, feedback) at once. generations: of POST /llm/generate at once.
    body_bytes: longest request body. body_pause: seconds that a caller may pause within one. chat, sockets, desk, runs,
    playground: their own. timers: those of timers and outcomes.
    """

    answers: int = 4
    waiting: int = 32
    short: int = 4
    generations: int = 200
    body_bytes: int = 64 * 1024
    body_pause: float = 10.0
    chat: ChatBounds = field(default_factory=ChatBounds)
    timers: TimerBounds = field(default_factory=TimerBounds)
    desk: DeskBounds = field(default_factory=DeskBounds)
    runs: RunBounds = field(default_factory=RunBounds)
    playground: PlaygroundBounds = field(default_factory=PlaygroundBounds)
    sockets: SocketBounds = field(default_factory=SocketBounds)
    actions: ActionBounds = field(default_factory=ActionBounds)


def create_app(workbench: Workbench, limits: Limits = Limits(), *, measurements: Measurements | None = None) -> FastAPI:
    """The API over `workbench`, which stays the caller's to close. measurements: those that the workbench's gateway
    counts with, so that GET /metrics shows its calls too; new ones by default."""
    answers = WorkerPool("answers", threads=limits.answers, waiting=limits.waiting)
    short = WorkerPool("short", threads=limits.short, waiting=limits.waiting)
    probes = WorkerPool("probes", threads=1, waiting=limits.waiting)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(asyncio.to_thread(loop.run, gateway.warm(), _WARM_WITHIN))
        yield
        with suppress(Unavailable):
            await warming
        for pool in (answers, short, probes):
            pool.close()

    app = HelpdeskApi(
        title="Helpdesk", version="0.1.0", description=_DESCRIPTION, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    deadline = workbench.settings.request_deadline
    measurements = measurements or Measurements()
    gateway, loop, policy_for = workbench.gateway, workbench.loop, workbench.policy_for
    generations = Generations(gateway, loop, policy_for, short, limit=limits.generations, deadline=deadline)
    authenticate = Authentication(workbench.api_keys, short, deadline=deadline)
    agent_access = AgentAccess(workbench.agent_tokens, workbench.agents, workbench.tenants, short, deadline=deadline)
    handle_failures(app)
    larger = (*LARGER, *WORKFLOWS, *PLAYGROUND, LargerBody(_SOCKETS, limits.sockets.packet_bytes))
    app.add_middleware(BodyLimit, limit=limits.body_bytes, seconds=limits.body_pause, exempt=_OWN_BOUNDS, larger=larger)
    app.add_middleware(Exchange, measurements=measurements)
    app.include_router(rag_router(workbench, authenticate, answers, measurements))
    app.include_router(answers_router(workbench.answers, authenticate, short, deadline=deadline))
    app.include_router(generate_router(generations, authenticate))
    app.include_router(models_router(gateway, loop, policy_for, authenticate, short, deadline=deadline))
    app.include_router(feedback_router(workbench.feedback, authenticate, short, deadline=deadline))
    staff = StaffAccess(authenticate, agent_access)
    app.include_router(tickets_router(workbench.tickets, staff, short, deadline=deadline))
    add_playground(app, workbench, authenticate, short, limits.playground)
    evaluations = EvaluationGauges(measurements, workbench.database, probes, deadline=_SCORES_WITHIN, every=_SCORES_FOR)
    app.include_router(health_router(workbench.database, probes, deadline=_READY_WITHIN))
    app.include_router(metrics_router(measurements, evaluations))
    add_docs(app)
    add_dashboards(app, workbench.settings)
    chat = add_chat(app, workbench, limits.chat, measurements, render_message)
    access = add_handover(app, workbench, chat, limits.sockets)
    add_desk(app, workbench, access, chat, limits.desk)
    add_outcomes(app, workbench, limits.timers)
    add_actions(app, workbench, staff, agent_access, limits.actions)
    add_workflows(app, workbench, add_runs(app, workbench, limits.runs))
    app.router.routes.append(socket_client_route())
    add_channels(app, workbench)
    add_mcp(app, workbench, authenticate)
    mount_chat(app, workbench.tenants)
    mount_console(app, workbench.tenants)
    return app
