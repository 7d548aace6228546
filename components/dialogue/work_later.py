"""Work that goes on without its conversation: what the flow leaves behind, and what is said of it in the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.core.errors import InvalidFlow
from components.dialogue.engine_run import TurnRun
from components.dialogue.flow import WorkNode
from components.dialogue.templates import render_text
from components.helpdesk.wording import say


def later_of(run: TurnRun, node: WorkNode) -> dict[str, Any]:
    """All that `said_later` needs, as JSON values."""
    return {
        "place": run.place,
        "save_as": node.save_as,
        "later": node.later,
        "language": run.language,
        "context": dict(run.context()) if node.later else {},
    }


def said_later(about: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """What the customer is told of work that is done. values: what came of it."""
    if about.get("later"):
        save_as = about.get("save_as")
        context = {**about.get("context", {}), **({save_as: dict(values)} if save_as else {})}
        try:
            text = render_text(about["later"], context).strip()
        except InvalidFlow:
            text = ""
        if text:
            return text
    return say("work_done", about.get("language"))
