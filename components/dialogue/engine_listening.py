"""A listening node that gets a message: which way its meaning leads."""

from __future__ import annotations

from components.core.nlu import Understanding
from components.dialogue.asking_words import says_nothing
from components.dialogue.commands import command_of
from components.dialogue.engine_moves import condition_holds, go, hand_over, leave, start_over
from components.dialogue.engine_run import TurnRun
from components.dialogue.flow import Arrow, NluNode
from components.dialogue.small_talk import intent_names, small_talk

QUESTION = "faq"


def hear(run: TurnRun, node: NluNode) -> None:
    """Goes by what the customer means: a command, an arrow, small talk, the default, a person, in that order."""
    if says_nothing(run.given.message):
        run.note("nlu", "no words")
        _wait(run, run.wording("could_not_read"))
        return
    found = run.understand(node.model)
    command = command_of(run.given.message, found)
    if command == "human":
        hand_over(run, "asked_by_customer")
    elif command == "start_over":
        start_over(run)
    elif command == "cancel" and len(run.frames) > 1:
        leave(run)
    elif command == "cancel":
        run.note("nlu", "nothing is under way that could be left")
        _wait(run, f"{run.wording('nothing_under_way')} {run.wording('anything_else')}")
    elif found is None:
        run.keep_meaning(None, anew=True)
        _take_as_question(run, node)
    else:
        run.keep_meaning(found.intent if found.understood else None, anew=True)
        _go_by(run, node, found)


def arrow_for(run: TurnRun, node: NluNode, found: Understanding) -> Arrow | None:
    """The arrow of what was understood, the most special name first; then one whose condition holds."""
    names = intent_names(found) if found.understood else ()
    for name in (*names, None):
        for arrow in node.arrows:
            if arrow.intent == name and not arrow.is_default and condition_holds(run, arrow):
                return arrow
    return None


def _go_by(run: TurnRun, node: NluNode, found: Understanding) -> None:
    if (arrow := arrow_for(run, node, found)) is not None:
        _take(run, arrow, f"{arrow.intent or arrow.condition}")
    elif found.understood and (text := small_talk(found, run.given.responses, run.chosen_by)) is not None:
        run.note("small_talk", intent_names(found)[0])
        _wait(run, text)
    elif (arrow := _default(node)) is not None:
        run.cause = "not_understood"
        _take(run, arrow, "default")
    else:
        hand_over(run, "not_understood")


def _take_as_question(run: TurnRun, node: NluNode) -> None:
    """Where no engine understands, the knowledge still may."""
    arrow = next((each for each in node.arrows if each.intent == QUESTION), None) or _default(node)
    if arrow is None:
        hand_over(run, "not_understood")
        return
    run.cause = "not_understood"
    _take(run, arrow, "no engine of understanding answers: taken as a question")


def _default(node: NluNode) -> Arrow | None:
    return next((each for each in node.arrows if each.is_default), None)


def _take(run: TurnRun, arrow: Arrow, why: str) -> None:
    run.note("arrow", f"{why} → {arrow.target}")
    go(run, arrow.target)


def _wait(run: TurnRun, text: str) -> None:
    run.say(text)
    run.waiting = True
