"""What customers say in the middle of a form that is no answer to it: questions, small talk, another wish."""

from __future__ import annotations

from components.core.nlu import Understanding
from components.dialogue.asking import ask_again
from components.dialogue.asking_questions import begins_as_question, ends_as_question, wishes
from components.dialogue.asking_words import plain
from components.dialogue.engine_knowledge import answer_from_knowledge
from components.dialogue.engine_listening import QUESTION, arrow_for
from components.dialogue.engine_moves import PARKED, asks_of, begin, go
from components.dialogue.engine_run import OFFERED, TurnRun
from components.dialogue.flow import HANDOVER, MAIN, AskNode, HandoverNode, NluNode
from components.dialogue.slots import takes_anything
from components.dialogue.small_talk import intent_names, small_talk
from components.dialogue.turn_types import Frame

# Flows that wait for a further one to end.
MOST_PARKED = 3


def sure_of(found: Understanding | None) -> float:
    """The confidence from which a message in the middle of a form is taken as another wish: half way between its
    threshold and certainty."""
    return 1.0 if found is None else (found.threshold + 1) / 2


def is_about_something_else(run: TurnRun, found: Understanding | None) -> bool:
    """Whether a value in the message is none for the slot, since the message is a question that main deals with:
    `how long do refunds take in 2026?`. Without a question mark it must be sure of that."""
    message = run.given.message
    if found is None or not found.understood or not begins_as_question(message):
        return False
    if not ends_as_question(message) and found.confidence < sure_of(found):
        return False
    return _is_faq(found) or _wish(run, found) is not None


def interrupt(run: TurnRun, node: AskNode, found: Understanding | None) -> bool:
    """Deals with a message that is no answer, and asks again; False where it may yet be one.

    Another wish is served first where it is surely meant, by a flow of main, at most three deep, or by a person; small
    talk is returned; a question is answered from the knowledge. A free text slot takes all that is not clearly a
    question, or another wish in so many words.
    """
    message = run.given.message
    marked = ends_as_question(message)
    asking = marked or begins_as_question(message)
    if takes_anything(node.rule) and not asking and not _wishes(message, found):
        return False
    if (wish := sure_wish(run, found)) is not None:
        _serve(run, node, wish)
        return True
    if takes_anything(node.rule) and not asking:
        return False
    is_faq = found is not None and found.understood and _is_faq(found)
    if found is not None and found.understood and not is_faq and _wish(run, found) is None:
        text = small_talk(found, run.given.responses, run.chosen_by)
        if text is not None:
            run.note("small_talk", intent_names(found)[0])
            run.say(text)
            ask_again(run, node, run.wording("back_to") + " ")
            return True
    if is_faq or marked or (asking and not takes_anything(node.rule)):
        run.note("interruption", "a question, answered from the knowledge")
        if answer_from_knowledge(run, message) == "fault":
            run.say(run.wording("cannot_look_up"))
        ask_again(run, node, run.wording("back_to") + " ")
        return True
    return False


def sure_wish(run: TurnRun, found: Understanding | None) -> str | None:
    """Where another wish leads that is surely meant; None where there is none."""
    if found is None or not found.understood or found.confidence < sure_of(found):
        return None
    return _wish(run, found)


def unpark(run: TurnRun) -> None:
    """Gives a parked flow its slots as it left them, whatever the flow in between has asked."""
    parked = _parked(run)
    if not parked:
        return
    saved = parked[-1]
    run.variables[PARKED] = parked[:-1]
    if not parked[:-1]:
        del run.variables[PARKED]
    for name in _own_names(run):
        run.variables.pop(name, None)
        if isinstance(saved, dict) and name in saved:
            run.variables[name] = saved[name]


def _wishes(message: str, found: Understanding | None) -> bool:
    """Also where it begins with the first word of what was understood: `cancel my order` for cancel_order."""
    intent = None if found is None else found.intent
    return wishes(message) or (intent is not None and plain(message).split(" ")[0] == plain(intent).split(" ")[0])


def _serve(run: TurnRun, node: AskNode, target: str) -> None:
    """Runs another flow first, or leaves the form to a person."""
    flows = run.given.flows
    if target not in flows.flows:
        run.note("interruption", f"{node.slot} is left for a person")
        run.frames = [Frame(MAIN, flows.main.start)]
        go(run, target)
        return
    parked = _parked(run)
    saved = {name: run.variables[name] for name in _own_names(run) if name in run.variables}
    if len(parked) >= MOST_PARKED or not run.fits(PARKED, [*parked, saved]):
        run.note("interruption", f"{target} must wait: {len(parked)} are parked")
        ask_again(run, node, run.wording("one_at_a_time") + " ")
        return
    run.note("interruption", f"parks {node.slot}, runs {target} first")
    run.variables[PARKED] = [*parked, saved]
    if run.understanding is not None:
        run.keep_meaning(run.understanding.intent, anew=True)
    begin(run, target)


def _parked(run: TurnRun) -> list[object]:
    parked = run.variables.get(PARKED)
    return parked if isinstance(parked, list) else []


def _own_names(run: TurnRun) -> frozenset[str]:
    """What a parked flow must find again: the slots of the flows on the way, and what they were begun with."""
    flows = [run.given.flows.flows[frame.flow] for frame in run.frames if frame.flow != MAIN]
    return frozenset({"intent", "entities", OFFERED, *(ask.slot for flow in flows for ask in asks_of(flow))})


def _is_faq(found: Understanding) -> bool:
    return QUESTION in intent_names(found)


def _wish(run: TurnRun, found: Understanding) -> str | None:
    """Where main's listening node goes for it: a flow that is not under way, or a handover; None for all else."""
    if _is_faq(found):
        return None
    main = run.given.flows.main
    listening = next((node for node in main.nodes.values() if isinstance(node, NluNode)), None)
    arrow = None if listening is None else arrow_for(run, listening, found)
    if arrow is None or arrow.intent is None:
        return None
    if arrow.target in main.nodes:
        return arrow.target if isinstance(main.nodes[arrow.target], HandoverNode) else None
    if arrow.target in run.given.flows.flows:
        return None if arrow.target in {frame.flow for frame in run.frames} else arrow.target
    return arrow.target if arrow.target == HANDOVER else None
