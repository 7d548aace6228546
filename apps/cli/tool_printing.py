"""How tools, their calls and what waits for a person look in a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from apps.cli.console import out, plain_table

if TYPE_CHECKING:
    from components.tools.approvals import Approval
    from components.tools.invocation import Invocation
    from components.tools.registry import OfferedTool

_LONGEST = 100


def tool_table(offered: Iterable[OfferedTool]) -> Table:
    """One line a tool."""
    table = plain_table("tool", "does", "allowed", "approval", "a minute", "from", "description")
    for each in offered:
        spec, rules = each.tool.spec, each.rules
        allowed = "yes" if rules.allowed else "no"
        cells = (spec.name, spec.side_effect, allowed, _approval(each), str(rules.per_minute), spec.source)
        table.add_row(*cells, escape(spec.description))
    return table


def print_tool(offered: OfferedTool) -> None:
    """All that there is to know of it."""
    spec, rules = offered.tool.spec, offered.rules
    _line(f"{spec.name}: {spec.description}", style="bold")
    _facts(
        {
            "does": spec.side_effect + (", can be taken back" if spec.undoable else ""),
            "allowed": f"yes, to {', '.join(rules.callers) or 'nobody'}" if rules.allowed else "no",
            "approval": _approval(offered),
            "limits": f"{rules.per_minute} calls a minute, {rules.timeout:g} s each",
            "from": spec.source,
        }
    )
    required = spec.input_schema.get("required", ())
    table = plain_table("argument", "required", "type", "description")
    for name, schema in spec.input_schema.get("properties", {}).items():
        told = schema.get("description", "") if isinstance(schema, Mapping) else ""
        table.add_row(escape(name), "yes" if name in required else "", escape(_type(schema)), escape(told))
    out.print(table if table.row_count else "it takes no arguments")


def print_calls(calls: Sequence[Invocation]) -> None:
    """Two lines a call: what became of it, and what was asked for."""
    for call in calls:
        undone = ", taken back" if call.undone_by else ""
        _line(
            f"{call.started_at:%Y-%m-%d %H:%M:%S} {call.tool} {call.status}{undone}, by {call.caller.kind}"
            f"  {call.invocation_id}"
        )
        came = call.failure.message if call.failure else _json(call.result) if call.result else ""
        _line(f"    {_short(_json(call.arguments))}" + (f" → {_short(came)}" if came else ""), style="dim")
    if not calls:
        out.print("no such call")


def print_call(call: Invocation) -> None:
    """A call, whole."""
    made = "dry run, nothing was done" if call.dry else "made before, with the same key" if call.repeated else ""
    _line(f"{call.tool}: {call.status}" + (f" ({made})" if made else ""), style="bold")
    _facts(
        {
            "call": "" if call.dry else str(call.invocation_id),
            "by": " ".join(filter(None, (call.caller.kind, call.caller.id))),
            "at": f"{call.started_at:%Y-%m-%d %H:%M:%S} UTC" + (f", {call.seconds:.3f} s" if call.seconds else ""),
            "arguments": _json(call.arguments),
            "price": "" if call.price is None else f"{call.price:.2f}",
            "result": "" if call.result is None else _json(call.result),
            "failed": call.failure.message if call.failure else "",
            "approval": str(call.approval_id or ""),
            "for": str(call.conversation_id or ""),
            "run": str(call.run_id or ""),
            "undo": f"taken back by {call.undone_by}" if call.undone_by else "can be taken back" if call.undo else "",
        }
    )


def print_approvals(approvals: Sequence[Approval], domain: str) -> None:
    """What is asked, and how to answer."""
    for each in approvals:
        call = each.invocation
        _line(f"{call.tool}: {each.status}", style="bold")
        _facts(
            {
                "approval": str(each.approval_id),
                "why": each.reason,
                "arguments": _json(call.arguments),
                "price": "" if call.price is None else f"{call.price:.2f}",
                "by": call.caller.kind,
                "for": str(call.conversation_id or ""),
                "asked": f"{each.requested_at:%Y-%m-%d %H:%M} UTC" + _left(each),
                "said": each.comment,
                "call": f"{call.invocation_id}, {call.status}",
            }
        )
    if not approvals:
        out.print("no such approval")
    elif any(each.status == "pending" for each in approvals):
        _line(f"decide with: helpdesk tool approve {domain} APPROVAL, or refuse", style="dim")


def _left(approval: Approval) -> str:
    if approval.status != "pending" or approval.expires_at is None:
        return ""
    hours = (approval.expires_at - datetime.now(UTC)).total_seconds() / 3600
    return f", refused in {hours:.1f} h unless somebody decides"


def _approval(offered: OfferedTool) -> str:
    rules = offered.rules
    return f"above {rules.limit:.2f}" if rules.approval == "above" else rules.approval


def _type(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return ""
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    kind = schema.get("type", "")
    return kind if isinstance(kind, str) else ", ".join(map(str, kind))


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _facts(facts: Mapping[str, str]) -> None:
    for name, fact in facts.items():
        if fact:
            _line(f"{name:<11}{fact}")


def _line(text: str, style: str | None = None) -> None:
    out.print(text, markup=False, soft_wrap=True, style=style)
