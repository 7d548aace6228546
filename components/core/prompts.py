"""A prompt as an artefact: its source by id and version, and what it became for one question."""

from __future__ import annotations

from dataclasses import dataclass

from components.core.chat_model import ChatMessage

SHIPPED_VERSION = 0
UNSAVED_VERSION = -1


@dataclass(frozen=True)
class PromptTemplate:
    """Jinja sources of a system and a user message over `query` and `passages`. version: counts up from 1 within a
    tenant and prompt; SHIPPED_VERSION comes with the project, UNSAVED_VERSION is one that is only tried."""

    prompt_id: str
    version: int
    system: str
    user: str


@dataclass(frozen=True)
class RenderedPrompt:
    """The messages of one question."""

    prompt_id: str
    version: int
    messages: tuple[ChatMessage, ...]
