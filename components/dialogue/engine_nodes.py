"""What each type of node does when a turn reaches it."""

from __future__ import annotations

from components.core.errors import DatabaseUnavailable, HelpdeskError, InvalidFlow, Unavailable
from components.core.work import Pending, WorkOrder
from components.dialogue.asking import ask, ask_again
from components.dialogue.engine_knowledge import answer_from_knowledge
from components.dialogue.engine_moves import call, end_flow, follow, go, hand_over, hand_over_at, mark_worked
from components.dialogue.engine_run import TurnRun
from components.dialogue.flow import (
    HANDOVER,
    WORK_ERROR,
    AskNode,
    EndNode,
    FlowNode,
    HandoverNode,
    MessageNode,
    NluNode,
    RagNode,
    WorkNode,
)
from components.dialogue.interruptions import unpark
from components.dialogue.templates import render_value
from components.dialogue.work_later import later_of
from components.helpdesk.wording import WordingKey


def enter(run: TurnRun) -> None:
    """Runs the node on top, up to the node after it or until the turn waits.

    Raises InvalidFlow, DatabaseUnavailable."""
    if run.returned:
        come_back(run)
        return
    node = run.node
    match node:
        case MessageNode():
            run.note("message", "said")
            run.say(run.one_of(node.texts), buttons=node.buttons)
            follow(run)
        case AskNode():
            ask(run, node)
        case NluNode():
            run.waiting = True
        case RagNode():
            _look_up(run, node)
        case WorkNode():
            _order(run, node)
        case FlowNode():
            run.note("flow", node.flow)
            call(run, node.flow)
        case HandoverNode():
            hand_over_at(run, node)
        case EndNode():
            run.note("end", "the flow ends")
            run.say(run.render(node.text or ""))
            end_flow(run)
        case _:  # a condition: its arrows are all of it
            follow(run)


def come_back(run: TurnRun) -> None:
    """Goes on below a flow that has ended: a listening node listens, a parked question is asked again."""
    run.returned = False
    node = run.node
    match node:
        case NluNode():
            run.waiting = True
        case AskNode():
            unpark(run)
            ask_again(run, node, run.wording("back_to") + " ")
        case FlowNode():
            follow(run)
        case _:
            end_flow(run)


def _look_up(run: TurnRun, node: RagNode) -> None:
    question = run.render(node.query)
    if not question:
        run.note("rag", "the query is empty")
        go(run, node.unanswered, "no_answer")
        return
    match answer_from_knowledge(run, question):
        case "unanswered":
            go(run, node.unanswered, "no_answer")
        case "unavailable" if _is_built_in_handover(run, node.unanswered):
            end_flow(run)  # a person is no help against what is over in a minute
        case "unavailable":
            go(run, node.unanswered)
        case "fault":
            hand_over(run, "fault")
        case _:
            follow(run)


def _is_built_in_handover(run: TurnRun, target: str) -> bool:
    flows = run.given.flows.flows
    return target == HANDOVER and target not in flows and target not in flows[run.frames[-1].flow].nodes


def _goes_on(run: TurnRun, node: WorkNode, pending: Pending) -> None:
    """Nothing is claimed to be done; once it is, the customer is told: see work_returns."""
    run.note(node.kind, f"{node.name} goes on without the conversation, for want of {pending}")
    if node.pending is not None:
        go(run, node.pending)
        return
    said: WordingKey = "work_approval" if pending == "approval" else "work_goes_on"
    run.say(f"{run.wording(said)} {run.wording('anything_else')}")
    end_flow(run)


def _keep_error(run: TurnRun, error: HelpdeskError) -> None:
    """Lets a text say why; a temporary fault's own words are for operators."""
    said = "" if isinstance(error, Unavailable) else error.message[:500]
    kept = {"code": error.code, "message": said}
    if run.fits(WORK_ERROR, kept):
        run.remember(WORK_ERROR, kept)


def _order(run: TurnRun, node: WorkNode) -> None:
    """The key is the same when the turn is run again after a crash, so that nothing is done twice."""
    around = run.given.surroundings
    place = run.place
    run.ordered[place] += 1
    key = f"{around.conversation_id}:{run.turns}:{place}:{run.ordered[place]}"
    try:
        arguments = render_value(dict(node.arguments or {}), run.context())
        goal = run.render(node.goal)
    except InvalidFlow as error:
        raise InvalidFlow(f"{place}: {error.message}", field=error.field) from error
    mark_worked(run)
    about = later_of(run, node)
    try:
        done = run.given.ports.work(
            WorkOrder(node.kind, node.name, arguments, key, around.conversation_id, goal, about)
        )
    except DatabaseUnavailable:
        raise
    except HelpdeskError as error:
        run.note(node.kind, f"{node.name} failed: {error.code}")
        _keep_error(run, error)
        go(run, node.failed, "work_failed")
        return
    if done.pending:
        _goes_on(run, node, done.pending)
        return
    run.note(node.kind, f"{node.name} {'would be done' if done.dry else 'done'}")
    if node.save_as:
        run.remember(node.save_as, dict(done.values))
    follow(run)
