"""The chat's part of the application: its threads, its bounds, and the turns that an earlier process left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from apps.api.chat import ChatParts, chat_router
from apps.api.chat_limits import ChatLimits
from apps.api.chat_messages import messages_router
from apps.api.chat_turns import ChatTurns
from apps.api.chat_types import Render
from apps.api.measurements import Measurements
from apps.api.session_access import SessionAccess
from apps.api.workers import WorkerPool
from components.bootstrap import Workbench

_CLOSES_WITHIN = 5.0


@dataclass(frozen=True)
class ChatBounds:
    """Bounds of the chat in one API process.

    turns: taken at once; a turn that waits for a language model holds its thread. short: other calls at once.
    waiting: calls of each kind that may wait for a thread before the next is refused with 503. at_once: turns of one
    session, and readers of them. messages: a minute in one session. sessions: begun a minute from one address.
    heartbeat: seconds of silence on a stream after which a comment is sent.
    """

    turns: int = 16
    short: int = 4
    waiting: int = 256
    at_once: int = 3
    messages: int = 30
    sessions: int = 30
    heartbeat: float = 10.0


def add_chat(
    app: FastAPI, workbench: Workbench, bounds: ChatBounds, measurements: Measurements, render: Render
) -> ChatParts:
    """Adds the chat's routes to `app`, and what they need while its lifespan lasts. render: a message as safe HTML.
    What they share with the sockets beside them."""
    deadline = workbench.settings.request_deadline
    slow = WorkerPool("turns", threads=bounds.turns, waiting=bounds.waiting)
    short = WorkerPool("chat", threads=bounds.short, waiting=bounds.waiting)
    turns = ChatTurns(workbench.turns, slow, measurements, deadline=deadline, at_once=bounds.at_once)
    chat = ChatParts(
        turns=turns,
        tenants=workbench.tenants,
        conversations=workbench.conversations,
        feedback=workbench.feedback,
        tokens=workbench.session_tokens,
        links=workbench.attachment_links,
        access=SessionAccess(workbench.session_tokens, workbench.tenants, short, deadline=deadline),
        limits=ChatLimits(messages=bounds.messages, sessions=bounds.sessions),
        pool=short,
        render=render,
        deadline=deadline,
    )
    app.include_router(chat_router(chat))
    app.include_router(messages_router(chat, heartbeat=bounds.heartbeat))
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with outer(served) as state:
            turns.resume_all(workbench.tenants.list)
            yield state
            await turns.close(_CLOSES_WITHIN)
            slow.close()
            short.close()

    app.router.lifespan_context = lifespan
    return chat
