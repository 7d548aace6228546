"""How a turn moves through flows: along arrows, into flows and back, to a person."""

from __future__ import annotations

from typing import get_args

from components.core.errors import InvalidFlow
from components.dialogue.engine_run import TurnRun
from components.dialogue.flow import END, HANDOVER, MAIN, Arrow, AskNode, Flow, HandoverNode, NluNode
from components.dialogue.state_json import MOST_FRAMES
from components.dialogue.templates import holds
from components.dialogue.turn_types import Frame, Handover, HandoverReason
from components.helpdesk.wording import WordingKey

# Flows that have ordered work since they began, and those that called them.
WORKED = "_worked"
PARKED = "_parked"
ASKED_BY_FLOW: HandoverReason = "asked_by_flow"
_BEFORE_HANDOVER: dict[HandoverReason, WordingKey] = {
    "not_understood": "not_understood",
    "gave_up": "gave_up",
    "work_failed": "work_failed",
}


def start_main(run: TurnRun) -> None:
    """Begins the conversation's own flow, with nothing waiting below it."""
    run.frames = [Frame(MAIN, run.given.flows.main.start)]
    run.variables.pop(PARKED, None)
    run.waiting = run.returned = False


def listen(run: TurnRun) -> None:
    """Waits where main listens; where it has no such node, the next message begins main anew."""
    main = run.given.flows.main
    listening = [node.node_id for node in main.nodes.values() if isinstance(node, NluNode)]
    run.frames = [Frame(MAIN, listening[0])] if listening else []
    run.variables.pop(PARKED, None)
    run.waiting = True


def follow(run: TurnRun) -> None:
    """Goes on by the first arrow that fits; without one the flow ends."""
    arrows = run.node.arrows
    for arrow in arrows:
        if arrow.intent in (None, run.variables.get("intent")) and condition_holds(run, arrow):
            if len(arrows) > 1:
                run.note("arrow", f"{arrow.condition or arrow.intent or 'default'} → {arrow.target}")
            go(run, arrow.target)
            return
    if arrows:
        run.note("arrow", "none fits: the flow ends")
    end_flow(run)


def condition_holds(run: TurnRun, arrow: Arrow) -> bool:
    """Whether the arrow has no condition, or a true one."""
    return arrow.condition is None or holds(arrow.condition, run.context())


def go(run: TurnRun, target: str, cause: HandoverReason | None = None) -> None:
    """Goes to a node of this flow, else to a flow, else to a built-in. cause: the failure that leads there.

    A flow reached from a listening node comes back to it. From any other node nothing of the calling flow is left to
    do, so that the called one stands in its place. Raises InvalidFlow for an unknown target.
    """
    run.cause = cause or run.cause
    here = run.frames[-1].flow
    flows = run.given.flows.flows
    if target in flows[here].nodes:
        run.frames[-1] = Frame(here, target)
    elif target == MAIN:
        start_main(run)
    elif target in flows and isinstance(run.node, NluNode):
        begin(run, target)
    elif target in flows:
        run.frames.pop()
        call(run, target)
        if here in _worked(run):
            mark_worked(run)
    elif target == HANDOVER:
        hand_over(run, run.cause or ASKED_BY_FLOW)
    elif target == END:
        end_flow(run)
    else:
        raise InvalidFlow(f"{run.place}: target {target!r}: a node of {here}, a flow, handover or end is allowed")


def begin(run: TurnRun, flow_id: str) -> None:
    """Calls a flow that the customer asked for. What only an earlier run of it knew is asked anew: slots that no
    entity fills, such as a reason or a confirmation, unless main asks for them."""
    kept = {node.slot for node in asks_of(run.given.flows.main)}
    for node in asks_of(run.given.flows.flows[flow_id]):
        if node.entity is None and node.slot not in kept:
            run.variables.pop(node.slot, None)
    if flow_id in _worked(run):
        run.variables[WORKED] = [each for each in _worked(run) if each != flow_id]
    call(run, flow_id)


def call(run: TurnRun, flow_id: str) -> None:
    """Puts a flow on top; the one below goes on when it ends. Raises InvalidFlow where it is unknown or too deep."""
    flow = run.given.flows.flows.get(flow_id)
    if flow is None:
        raise InvalidFlow(f"{run.place}: flow {flow_id!r}: one of {', '.join(run.given.flows.flows)} is allowed")
    if len(run.frames) >= MOST_FRAMES:
        raise InvalidFlow(f"{run.place}: flows call each other more than {MOST_FRAMES} deep")
    run.frames.append(Frame(flow_id, flow.start))


def end_flow(run: TurnRun) -> None:
    """Ends the flow on top; the one below goes on. After main, main listens."""
    run.frames.pop()
    if run.frames:
        run.returned = True
    else:
        listen(run)


def hand_over(run: TurnRun, reason: HandoverReason, *, text: str = "", priority: str | None = None) -> None:
    """Has the conversation wait for a person, and says so; afterwards main listens. text: said instead."""
    run.note("handover", reason)
    run.handover = Handover(reason, run.place, priority)
    if reason == "fault":
        standard = run.wording("apology_handover")
    else:
        before = run.wording(_BEFORE_HANDOVER[reason]) + " " if reason in _BEFORE_HANDOVER else ""
        standard = before + run.wording("handover")
    run.say(text or standard)
    listen(run)


def hand_over_at(run: TurnRun, node: HandoverNode) -> None:
    """The handover of a flow's own node. The failure that led there is its reason, unless the node names another."""
    own = next((each for each in get_args(HandoverReason) if each == node.reason), ASKED_BY_FLOW)
    reason = own if own != ASKED_BY_FLOW else run.cause or ASKED_BY_FLOW
    hand_over(run, reason, text=run.render(node.text or ""), priority=node.priority)


def leave(run: TurnRun) -> None:
    """Leaves what the customer does not want to go on with, back to what listens or was parked, and says whether
    anything may have been done."""
    left = [run.frames[-1].flow]
    run.note("left", "the customer wants nothing more of it")
    run.frames.pop()
    while run.frames and not isinstance(run.node, NluNode | AskNode):
        left.append(run.frames.pop().flow)
    may_have_worked = bool(set(left) & set(_worked(run)))
    said = run.wording("flow_left" if may_have_worked else "flow_left_undone")
    if run.frames and isinstance(run.node, AskNode):
        run.say(said)
        run.returned = True
        return
    run.say(f"{said} {run.wording('anything_else')}")
    if run.frames:
        run.waiting = True
    else:
        listen(run)


def start_over(run: TurnRun) -> None:
    """Forgets what was said, and listens."""
    run.note("start_over", "variables and flows are forgotten")
    run.variables.clear()
    run.say(f"{run.wording('started_over')} {run.wording('anything_else')}")
    listen(run)


def mark_worked(run: TurnRun) -> None:
    """Remembers that the flows on the way have ordered something."""
    run.variables[WORKED] = sorted({*_worked(run), *(frame.flow for frame in run.frames)})


def asks_of(flow: Flow) -> tuple[AskNode, ...]:
    """The nodes of a flow that fill slots."""
    return tuple(node for node in flow.nodes.values() if isinstance(node, AskNode))


def _worked(run: TurnRun) -> list[str]:
    worked = run.variables.get(WORKED)
    return [each for each in worked if isinstance(each, str)] if isinstance(worked, list) else []
