"""`helpdesk flow simulate`: talks in the terminal, with every step that the engine takes, and nothing carried out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from apps.cli.console import err, out
from apps.cli.context import open_workbench
from components.core.errors import InvalidInput

if TYPE_CHECKING:
    from components.bootstrap import Workbench
    from components.core.tenant import Tenant
    from components.dialogue.conversation_ports import TurnServices
    from components.dialogue.engine_simulation import SimulatedTurn, Simulation
    from components.dialogue.flow import FlowSet
    from components.dialogue.turn_types import Step

LONGEST_SCRIPT = 1_000_000
LONGEST_MESSAGE = 4000
GOODBYES = frozenset({"/quit", "/exit"})


def simulate(
    path: Annotated[
        Path | None,
        typer.Argument(help="A flow file, or a folder of them.", show_default="the tenant's active flows"),
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(help="Whose knowledge and understanding.", show_default="the only one")
    ] = None,
    script: Annotated[
        Path | None, typer.Option(help="File with one customer message a line; # begins a comment.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a turn, each on its own line.")
    ] = False,
) -> None:
    """Talk with flows in the terminal and see each step. Workflows and tools are said, never carried out.

    Example: helpdesk flow simulate deploy/demo/northtrail/flows --tenant northtrail.example --script talk.txt
    """
    from components.dialogue.engine_simulation import Simulation

    messages = _scripted(script) if script else _typed()
    files = _files(path) if path else None
    with open_workbench() as workbench:
        whose = _tenant(workbench, tenant)
        services = workbench.turn_services
        simulation = Simulation(
            _flows(files, whose, services),
            whose,
            services,
            today=_today,
            deadline=workbench.settings.request_deadline,
            on_step=_ignore if as_json else _print_step,
        )
        _talk(simulation, messages, as_json=as_json, scripted=script is not None)


def _talk(simulation: Simulation, messages: Iterator[str], *, as_json: bool, scripted: bool) -> None:
    show = _print_json_line if as_json else _print_turn
    show(simulation.open())
    for message in messages:
        if scripted and not as_json:
            out.print(f"\n> {message}", style="bold", markup=False)
        show(simulation.say(message))


def _files(path: Path) -> dict[str, str]:
    """Those of the path, and the shipped ones that it calls. Read first: a model takes seconds to load."""
    from components.dialogue.flow_library import read_flow_file, read_flow_folder, with_shipped
    from components.dialogue.flow_reading import load_flows

    files = with_shipped(read_flow_folder(path) if path.is_dir() else {path.name: read_flow_file(path)})
    load_flows(files)
    return files


def _flows(files: dict[str, str] | None, tenant: Tenant, services: TurnServices) -> FlowSet:
    from components.dialogue.flow_reading import load_flows

    if files is None:
        return services.flows.active(tenant.context)
    return load_flows(files, work=services.workforce.names(tenant.context))


def _tenant(workbench: Workbench, domain: str | None) -> Tenant:
    if domain is not None:
        return workbench.tenants.get_by_domain(domain)
    tenants = workbench.tenants.list()
    if len(tenants) == 1:
        return tenants[0]
    domains = ", ".join(sorted(each.domain for each in tenants))
    raise InvalidInput(f"--tenant is needed: one of {domains or 'none; make one with helpdesk tenant create'}")


def _scripted(script: Path) -> Iterator[str]:
    try:
        with script.open(encoding="utf-8-sig") as opened:
            text = opened.read(LONGEST_SCRIPT + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{script}: {error}", field="script") from error
    if len(text) > LONGEST_SCRIPT:
        raise InvalidInput(f"{script}: at most {LONGEST_SCRIPT} characters are allowed", field="script")
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_MESSAGE:
            raise InvalidInput(f"{script}, line {number}: at most {LONGEST_MESSAGE} characters are allowed")
    return iter([line for line in lines if line and not line.startswith("#")])


def _typed() -> Iterator[str]:
    """What is typed, up to the end of the input."""
    if sys.stdin.isatty():
        err.print("Ctrl-D or /quit ends it; nothing is stored or carried out.", style="dim")
    while True:
        if sys.stdin.isatty():
            err.print("\n> ", style="bold", end="")
        line = sys.stdin.readline(LONGEST_MESSAGE + 1)
        if not line or line.strip() in GOODBYES:
            return
        yield line.strip()


def _print_step(step: Step) -> None:
    out.print(f"  {step.node}  {step.type}: {step.what}", style="dim", markup=False, soft_wrap=True)


def _print_turn(turn: SimulatedTurn) -> None:
    for order in turn.orders:
        arguments = json.dumps(dict(order.arguments), ensure_ascii=False)
        out.print(f"  {order.kind} {order.name} would run: {arguments}", style="yellow", markup=False, soft_wrap=True)
    for reply in turn.outcome.replies:
        out.print(reply.text, markup=False, soft_wrap=True)
        if reply.buttons:
            out.print("  " + " ".join(f"[{button}]" for button in reply.buttons), style="cyan", markup=False)
    if turn.outcome.handover is not None:
        handover = turn.outcome.handover
        text = f"  handed over: {handover.reason} at {handover.node}; the bot listens on here"
        out.print(text, style="yellow", markup=False, soft_wrap=True)


def _print_json_line(turn: SimulatedTurn) -> None:
    sys.stdout.write(json.dumps(_as_json(turn), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _as_json(turn: SimulatedTurn) -> dict[str, Any]:
    outcome, understood, handover = turn.outcome, turn.outcome.understanding, turn.outcome.handover
    return {
        "turn": outcome.state.turns,
        "message": turn.message,
        "language": turn.language,
        "understanding": understood
        and {
            "intent": understood.intent,
            "confidence": understood.confidence,
            "threshold": understood.threshold,
            "engine": understood.engine,
            "fallback": understood.fallback,
        },
        "steps": [{"node": step.node, "type": step.type, "what": step.what} for step in outcome.steps],
        "orders": [
            {"kind": order.kind, "name": order.name, "arguments": dict(order.arguments)} for order in turn.orders
        ],
        "replies": [
            {"text": reply.text, "node": reply.node, "buttons": list(reply.buttons)} for reply in outcome.replies
        ],
        "handover": handover and {"reason": handover.reason, "node": handover.node, "priority": handover.priority},
        "waits": [f"{frame.flow}.{frame.node}" for frame in outcome.state.frames],
        "variables": {name: value for name, value in outcome.state.variables.items() if not name.startswith("_")},
    }


def _ignore(step: Step) -> None:
    """JSON has the steps of a turn together."""


def _today() -> date:
    return datetime.now(UTC).date()
